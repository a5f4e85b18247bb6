"""`add_terms`: what a published file becomes, and what is refused."""

from __future__ import annotations

import io
import tarfile
import tempfile
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opencro.kernel.finding import Refused
from opencro.terms import TermsStore, add_terms
from opencro.terms.formats.rows import COLUMNS
from opencro.terms.store import SHIPPED

from .conftest import FEMALE, KILOGRAM, MALE, ROWS, SEX, UNIT, as_text

TextFile = Callable[..., Path]
PINNED = ("sdtm-ct", "2025-03-28")
XML = """<?xml version="1.0"?>
<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" xmlns:nciodm="http://ncicb.nci.nih.gov/xml/odm/EVS/CDISC"
 FileOID="CDISC_CT.SDTM.2025-03-28"><Study OID="S"><MetaDataVersion OID="M" Name="M">
<CodeList OID="CL.C66731.SEX" Name="Sex" DataType="text" nciodm:ExtCodeID="C66731" nciodm:CodeListExtensible="No">
 <Description><TranslatedText>Sex: The sex of a person.</TranslatedText></Description>
 <EnumeratedItem CodedValue="M" nciodm:ExtCodeID="C20197"><nciodm:CDISCSynonym>Male</nciodm:CDISCSynonym>
  <nciodm:CDISCSynonym>Man</nciodm:CDISCSynonym><nciodm:CDISCDefinition>A "man".</nciodm:CDISCDefinition>
  <nciodm:PreferredTerm>Male</nciodm:PreferredTerm></EnumeratedItem>
 <EnumeratedItem CodedValue="F" nciodm:ExtCodeID="C16576"><nciodm:CDISCSynonym>Female</nciodm:CDISCSynonym>
  <nciodm:CDISCDefinition>A woman.</nciodm:CDISCDefinition>
  <nciodm:PreferredTerm>Female</nciodm:PreferredTerm></EnumeratedItem>
 <nciodm:CDISCSubmissionValue>SEX</nciodm:CDISCSubmissionValue><nciodm:CDISCSynonym>Sex</nciodm:CDISCSynonym>
 <nciodm:PreferredTerm>CDISC SDTM Sex Terminology</nciodm:PreferredTerm></CodeList>
</MetaDataVersion></Study></ODM>"""


def refusal(file: Path, store: TermsStore, **names: str) -> Refused:
    with pytest.raises(Refused) as caught:
        add_terms(file, store, **names)
    return caught.value


def packs_on_disk(home: Path) -> list[Path]:
    return [p for p in home.rglob("*") if p.is_file()]


def test_text_becomes_a_pack_that_knows_its_source(text_file: TextFile, store: TermsStore) -> None:
    pack = add_terms(text_file(), store)
    assert (pack.id, pack.version, pack.info.since) == (*PINNED, "2025-03-28")
    assert len(pack.info.sha256) == 64
    assert not pack.info.subset
    male = store.pack(*PINNED).codelist("SEX").term("M")
    assert male is not None
    assert (male.code, male.preferred_term, male.synonyms, male.definition) == (
        "C20197",
        "Male",
        ("Male", "Man"),
        'A "man".',
    )


def test_zip_tar_parquet_and_xml_give_the_same_bytes_as_text(tmp_path: Path) -> None:
    rows = (SEX, FEMALE, MALE)
    folder = tmp_path / "in"
    folder.mkdir()
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("deep/SDTM Terminology.txt", as_text(rows))
    with tarfile.open(folder / "a.tar.xz", "w:xz") as tar:
        member = tarfile.TarInfo("SDTM Terminology.txt")
        member.size = len(as_text(rows))
        tar.addfile(member, io.BytesIO(as_text(rows)))
    values = {c: [row[i] or None for row in rows] for i, c in enumerate(COLUMNS)}
    pl.DataFrame(values, schema=dict.fromkeys(COLUMNS, pl.String)).write_parquet(folder / "a.parquet")
    (folder / "a.xml").write_text(XML)
    (folder / "a.txt").write_bytes(as_text(rows))
    contents = {
        add_terms(file, TermsStore([tmp_path / file.name]), standard="sdtm-ct", version="2025-03-28").info.content
        for file in sorted(folder.iterdir())
    }
    assert len(contents) == 1


