"""Define-XML 2.1: valid, lossless, strict about what it reads, and shown as HTML."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from lxml import etree, html

from opencro.kernel.finding import Findings, Refused
from opencro.submission.define_xml import (
    DatasetClass,
    Define,
    ItemDef,
    ItemRef,
    Leaf,
    MetaData,
    Origin,
    RangeCheck,
    check_define,
    examine_define,
    read_define,
    read_stylesheet,
    render_define_html,
    words,
    write_define,
)

Spoil = Callable[[MetaData], MetaData]


def _schema(shared: Path) -> etree.XMLSchema:
    """Define-XML 2.1 with ARM 1.0; the schemas refer to each other by relative path, nothing is fetched."""
    path = shared / "cdisc" / "define_xml" / "schema" / "cdisc-arm-1.0" / "arm1-0-0.xsd"
    return etree.XMLSchema(etree.parse(path, parser=etree.XMLParser(no_network=True)))


def _spoilt(define: Define, spoil: Spoil) -> Define:
    return replace(define, study=replace(define.study, metadata=spoil(define.study.metadata)))


def _why(data: bytes) -> Findings:
    with pytest.raises(Refused) as refused:
        read_define(data)
    return refused.value.findings


def test_a_model_without_faults_has_no_findings(define: Define) -> None:
    assert check_define(define) == []


def test_what_is_written_is_read_again_unchanged_and_the_same_to_the_byte(define: Define) -> None:
    data = write_define(define)
    assert read_define(data) == define
    assert write_define(read_define(data)) == data
    assert data.splitlines()[1] == b'<?xml-stylesheet type="text/xsl" href="define.xsl"?>'


@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\n\r"), min_size=1))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_survives_in_elements_and_attributes(define: Define, text: str) -> None:
    assume(not set(text) & {"\ufffe", "\uffff"})
    comments = (replace(define.study.metadata.comments[0], description=words(text)),)
    told = _spoilt(define, lambda m: replace(m, description=text, comments=comments))
    assert read_define(write_define(told)) == told


@pytest.mark.peer
def test_what_is_written_is_valid_against_the_published_schema(define: Define, shared: Path) -> None:
    _schema(shared).assertValid(etree.fromstring(write_define(define)))


@pytest.mark.peer
@pytest.mark.requirement(34)
@pytest.mark.parametrize("name", ["defineV21-SDTM.xml", "defineV21-ADaM.xml"])
def test_published_examples_survive_reading_and_writing(shared: Path, name: str) -> None:
    data = (shared / "cdisc" / "define_xml" / name).read_bytes()
    define = read_define(data)
    written = write_define(define)
    assert read_define(written) == define
    _schema(shared).assertValid(etree.fromstring(written))
    assert _counts(written) == _counts(data)


def _counts(data: bytes) -> dict[str, int]:
    counts: dict[str, int] = {}
    for element in etree.fromstring(data).iter(etree.Element):
        for name in (str(element.tag), *(f"{element.tag} {key}={value}" for key, value in element.attrib.items())):
            counts[name] = counts.get(name, 0) + 1
    return counts


@pytest.mark.peer
def test_the_invalid_example_gives_findings_where_the_schema_errs(shared: Path) -> None:
    path = shared / "cdisc" / "define_xml" / "examples_generated" / "LZZT_360i_generated_define.xml"
    data = path.read_bytes()
    found = {(f.code, f.place.line) for f in _why(data)}
    assert {code for code, _ in found} == {"DEF-008", "DEF-010", "DEF-023", "DEF-029"} | {"DEF-033"}
    schema = _schema(shared)
    assert not schema.validate(etree.fromstring(data))
    lines = {line for _, line in found}
    types = {e.line for e in schema.error_log if e.type_name == "SCHEMAV_CVC_DATATYPE_VALID_1_2_1"}
    assert types
    assert types <= lines


@pytest.mark.peer
def test_a_misspelt_standard_in_a_published_define_is_found(shared: Path) -> None:
    path = shared / "cdisc" / "dataset_json" / "examples" / "sdtm" / "define.xml"
    (finding,) = _why(path.read_bytes())
    assert (finding.code, finding.place.line, finding.remedy) == ("DEF-008", 63, 'Did you mean "SDTMIG"?')


@pytest.mark.peer
def test_older_versions_are_told_apart(shared: Path) -> None:
    (finding,) = _why((shared / "cdisc" / "cdiscpilot01" / "sdtm" / "define.xml").read_bytes())
    assert finding.code == "DEF-003"
    assert finding.got == "namespace http://www.cdisc.org/ns/def/v1.0"


def test_entities_and_document_types_are_refused(define: Define, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    body = write_define(define, stylesheet="").split(b"\n", 1)[1]
    outside = f'<!DOCTYPE ODM [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'.encode()
    body_with_entity = body.replace(b">ABC-1<", b">&x;<", 1)
    assert _why(outside + body_with_entity).codes() == ("DEF-002",)
    laughs = b'<!DOCTYPE ODM [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    assert _why(laughs + body).codes() == ("DEF-002",)
    with pytest.raises(Refused):
        render_define_html(outside + body_with_entity)


def test_no_random_damage_gets_past_the_findings(define: Define) -> None:
    whole = write_define(define)
    source = random.Random(20240229)
    parts = re.findall(rb'"[^"]*"|<[^>]*>', whole)
    refused = 0
    for _ in range(400):
        part, other = source.choice(parts), source.choice([b"", *parts])
        data = whole.replace(part, other, 1)
        read, findings = examine_define(data)
        refused += not findings.ok
        if read is not None and findings.ok:
            assert read_define(write_define(read)) == read
    assert refused > 200


def test_what_is_no_define_is_refused() -> None:
    assert _why(b"").codes() == ("DEF-001",)
    assert _why(b"<ODM>").codes() == ("DEF-001",)
    assert _why(b"<html/>").codes() == ("DEF-003",)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b'Name="VSTESTCD" ', b"", "DEF-004"),
        (b"<StudyName>ABC-1</StudyName>", b"<StudyTitle>ABC-1</StudyTitle>", "DEF-005"),
        (b'Repeating="Yes"', b'Repeating="Yes" Repeats="No"', "DEF-006"),
        (b'Repeating="Yes"', b'Repeating="Maybe"', "DEF-008"),
        (b'OrderNumber="3"', b'OrderNumber="three"', "DEF-008"),
        (b'<def:Class Name="FINDINGS"/>', b'<def:Class Name="FINDINGS"/><def:Class Name="EVENTS"/>', "DEF-009"),
        (b"<def:Class", b"<Alias Context='x' Name='y'/><def:Class", ""),
        (b'<def:Class Name="FINDINGS"/>', b'<def:Class Name="FINDINGS"/><Alias Context="x" Name="y"/>', "DEF-010"),
    ],
)
def test_a_spoilt_document_names_the_line(define: Define, old: bytes, new: bytes, code: str) -> None:
    data = write_define(define)
    assert old in data
    if not code:
        assert read_define(data.replace(old, new, 1))
        return
    found = [f for f in _why(data.replace(old, new, 1)) if f.code == code]
    assert found
    assert found[0].place.line is not None
    assert found[0].remedy


def _with_item(change: Callable[[ItemDef], ItemDef], oid: str) -> Spoil:
    return lambda m: replace(m, items=tuple(change(i) if i.oid == oid else i for i in m.items))


def _with_dataset(**changes: Any) -> Spoil:
    return lambda m: replace(m, datasets=(replace(m.datasets[0], **changes),))


def _with_refs(change: Callable[[ItemRef], ItemRef]) -> Spoil:
    return lambda m: _with_dataset(items=tuple(map(change, m.datasets[0].items)))(m)


FAULTS: list[tuple[str, Spoil, str]] = [
    ("DEF-004", _with_item(lambda i: replace(i, name=""), "IT.VS.VSPOS"), "no Name"),
    ("DEF-008", _with_dataset(dataset_class=DatasetClass("FINDING")), 'Did you mean "FINDINGS"?'),
    ("DEF-008", _with_item(lambda i: replace(i, data_type="string"), "IT.VS.VSPOS"), "DataType"),
    ("DEF-020", _with_item(lambda i: replace(i, codelist_oid="CL.POSITIONS"), "IT.VS.VSPOS"), "CL.POSITION"),
    ("DEF-020", _with_item(lambda i: replace(i, comment_oid="COM.X"), "IT.VS.VSPOS"), "ItemDef[IT.VS.VSPOS]"),
    ("DEF-021", lambda m: replace(m, items=(*m.items, m.items[0])), "IT.VS.USUBJID"),
    ("DEF-022", _with_refs(lambda r: replace(r, order=1)), "order number 1"),
    ("DEF-022", _with_refs(lambda r: replace(r, order=None if r.order == 2 else r.order)), "some items"),
    ("DEF-023", _with_item(lambda i: replace(i, length=None), "IT.VS.VSPOS"), "text without Length"),
    ("DEF-023", _with_item(lambda i: replace(i, length=19), "IT.VS.VSDTC"), "datetime with Length"),
    ("DEF-023", _with_item(lambda i: replace(i, significant_digits=None), "IT.VS.VSSTRESN"), "float without"),
    ("DEF-024", _with_refs(lambda r: replace(r, key_sequence=r.key_sequence and r.key_sequence + 1)), "2, 3, 4"),
    ("DEF-026", _with_item(lambda i: replace(i, origins=(Origin("Predecessor"),)), "IT.VS.VSPOS"), "predecessor"),
    ("DEF-028", lambda m: replace(m, codelists=(replace(m.codelists[0], items=()), *m.codelists[1:])), "no values"),
    ("DEF-029", _with_dataset(leaf=Leaf("LF.OTHER", "x.xpt", "x.xpt")), "LF.OTHER"),
    ("DEF-029", _with_dataset(dataset_class=None), "no class"),
    ("DEF-030", lambda m: replace(m, where_clauses=(replace(m.where_clauses[0], checks=(
        RangeCheck("IT.VS.VSTESTCD", "EQ", values=("A", "B")),)),)), "2 values with EQ"),
    ("DEF-031", _with_dataset(sas_dataset_name="VITALSIGNS"), "VITALSIGNS"),
    ("DEF-032", lambda m: replace(m, define_version="2.0.0"), "2.0.0"),
    ("DEF-034", lambda m: replace(m, description="bell \a"), "U+0007"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "spoil", "said"), FAULTS)
def test_each_fault_is_found_and_not_written(define: Define, code: str, spoil: Spoil, said: str) -> None:
    spoilt = _spoilt(define, spoil)
    found = [f for f in check_define(spoilt) if f.code == code]
    assert any(said in f"{f.place} {f.got} {f.expected} {f.remedy}" for f in found), found
    with pytest.raises(Refused) as refused:
        write_define(spoilt)
    assert code in refused.value.findings.codes()


def test_what_nothing_refers_to_is_a_warning(define: Define) -> None:
    spoilt = _spoilt(define, _with_item(lambda i: replace(i, comment_oid=""), "IT.VS.VSSTRESN"))
    _, findings = examine_define(write_define(spoilt))
    assert findings.ok
    (finding,) = findings
    assert (finding.code, finding.place.path) == ("DEF-025", "CommentDef[COM.RESULT]")
    assert finding.place.line is not None


def test_the_page_shows_everything_and_every_link_leads_somewhere(define: Define) -> None:
    page = html.fromstring(render_define_html(write_define(define)))
    text = " ".join(page.text_content().split())
    expected = [
        "Vital Signs", "VSSTRESN", "Temperature, °C", "VSTESTCD is TEMP", "Own <test> & more", "C174446", "MedDRA",
        "round((f - 32) / 1.8, 1)", "Missing where not done.", "DM.USUBJID", "SDTMIG 3.4",
    ]  # fmt: skip
    for shown in expected:
        assert shown in text, shown
    ids = [str(i) for i in page.xpath("//@id")]
    assert len(ids) == len(set(ids))
    links = [str(href) for href in page.xpath("//a/@href")]
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    assert {link for link in links if not link.startswith("#")} == {
        "vs.xpt", "acrf.pdf", "csdrg.pdf", "acrf.pdf#page=4", "acrf.pdf#page=5"
    }  # fmt: skip


def test_the_page_can_be_read_without_a_mouse_and_loads_nothing(define: Define) -> None:
    page = html.fromstring(render_define_html(write_define(define)))
    assert page.get("lang") == "en"
    assert page.xpath("//a[@class='skip']/@href") == ["#content"]
    assert len(page.xpath("//h1")) == 1
    assert page.xpath("//nav/@aria-label")
    assert not page.xpath("//script | //link | //img | //iframe | //@onclick")
    for table in page.xpath("//table"):
        assert table.xpath(".//th[@scope='col']")
        assert table.get("aria-labelledby") in [str(i) for i in page.xpath("//@id")]


@pytest.mark.parametrize("href", ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x"])
def test_a_link_that_is_no_file_is_not_followed(define: Define, href: str) -> None:
    spoilt = _spoilt(define, lambda m: replace(m, leaves=(replace(m.leaves[0], href=href), m.leaves[1])))
    page = html.fromstring(render_define_html(write_define(spoilt)))
    assert href.split(":")[0].lower() not in {str(link).split(":")[0].lower() for link in page.xpath("//a/@href")}


@pytest.mark.peer
@pytest.mark.parametrize("name", ["defineV21-SDTM.xml", "defineV21-ADaM.xml"])
def test_published_examples_are_shown_with_links_that_lead_somewhere(shared: Path, name: str) -> None:
    page = html.fromstring(render_define_html((shared / "cdisc" / "define_xml" / name).read_bytes()))
    ids = [str(i) for i in page.xpath("//@id")]
    assert len(ids) == len(set(ids))
    links = [str(href) for href in page.xpath("//a/@href")]
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)


def test_the_stylesheet_is_shipped_and_names_no_other_file() -> None:
    sheet = etree.fromstring(read_stylesheet())
    assert sheet.get("version") == "1.0"
    assert not sheet.xpath("//*[local-name()='import' or local-name()='include']")
    assert b"document(" not in read_stylesheet()
