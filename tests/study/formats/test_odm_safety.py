"""A hostile XML file does nothing but give a finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencro.kernel.finding import Refused
from opencro.study.formats.odm import read_odm, read_odm_data, xml_safety

ROOT = (
    '<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" FileType="Snapshot" FileOID="F"'
    ' CreationDateTime="2026-01-01T00:00:00">'
)
BOMB = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))


def refused(data: bytes) -> tuple[str, int | None]:
    with pytest.raises(Refused) as caught:
        read_odm(data, "x.xml")
    (finding,) = caught.value.findings
    return finding.code, finding.place.line


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE ODM SYSTEM "http://example.org/odm.dtd">',
        '<!DOCTYPE ODM [<!ENTITY secret SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE ODM [<!ENTITY % outside SYSTEM "http://example.org/x"> %outside;]>',
        f'<!DOCTYPE ODM [<!ENTITY l0 "lol">{BOMB}]>',
        "<!DOCTYPE ODM>",
    ],
)
@pytest.mark.parametrize("before", ["", '<?xml version="1.0"?>\n<!-- a comment > -->\n', "\n<?target data?>\n"])
def test_a_document_type_is_refused_before_the_file_is_parsed(doctype: str, before: str) -> None:
    if before.startswith("\n"):
        before = '<?xml version="1.0"?>' + before
    text = f"{before}{doctype}{ROOT}&secret;</ODM>"
    assert refused(text.encode()) == ("ODM-002", before.count("\n") + 1)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_an_encoding_does_not_hide_a_document_type(encoding: str) -> None:
    text = f"<!DOCTYPE ODM [<!ENTITY a 'b'>]>{ROOT}</ODM>"
    assert refused(text.encode(encoding))[0] == "ODM-002"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-7"])
def test_an_encoding_that_cannot_be_seen_through_is_refused(encoding: str) -> None:
    text = f"<?xml version='1.0' encoding='{encoding}'?><!DOCTYPE ODM [<!ENTITY a 'b'>]>{ROOT}</ODM>"
    assert refused(text.encode(encoding))[0] in ("ODM-001", "ODM-002")


def test_an_entity_that_nobody_declared_is_not_well_formed() -> None:
    assert refused(f"{ROOT}&secret;</ODM>".encode()) == ("ODM-001", 1)


def test_too_deep_a_file_is_refused() -> None:
    assert refused((ROOT + "<Study>" * 5000).encode())[0] == "ODM-001"


def test_too_large_a_file_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_safety, "MAX_BYTES", 1000)
    assert refused(b"<" * 1001)[0] == "ODM-003"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "ODM-001"),
        (b"not XML", "ODM-001"),
        (b"<ODM><Study></ODM>", "ODM-001"),
        (b"<html/>", "ODM-004"),
        (b'<ODM xmlns="http://www.cdisc.org/ns/odm/v1.2"/>', "ODM-004"),
        (b'<Study xmlns="http://www.cdisc.org/ns/odm/v1.3"/>', "ODM-005"),
    ],
)
def test_what_is_not_odm_is_refused(data: bytes, code: str) -> None:
    assert refused(data)[0] == code
    with pytest.raises(Refused):
        read_odm_data(data)


@pytest.mark.peer
def test_lines_are_exact_beyond_what_the_parser_counts(tmp_path: Path) -> None:
    rows = "\n".join(f'<ItemData ItemOID="I{i}" Value="{i}"/>' for i in range(70_000))
    text = (
        f'{ROOT}\n<ClinicalData StudyOID="S" MetaDataVersionOID="M"><SubjectData SubjectKey="P">\n'
        f'<StudyEventData StudyEventOID="E"><FormData FormOID="F"><ItemGroupData ItemGroupOID="G">\n{rows}\n'
        "</ItemGroupData></FormData></StudyEventData></SubjectData></ClinicalData></ODM>"
    )
    (record,) = read_odm_data(text.encode()).records
    lines = text.splitlines()
    assert all(f'ItemOID="{item}"' in lines[line - 1] for item, line in record.lines.items())