def test_xml_says_its_own_standard_and_version(tmp_path: Path, store: TermsStore) -> None:
    file = tmp_path / "any.xml"
    file.write_text(XML)
    assert (lambda p: (p.id, p.version))(add_terms(file, store)) == PINNED
    assert refusal(file, store, version="2024-09-27").findings.codes() == ("TRM-016",)


def test_the_same_file_twice_changes_nothing(text_file: TextFile, store: TermsStore, home: Path) -> None:
    add_terms(text_file(), store)
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in packs_on_disk(home)}
    add_terms(text_file(), store)
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in packs_on_disk(home)} == before


def test_other_content_under_the_same_version_is_refused(text_file: TextFile, store: TermsStore, home: Path) -> None:
    add_terms(text_file(), store)
    before = {p: p.read_bytes() for p in packs_on_disk(home)}
    assert refusal(text_file(ROWS[:-1]), store).findings.codes() == ("TRM-015",)
    assert {p: p.read_bytes() for p in packs_on_disk(home)} == before


def test_many_at_once_leave_one_whole_pack(text_file: TextFile, home: Path) -> None:
    file, outcomes = text_file(), []
    threads = [
        threading.Thread(target=lambda: outcomes.append(add_terms(file, TermsStore([home])).info.content))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 8
    assert len(set(outcomes)) == 1
    assert {p.name for p in home.rglob("*") if p.is_file()} == {"pack.yaml", "codelists.tsv", "terms.tsv"}


@pytest.mark.parametrize(
    ("rows", "codes", "line"),
    [
        ((SEX, FEMALE, MALE[:5]), ("TRM-003",), 4),
        ((SEX, ("16576", *FEMALE[1:])), ("TRM-004",), 3),
        ((SEX, KILOGRAM), ("TRM-005",), 3),
        ((SEX, FEMALE, ("C99999", *FEMALE[1:])), ("TRM-006",), 4),
        ((SEX, FEMALE, SEX), ("TRM-006", "TRM-006"), 4),
        ((SEX, (*FEMALE[:5], "two\rlines", *FEMALE[6:])), ("TRM-007",), 3),
        (((*SEX[:2], "Maybe", *SEX[3:]),), ("TRM-007",), 2),
        ((SEX, (*FEMALE[:4], "", *FEMALE[5:])), ("TRM-007",), 3),
        ((UNIT, ("x", "y", "", "Unit", "", "", "", "")), ("TRM-004", "TRM-004", "TRM-007", "TRM-005"), 3),
    ],
)
def test_a_bad_row_is_a_finding_with_its_line_and_nothing_is_written(
    rows: tuple[tuple[str, ...], ...],
    codes: tuple[str, ...],
    line: int,
    text_file: TextFile,
    store: TermsStore,
    home: Path,
) -> None:
    refused = refusal(text_file(rows), store)
    assert refused.findings.codes() == codes
    assert {f.place.line for f in refused.findings} == {line}
    assert packs_on_disk(home) == []


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.docx", b"x", "TRM-001"),
        ("a.txt", b"", "TRM-002"),
        ("a.txt", b"Code\tName\n1\t2\n", "TRM-002"),
        ("a.txt", as_text(ROWS) + b"C1\t\xff\n", "TRM-013"),
        ("a.txt", as_text(()), "TRM-005"),
        ("a.parquet", b"PAR1garbagePAR1", "TRM-009"),
        ("a.parquet", b"", "TRM-009"),
        ("a.zip", b"PK\x03\x04broken", "TRM-008"),
        ("a.tar.xz", b"\xfd7zXZ\x00broken", "TRM-008"),
        ("a.xml", b"<ODM>", "TRM-010"),
        ("a.xml", b"", "TRM-010"),
        ("a.xml", b"<html/>", "TRM-012"),
        ("a.xml", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><x>&e;</x>', "TRM-011"),
        ("a.xml", b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>', "TRM-011"),
        ("a.xml", XML.replace("<ODM ", "<!DOCTYPE ODM><ODM ").encode(), "TRM-011"),
    ],
)
def test_a_bad_file_is_refused(
    name: str, data: bytes, code: str, tmp_path: Path, store: TermsStore, home: Path
) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    assert refusal(file, store, standard="sdtm-ct", version="2025-03-28").findings.codes() == (code,)
    assert packs_on_disk(home) == []


def test_a_missing_file_is_refused(tmp_path: Path, store: TermsStore) -> None:
    assert refusal(tmp_path / "none.txt", store).findings.codes() == ("TRM-001",)


def test_an_archive_of_two_files_is_refused(tmp_path: Path, store: TermsStore) -> None:
    file = tmp_path / "two.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("a.txt", "b.txt"):
            archive.writestr(name, as_text(ROWS))
    assert refusal(file, store, standard="x-ct", version="1").findings.codes() == ("TRM-008",)


def test_a_file_without_a_date_needs_a_version(text_file: TextFile, store: TermsStore) -> None:
    file = text_file(name="SDTM Terminology.txt")
    refused = refusal(file, store)
    assert refused.findings.codes() == ("TRM-014",)
    assert "--version" in refused.findings.items[0].remedy
    assert add_terms(file, store, version="2025-03-28").id == "sdtm-ct"


@pytest.mark.parametrize("version", ["../../x", "", "2025/03", "a b"])
def test_a_version_never_leaves_the_store(version: str, text_file: TextFile, store: TermsStore, home: Path) -> None:
    file = text_file(name="SDTM Terminology.txt")
    assert refusal(file, store, version=version).findings.codes()[0] in {"TRM-014", "TRM-017"}
    assert packs_on_disk(home) == []


def test_the_shipped_folder_is_never_written_to(text_file: TextFile) -> None:
    for store in (TermsStore(), TermsStore([SHIPPED])):
        assert refusal(text_file(name="X Terminology 2025-03-28.txt"), store).findings.codes() == ("TRM-018",)


@pytest.mark.peer
def test_every_published_file_at_hand_is_read(shared: Path, store: TermsStore, whole: TermsStore) -> None:
    pack = whole.pack(*PINNED)
    assert (len(pack.codes), pack.frame().height) == (1158, 43698)
    files = [*(shared / "cdisc/ct").glob("*.parquet"), *(shared / "cdisc/ct/odm_ct").rglob("*.odm.xml")]
    added = {(p.id, p.version) for p in (add_terms(file, store) for file in files)}
    assert len(added) == len(files) == 10
    assert ("adam-ct", "2021-12-17") in added
    assert ("define-xml-ct", "2026-03-27") in added


WORDS = st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" "), max_size=12).map(str.strip)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(WORDS.filter(bool), st.tuples(WORDS, WORDS), max_size=8), st.booleans())
def test_whatever_is_published_comes_back_as_it_was(terms: dict[str, tuple[str, str]], extensible: bool) -> None:
    heading = ("C1", "", "Yes" if extensible else "No", "Any list", "ANY", "", "", "")
    rows = [(f"C{i}", "C1", "", "Any list", value, "", *words) for i, (value, words) in enumerate(terms.items(), 2)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "any.txt"
        file.write_bytes(as_text((heading, *rows)))
        add_terms(file, TermsStore([Path(folder) / "packs"]), standard="any-ct", version="1")
        codelist = TermsStore([Path(folder) / "packs"]).pack("any-ct", "1").codelist("any list")
    assert codelist.extensible is extensible
    assert {t.submission_value: (t.definition, t.preferred_term) for t in codelist.terms} == terms
