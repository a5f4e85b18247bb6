"""Laws that every shipped pack keeps, and the shipped facts beside their published sources."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import polars as pl
import pytest
from lxml import etree

from opencro.kernel.finding import Refused
from opencro.terms import Catalogue, TermsStore

PINNED = ("sdtm-ct", "2025-03-28")
GUIDES = ("3.1.2", "3.4")
DOMAINS = {
    *("DM", "AE", "CM", "DS", "EX", "MH", "VS", "LB", "QS", "SC", "SE", "SV"),
    *("TA", "TE", "TV", "TI", "TS", "RELREC", "SUPPQUAL"),
}
# Version 3.1.2 of the map names the list of test names for SCTESTCD; test codes are C74559.
MAP_DEFECTS = {"SCTESTCD"}


@pytest.fixture(scope="module", params=GUIDES)
def guide(request: pytest.FixtureRequest) -> Catalogue:
    return TermsStore().catalogue("sdtmig", request.param)


def test_every_shipped_pack_says_source_licence_and_date(shipped: TermsStore) -> None:
    infos = shipped.packs()
    others = {("sdtmig", "3.1.2"), ("sdtmig", "3.4"), ("units", "1.0"), ("ctcae", "5.0"), ("adam-ct", "2026-03-27")}
    assert {(i.id, i.version) for i in infos} == {PINNED, *others}
    for info in infos:
        assert info.source
        assert info.licence
        assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", info.since)


def test_a_guide_has_the_domains_of_the_bundled_study(guide: Catalogue) -> None:
    assert set(guide.names) == DOMAINS


def test_every_code_list_of_a_guide_is_in_the_shipped_pack(guide: Catalogue, shipped: TermsStore) -> None:
    pack = shipped.pack(*PINNED)
    named = {c for d in guide.domains for v in d.variables for c in v.codelists}
    assert named
    assert named <= set(pack.codes)


@pytest.mark.peer
def test_every_code_list_of_a_guide_is_in_the_whole_terminology(guide: Catalogue, whole: TermsStore) -> None:
    assert {c for d in guide.domains for v in d.variables for c in v.codelists} <= set(whole.pack(*PINNED).codes)


def test_names_and_labels_fit_sas_transport(guide: Catalogue) -> None:
    for domain in guide.domains:
        assert len(domain.label) <= 40
        for variable in domain.variables:
            assert re.fullmatch(r"[A-Z][A-Z0-9]{0,7}", variable.name)
            assert 0 < len(variable.label) <= 40


def test_facts_take_permitted_values(guide: Catalogue) -> None:
    for variable in (v for d in guide.domains for v in d.variables):
        assert variable.type in {"Char", "Num"}
        assert variable.core in {"Req", "Exp", "Perm"}
        assert variable.origin in {"Assigned", "Collected", "Derived", "Protocol"}
        assert variable.listed_in in {"guide", "amendment", "model"}
        assert re.fullmatch(
            r"Identifier|Topic|Timing|Rule|Grouping Qualifier|(Record|Result|Variable|Synonym) Qualifier", variable.role
        )


def test_a_domain_counts_its_variables_once_and_in_order(guide: Catalogue) -> None:
    for domain in guide.domains:
        assert [v.order for v in domain.variables] == list(range(1, len(domain.variables) + 1))
        assert len(set(domain.names)) == len(domain.names)
        assert set(domain.keys) <= set(domain.names)
        assert domain.names[0] == "STUDYID"


def test_supplemental_domains_are_suppqual(guide: Catalogue) -> None:
    assert guide.domain("SUPPAE") == guide.domain("SUPPQUAL")
    assert guide.find_domain("SUPPXX") is None


def test_unknown_names_get_suggestions(guide: Catalogue) -> None:
    with pytest.raises(Refused) as domain:
        guide.domain("SUPPQAL")
    assert (domain.value.findings.codes(), domain.value.findings.items[0].remedy) == (
        ("TRM-031",),
        'Did you mean "SUPPQUAL"?',
    )
    with pytest.raises(Refused) as variable:
        guide.domain("AE").variable("AESTDCT")
    assert (variable.value.findings.codes(), variable.value.findings.items[0].remedy) == (
        ("TRM-032",),
        'Did you mean "AESTDTC"?',
    )


def test_no_code_list_repeats_a_value(shipped: TermsStore) -> None:
    frame = shipped.pack(*PINNED).frame()
    assert frame.select("codelist", "submission_value").is_duplicated().sum() == 0
    assert frame.select("codelist", "code").is_duplicated().sum() == 0


def test_test_codes_and_test_names_pair_by_concept(shipped: TermsStore) -> None:
    pack = shipped.pack(*PINNED)
    for codes, names in (
        ("LBTESTCD", "LBTEST"),
        ("VSTESTCD", "VSTEST"),
        ("SCTESTCD", "SCTEST"),
        ("TSPARMCD", "TSPARM"),
    ):
        assert {t.code for t in pack.codelist(codes).terms} == {t.code for t in pack.codelist(names).terms}
        assert all(len(value) <= 8 for value in pack.codelist(codes).values)
        assert all(len(value) <= 40 for value in pack.codelist(names).values)


def test_no_definition_with_a_third_party_notice_is_shipped(shipped: TermsStore) -> None:
    pack = shipped.pack(*PINNED)
    assert pack.frame().filter(pl.col("definition").str.contains("(?i)copyright|©|permission")).height == 0
    assert {t.definition for t in pack.codelist("QSCAT").terms} == {""}


def test_the_subset_says_what_it_holds(shipped: TermsStore) -> None:
    pack = shipped.pack(*PINNED)
    assert pack.info.subset
    assert set(pack.info.codelists) == set(pack.codes)
    assert {c for c in pack.codes if not pack.codelist(c).complete} == set(pack.info.partial)


@pytest.mark.peer
def test_the_subset_is_part_of_the_whole(shipped: TermsStore, whole: TermsStore) -> None:
    columns = ["codelist", "short_name", "code", "submission_value", "preferred_term", "synonyms"]
    ours, theirs = shipped.pack(*PINNED).frame(), whole.pack(*PINNED).frame()
    assert ours.join(theirs, on=columns, how="anti").height == 0
    for code in set(shipped.pack(*PINNED).codes) - set(shipped.pack(*PINNED).info.partial):
        assert shipped.pack(*PINNED).codelist(code).values == whole.pack(*PINNED).codelist(code).values


@pytest.mark.peer
def test_variables_of_3_4_are_those_that_cdisc_lists(shared: Path, shipped: TermsStore) -> None:
    published = [
        (r["D"], r["E"], r["F"], r["G"], r["L"], r["N"], " ".join(re.findall(r"C\d+", r.get("H", ""))))
        for r in _sheet(shared / "cdisc/raw_360i/spec/SDTMIG_v3.4.xlsx", 2)[1:]
        if r["D"] in DOMAINS
    ]
    ours = [
        (d.name, v.name, v.label, v.type, v.role, v.core, " ".join(v.codelists))
        for d in shipped.catalogue("sdtmig", "3.4").domains
        for v in d.variables
    ]
    assert sorted(ours) == sorted(published)


@pytest.mark.peer
def test_labels_and_types_of_3_1_2_are_those_of_the_published_pilot(shared: Path, shipped: TermsStore) -> None:
    guide = shipped.catalogue("sdtmig", "3.1.2")
    order, items = _pilot(shared / "cdisc/cdiscpilot01/sdtm/define.xml")
    assert len(order) == 22
    for dataset, names in order.items():
        domain = guide.domain(dataset)
        for name in names:
            variable = domain.variable(name)
            assert (name, variable.label) == (name, items[dataset, name][0])
            assert (dataset, name, variable.type == "Num") == (
                dataset,
                name,
                items[dataset, name][1] in {"integer", "float"},
            )
        required = {v.name for v in domain.variables if v.core == "Req"}
        assert required <= set(names)


@pytest.mark.peer
def test_code_lists_of_3_1_2_are_those_of_cdiscs_map(shared: Path, shipped: TermsStore) -> None:
    published = json.loads((shared / "cdisc/ct/variable_codelist_maps.json").read_text())["sdtmig-3-1-2-codelists"]
    for variable in (v for d in shipped.catalogue("sdtmig", "3.1.2").domains for v in d.variables):
        if variable.name in published and variable.name not in MAP_DEFECTS:
            assert set(variable.codelists) == set(published[variable.name])


def _sheet(path: Path, number: int) -> list[dict[str, str]]:
    with zipfile.ZipFile(path) as archive:
        root = etree.fromstring(archive.read(f"xl/worksheets/sheet{number}.xml"))
    main = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    return [
        {re.sub(r"\d", "", c.get("r", "")): "".join(map(str, c.itertext())) for c in row.iter(f"{main}c")}
        for row in root.iter(f"{main}row")
    ]


def _pilot(path: Path) -> tuple[dict[str, list[str]], dict[tuple[str, str], tuple[str, str]]]:
    root = etree.parse(path).getroot()
    odm, define = "{http://www.cdisc.org/ns/odm/v1.2}", "{http://www.cdisc.org/ns/def/v1.0}"
    items = {i.get("OID"): i for i in root.iter(f"{odm}ItemDef")}
    order: dict[str, list[str]] = {}
    facts: dict[tuple[str, str], tuple[str, str]] = {}
    for group in root.iter(f"{odm}ItemGroupDef"):
        dataset = group.get("OID", "")
        for reference in group.iter(f"{odm}ItemRef"):
            item = items[reference.get("ItemOID")]
            name = item.get("Name", "")
            order.setdefault(dataset, []).append(name)
            facts[dataset, name] = item.get(f"{define}Label", ""), item.get("DataType", "")
    return order, facts
