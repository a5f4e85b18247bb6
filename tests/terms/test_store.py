"""Looking packs, code lists and terms up."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from opencro.kernel.finding import Place, Refused
from opencro.terms import CodeList, Term, TermsStore, add_terms

PINNED = ("sdtm-ct", "2025-03-28")


def test_a_missing_pack_says_which_command_brings_it(store: TermsStore) -> None:
    with pytest.raises(Refused) as caught:
        store.pack("sdtm-ct", "2024-09-27", Place("study.yaml", 7))
    (finding,) = caught.value.findings
    assert (finding.code, finding.place) == ("TRM-020", Place("study.yaml", 7))
    assert "opencro terms add FILE --standard sdtm-ct --version 2024-09-27" in finding.remedy
    assert "2025-03-28" in finding.expected


def test_a_misspelt_standard_gets_a_suggestion(shipped: TermsStore) -> None:
    findings = shipped.check_pins({"sdtmct": "2025-03-28", "sdtmig": "3.4"})
    assert findings.codes() == ("TRM-020",)
    assert 'Did you mean "sdtm-ct"?' in findings.items[0].remedy


def test_pins_that_are_here_give_no_finding(shipped: TermsStore) -> None:
    assert shipped.check_pins({"sdtm-ct": "2025-03-28", "sdtmig": "3.1.2", "units": "1.0"}).ok


@pytest.mark.parametrize("version", ["../2025-03-28", "..", "/etc", ""])
def test_a_version_is_never_a_path(version: str, shipped: TermsStore) -> None:
    assert shipped.find_folder("sdtm-ct", version) is None


def test_the_own_pack_comes_before_the_shipped_one(text_file: Callable[..., Path], store: TermsStore) -> None:
    add_terms(text_file(), store)
    assert len(store.pack(*PINNED).codes) == 2
    assert len(TermsStore().pack(*PINNED).codes) == 65
    assert [i.subset for i in store.packs() if i.id == "sdtm-ct"] == [False]


@pytest.mark.parametrize("name", ["C66731", "SEX", "Sex", "sex"])
def test_a_code_list_is_found_by_code_short_name_and_name(name: str, shipped: TermsStore) -> None:
    sex = shipped.pack(*PINNED).codelist(name)
    assert (sex.code, sex.short_name, sex.name, sex.extensible, sex.complete) == ("C66731", "SEX", "Sex", False, True)
    assert sex.values == ("F", "INTERSEX", "M", "U")


def test_an_unknown_code_list_of_a_subset_says_where_the_whole_is(shipped: TermsStore) -> None:
    with pytest.raises(Refused) as caught:
        shipped.pack(*PINNED).codelist("SEXX")
    (finding,) = caught.value.findings
    assert finding.code == "TRM-030"
    assert 'Did you mean "SEX"?' in finding.remedy
    assert "opencro terms add" in finding.remedy


def test_a_term_is_exact_and_a_match_is_lenient(shipped: TermsStore) -> None:
    sex = shipped.pack(*PINNED).codelist("SEX")
    assert sex.term("f") is None
    assert sex.match("f") == sex.match("Female") == sex.match(" FEMALE ") == sex.term("F")
    assert sex.suggest("female") == 'Did you mean "F"?'
    assert sex.match("neither") is None
    assert shipped.pack(*PINNED).codelist("VSRESU").suggest("BEATS/MIN") == 'Did you mean "beats/min"?'


def test_a_word_that_two_terms_share_matches_neither() -> None:
    terms = (Term("C1", "A", "Alpha", ("shared",)), Term("C2", "B", "Beta", ("SHARED", "a")), Term("C3", "D", "shared"))
    codelist = CodeList("C0", "Any", "ANY", False, terms)
    assert codelist.match("shared") is None
    assert codelist.match("a") == terms[0]


def test_the_frame_has_every_term_once(shipped: TermsStore) -> None:
    pack = shipped.pack(*PINNED)
    frame = pack.frame()
    assert frame.columns[:4] == ["codelist", "short_name", "code", "submission_value"]
    assert frame.null_count().sum_horizontal().item() == 0
    assert frame.height == sum(len(pack.codelist(code).terms) for code in pack.codes)
    assert set(frame["codelist"]) == set(pack.codes)


def test_values_that_look_missing_stay_text(shipped: TermsStore) -> None:
    assert {"NA", "N", "Y", "U"} == set(shipped.pack(*PINNED).codelist("NY").values)


def test_a_changed_byte_in_a_pack_is_found(text_file: Callable[..., Path], store: TermsStore, home: Path) -> None:
    add_terms(text_file(), store)
    path = home / "sdtm-ct/2025-03-28/terms.tsv"
    path.write_bytes(path.read_bytes().replace(b"A woman.", b"A women."))
    with pytest.raises(Refused) as caught:
        store.pack(*PINNED).codelist("SEX")
    assert caught.value.findings.codes() == ("TRM-022",)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("pack.yaml", "id: sdtm-ct\n", "TRM-021"),
        ("pack.yaml", "id: [", "YML-001"),
        ("terms.tsv", "other\tcolumns\n", "TRM-023"),
        ("terms.tsv", None, "TRM-023"),
    ],
)
def test_a_broken_pack_is_refused(
    name: str, content: str | None, code: str, text_file: Callable[..., Path], store: TermsStore, home: Path
) -> None:
    add_terms(text_file(), store)
    path = home / "sdtm-ct/2025-03-28" / name
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(Refused) as caught:
        store.pack(*PINNED).codelist("SEX")
    assert caught.value.findings.codes()[0] == code


def test_a_pack_of_another_kind_is_refused(shipped: TermsStore) -> None:
    with pytest.raises(Refused) as caught:
        shipped.pack("sdtmig", "3.4")
    assert caught.value.findings.codes() == ("TRM-021",)


@pytest.mark.peer
def test_the_whole_terminology_opens_in_under_50_ms(whole: TermsStore) -> None:
    def seconds() -> float:
        started = time.process_time()
        assert TermsStore(whole.paths).pack(*PINNED).codelist("UNIT").term("kg") is not None
        return time.process_time() - started

    assert min(seconds() for _ in range(5)) < 0.05
