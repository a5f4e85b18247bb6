"""Dictionaries out of studies: what is written, read again and written once more is the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from opencro.kernel.expression import Expression, evaluate, parse_expression
from opencro.study import Study
from opencro.study.formats.redcap import RedcapImport, dictionary_fields, read_redcap, write_dictionary
from opencro.study.formats.redcap.logic import LogicError
from opencro.study.formats.redcap.write_logic import write_logic
from opencro.study.model.protocol import Protocol
from opencro.study.model.whole import StudyFile

Edit = Callable[[str, str, str], None]
DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "edc" / "redcap-redcapr" / "inst" / "test-data"
FILES = sorted([*DATA.rglob("dictiona*.csv"), *DATA.rglob("metadata.csv"), *DATA.rglob("project*.xml")])


def _study(found: RedcapImport) -> Study:
    return Study(
        root=Path(),
        file=StudyFile(id="S", title="A study", version="1"),
        protocol=Protocol(design=found.design, schedule=found.schedule),
        forms={form.id: form for form in found.forms},
        codelists={listed.id: listed for listed in found.codelists},
        checks=found.checks,
        transfers={},
    )


def _written(study: Study) -> bytes:
    return write_dictionary(dictionary_fields(study)[0])


def _again(first: bytes) -> bytes:
    found = read_redcap(first, "written.csv")
    assert found.findings.ok, found.findings.errors
    return _written(_study(found))


@pytest.mark.peer
@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_dictionary_of_others_is_written_stably(path: Path) -> None:
    found = read_redcap(path.read_bytes(), path.name)
    first = _written(_study(found))
    again = read_redcap(first, "written.csv")
    assert _again(first) == first
    kept = [[(i.label, i.type, i.show_when, i.derive, i.sensitive) for f in r.forms for g in f.groups for i in g.items]
            for r in (found, again)]  # fmt: skip
    assert kept[0] == kept[1]


@pytest.mark.parametrize("name", ["tests/study/small", "studies/cdiscpilot01"])
def test_a_study_of_ours_is_written_stably(root: Path, name: str) -> None:
    study = Study.load(root / name)
    first = _written(study)
    assert _again(first) == first
    fields, findings = dictionary_fields(study)
    items = [item for form in study.forms.values() for group in form.groups for item in group.items]
    assert len(fields) == len(items) + 1
    assert fields[0].field_name == "record_id"
    assert {finding.code for finding in findings} <= {"RCP-050", "RCP-051", "RCP-052", "RCP-053"}


def test_what_a_dictionary_cannot_say_is_listed(starter: Path) -> None:
    study = Study.load(starter)
    form = study.forms["VS"]
    group = form.groups[0]
    items = (
        group.items[0].model_copy(
            update={"id": "VS-DAT", "show_when": 'AE.AESER == "Y" and age_years(VSDAT, VSDAT) > 1'}
        ),
        *group.items[1:],
    )
    forms = {**study.forms, "VS": form.model_copy(update={"groups": (group.model_copy(update={"items": items}),)})}
    fields, findings = dictionary_fields(replace(study, forms=forms))
    said = {(f.code, f.place.path): f.got for f in findings}
    assert said["RCP-050", "VS-DAT"] == '"VS-DAT" is called vs_dat'
    assert said["RCP-051", "VS.SYSBP"] == "an SDTM annotation"
    assert "age_years" in said["RCP-053", "VS.VS-DAT"] or "VSDAT" in said["RCP-053", "VS.VS-DAT"]
    assert ("RCP-052", "") in said
    assert any(f.got.endswith("edit checks") for f in findings)
    assert next(f for f in fields if f.field_name == "aeendat").branching_logic == "[aeongo] = 'N'"


def test_codes_that_redcap_may_not_have_are_renamed_and_no_logic_names_the_old_ones(starter: Path, edit: Edit) -> None:
    edit("forms/codelists.yaml", "value: F,", 'value: "F,X",')
    edit("forms/DM.yaml", "label: Date of birth,", "label: Date of birth, show_when: 'SEX == \"F,X\"',")
    fields, findings = dictionary_fields(Study.load(starter))
    said = [f.got for f in findings]
    assert 'code "F,X" is called F_X' in said
    assert any('the code "F,X"' in got for got in said)
    assert next(f for f in fields if f.field_name == "sex").choices == "F_X, Female | M, Male"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ('A == "1"', "[a] = '1'"),
        ('A != "1"', "[a] <> '1' and [a] <> ''"),
        ('not (A == "1")', "[a] <> '1'"),
        ("A == B or A is missing and B is missing", "[a] = [b]"),
        ("not (A == B or A is missing and B is missing)", "[a] <> [b]"),
        ("A == B", "[a] = [b] and [a] <> ''"),
        ('A in ("1", "2")', "[a] = '1' or [a] = '2'"),
        ('A not in ("1", "2") and B > 1', "[a] <> '1' and [a] <> '2' and [a] <> '' and [b] > 1"),
        ("not (A > 1 and B is missing)", "[a] <= 1 or [a] = '' or [b] <> ''"),
        ('selected(C, "x")', "[c(x)] = '1'"),
        ('not selected(C, "x")', "[c(x)] = '0'"),
        ("round(A / (B - 1), 2)", "round([a] / ([b] - 1), 2)"),
        ("power(A, 2) * 3", "([a])^(2) * 3"),
        ("if(A > 1, B, missing)", "if([a] > 1, [b], '')"),
        ("days_between(A, B)", "datediff([a], [b], 'd', 'ymd', true)"),
        ('contains(lower(A), lower("x"))', "contains([a], 'x')"),
        ('A == "it\'s"', '[a] = "it\'s"'),
    ],
)
def test_an_expression_becomes_logic(ours: str, theirs: str) -> None:
    assert write_logic(ours, str.lower) == theirs


@pytest.mark.parametrize(
    "ours",
    ["age_years(A, B) > 1", 'contains(A, "x")', "A == 'x", "(A > 1) == true", "not (1 in (1, 2)) == true"],
)
def test_what_redcap_cannot_say_is_refused(ours: str) -> None:
    with pytest.raises(LogicError):
        write_logic(ours, str.lower)


@pytest.mark.parametrize("value", ["", "1", "2"])
def test_the_opposite_means_the_same_for_what_is_missing(value: str) -> None:
    """`not (A == "1")` holds where A is missing, and so does `[a] <> '1'`, read again."""
    expression = parse_expression('not (A == "1")')
    assert isinstance(expression, Expression)
    assert evaluate(expression, {"A": value}) is (value != "1")
