"""Dictionaries as they are distributed, read into one shape; what cannot be one is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencro.capture.coding import Dictionary, read_dictionary
from opencro.kernel.finding import Refused
from tests.capture.coding.material import render_b3, render_c3, render_meddra, write


def _read(files: dict[str, bytes], folder: Path, name: str = "meddra") -> Dictionary:
    return read_dictionary(name, "1", [folder / "nowhere", write(files, folder / name / "1")])


def test_meddra_gives_every_term_its_primary_path(tmp_path: Path) -> None:
    dictionary = _read(render_meddra(), tmp_path)
    assert dictionary.levels == ("pt", "hlt", "hlgt", "soc")
    assert dictionary.levels_of("2") == {
        "pt": ("1", "Headache"),
        "hlt": ("h1", "Head symptoms"),
        "hlgt": ("g1", "Pains"),
        "soc": ("s1", "Nerves"),
    }
    assert (dictionary.term_of("3"), dictionary.is_current("3"), dictionary.is_current("2")) == (
        "Cephalalgia",
        False,
        True,
    )
    assert dictionary.term_of("77") is None
    assert not dictionary.is_current("77")


def test_an_older_meddra_in_windows_1252_reads_the_same(tmp_path: Path) -> None:
    old, new = (_read(render_meddra(encoding=e), tmp_path / e) for e in ("windows-1252", "utf-8"))
    assert old.terms.equals(new.terms)
    assert old.term_of("5") == "Naïve-cell loss"


def test_both_formats_of_whodrug_give_the_same_dictionary(tmp_path: Path) -> None:
    b3, c3 = (_read(files, tmp_path / name, name) for name, files in (("b3", render_b3()), ("c3", render_c3())))
    assert b3.terms.sort("code").equals(c3.terms.sort("code"))
    assert b3.classes.sort("class").equals(c3.classes.sort("class"))
    assert b3.levels_of("00010001002") == {
        "preferred": ("00010001001", "Painol"),
        "atc4": ("N02BE", "Anilides so called"),
        "atc3": ("N02B", "Other against pain"),
        "atc2": ("N02", "Against pain"),
        "atc1": ("N", "Nerves"),
    }
    assert set(b3.levels_of("00020001001")) == {"preferred", "atc2", "atc1"}


def test_a_drug_of_several_classes_leaves_the_choice_to_a_coder(tmp_path: Path) -> None:
    dictionary = _read(render_b3(), tmp_path, "whodrug")
    assert set(dictionary.levels_of("00030001001")) == {"preferred"}
    assert set(dictionary.classes_of("00030001001")) == {"D07AA", "S01BA"}
    chosen = dictionary.levels_of("00030001001", "S01BA")
    assert (chosen["atc4"], chosen["atc1"]) == (("S01BA", "Drops"), ("S", "Senses"))


def test_an_own_dictionary_names_its_own_levels(tmp_path: Path) -> None:
    table = b"code,term,body_code,body_term\nE1,Rash,B1,Skin\nE2,Fall,,\n"
    dictionary = _read({"terms.csv": table}, tmp_path)
    assert dictionary.levels == ("body",)
    assert dictionary.levels_of("E1") == {"body": ("B1", "Skin")}
    assert dictionary.levels_of("E2") == {}
    assert dictionary.is_current("E1")


def _short(files: dict[str, bytes]) -> dict[str, bytes]:
    return {**files, "llt.asc": files["llt.asc"] + b"11$Cut off\r\n"}


def _pathless(files: dict[str, bytes]) -> dict[str, bytes]:
    return {**files, "llt.asc": files["llt.asc"] + b"11$Lost$99$$$$$$$Y$$\r\n"}


@pytest.mark.parametrize(
    ("files", "code", "line"),
    [
        (_short(render_meddra()), "COD-201", 9),
        (_pathless(render_meddra()), "COD-202", None),
        ({**render_b3(), "DDA.txt": b"0001"}, "COD-201", 1),
        ({"terms.csv": b"code,name\n1,x\n"}, "COD-203", 1),
        ({"terms.csv": b"code,term,body_code\n1,x,B\n"}, "COD-203", 1),
        ({"terms.csv": b""}, "COD-203", 1),
        ({"terms.csv": b"code,term\n1,x\n1,y\n"}, "COD-204", 2),
        ({"readme.txt": b"hello"}, "COD-206", None),
    ],
)
def test_files_that_are_no_dictionary_are_refused(
    files: dict[str, bytes], code: str, line: int | None, tmp_path: Path
) -> None:
    with pytest.raises(Refused) as refused:
        _read(files, tmp_path)
    (finding,) = refused.value.findings
    assert (finding.code, finding.place.line) == (code, line)
    assert finding.remedy


@pytest.mark.parametrize(("name", "version"), [("meddra", "2"), ("other", "1"), ("..", "1"), ("meddra", "../../etc")])
def test_a_dictionary_that_is_not_here_is_refused(name: str, version: str, tmp_path: Path) -> None:
    place = write(render_meddra(), tmp_path / "meddra" / "1")
    with pytest.raises(Refused) as refused:
        read_dictionary(name, version, [place])
    assert refused.value.findings.codes() == ("COD-205",)
