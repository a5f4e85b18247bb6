"""Every file of the XLSForm converter's own tests becomes a study without errors, or is refused for its own reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lxml import etree

from opencro.app.check import check_everything
from opencro.app.convert import convert
from opencro.kernel.finding import Refused
from opencro.study import Item, load_study
from opencro.study.formats.xlsform import read_xlsform

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "edc" / "xlsform-pyxform" / "tests"
FILES = sorted(path for path in DATA.rglob("*") if path.is_file() and path.suffix != ".py")
WORKBOOKS = (".xls", ".xlsx", ".xlsm", ".csv", ".md")
REFUSED = {
    "bad_calc.xlsx": ("XLF-009", 2),  # prose where a calculation belongs
    "calculate_without_calculation.xls": ("XLF-009", 34),
    "duplicate_columns.xlsx": ("XLF-003", 1),  # two columns `label`
    "group_name_test.xls": ("XLF-004", 3),  # a group without a name
    "unknown_question_type.xls": ("XLF-005", 52),
    "include_json.csv": ("XLF-010", None),  # holds only another form, which is not there
    "include_json.md": ("XLF-010", None),
    "include_json.xls": ("XLF-010", None),
    "include_json.xlsx": ("XLF-010", None),
    "fruits.csv": ("XLF-002", None),  # data beside a form
    "get_path_relative_to_lcar_cases.csv": ("XLF-002", None),
    "yes_or_no_question.json": ("USDM-010", None),
}
XFORM = ("ODM-004", None)
"""Files .xml are forms as a phone gets them, made out of the workbooks."""


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@pytest.mark.peer
def test_there_are_as_many_files_as_we_know_of(shared: Path) -> None:
    assert shared.is_dir()
    assert len([path for path in FILES if path.suffix in WORKBOOKS]) == 80
    assert len(FILES) == 94


@pytest.mark.peer
@pytest.mark.parametrize("path", FILES, ids=_name)
def test_each_file_becomes_a_study_or_is_refused(path: Path, tmp_path: Path) -> None:
    expected = XFORM if path.suffix == ".xml" else REFUSED.get(path.name)
    if expected is not None:
        with pytest.raises(Refused) as refused:
            convert(path, tmp_path / "study")
        places = [(f.code, f.place.line) for f in refused.value.findings.errors]
        assert expected[0] in {code for code, _ in places}
        assert expected[1] is None or expected in places
        assert not (tmp_path / "study").exists()
        return
    findings = convert(path, tmp_path / "study")
    assert findings.ok
    assert all(finding.code.startswith("XLF") and finding.got and finding.place.path for finding in findings)
    checked = check_everything(tmp_path / "study")
    assert checked.ok, checked.errors
    assert load_study(tmp_path / "study").forms


TYPES = {
    "int": ("integer",),
    "decimal": ("decimal",),
    "date": ("date",),
    "time": ("time",),
    "dateTime": ("datetime",),
    "binary": ("file",),
    "geopoint": ("text",),
    "barcode": ("text",),
    "string": ("text", "choice", "choices", "decimal"),
}
"""Types of a bind; a calculation is a string there, here what it gives."""
RENAMED = {"_1": "n1"}
NO_TYPE = {"my_output", "my_trigger", "acknowledge_test"}
"""A question that is for reading only, and buttons, whose binds have no type."""


def _binds(path: Path) -> dict[str, etree._Element]:
    """The questions of a form as the converter wrote it: no notes, no metadata, no help of its own."""
    found = {}
    for bind in etree.parse(path).iter("{http://www.w3.org/2002/xforms}bind"):
        name = str(bind.get("nodeset")).rpartition("/")[2]
        preload = any(str(key).endswith("}preload") for key in bind.attrib)
        made = name.startswith(("generated_", "reserved_")) or name == "instanceName"
        silent = bind.get("readonly") == "true()"
        if bind.get("type") and not preload and not made and not silent:
            found[name] = bind
    return found


@pytest.mark.peer
@pytest.mark.parametrize(
    ("workbook", "xform"),
    [
        ("example_xls/attribute_columns_test.xlsx", "test_expected_output/attribute_columns_test.xml"),
        ("example_xls/default_time_demo.xls", "test_expected_output/default_time_demo.xml"),
        ("example_xls/flat_xlsform_test.xlsx", "test_expected_output/flat_xlsform_test.xml"),
        ("example_xls/or_other.xlsx", "test_expected_output/or_other.xml"),
        ("example_xls/pull_data.xlsx", "test_expected_output/pull_data.xml"),
        ("example_xls/repeat_date_test.xls", "test_expected_output/repeat_date_test.xml"),
        ("example_xls/survey_no_name.xlsx", "test_expected_output/survey_no_name.xml"),
        ("example_xls/table-list.xls", "test_expected_output/table-list.xml"),
        ("example_xls/widgets.xls", "test_expected_output/widgets.xml"),
        ("example_xls/xlsform_spec_test.xlsx", "test_expected_output/xlsform_spec_test.xml"),
        ("example_xls/xml_escaping.xls", "test_expected_output/xml_escaping.xml"),
    ],
)
def test_the_items_are_the_questions_that_the_converter_makes(shared: Path, workbook: str, xform: str) -> None:
    path = DATA / workbook
    found = read_xlsform(path.read_bytes(), path.name)
    items = {item.id: item for form in found.forms for group in form.groups for item in group.items}
    binds = {RENAMED.get(name, name): bind for name, bind in _binds(DATA / xform).items()}
    assert set(items) - set(binds) <= NO_TYPE
    assert set(binds) <= set(items)
    for name, bind in binds.items():
        _compare(items[name], bind)


def _compare(item: Item, bind: etree._Element) -> None:
    assert item.type in TYPES[str(bind.get("type"))], item.id
    assert item.required is (bind.get("required") == "true()")
    assert bool(item.derive) is (bind.get("calculate") is not None) or "pulldata" in str(bind.get("calculate"))
    own = bind.get("relevant")
    if own is not None:
        assert item.show_when or re.search(r"regex|note", own)
