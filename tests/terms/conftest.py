"""A small terminology file in the eight columns of NCI EVS, and stores to put it in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from opencro.terms import TermsStore, add_terms
from opencro.terms.formats.rows import COLUMNS

SEX = ("C66731", "", "No", "Sex", "SEX", "Sex", "The sex of a person.", "CDISC SDTM Sex Terminology")
FEMALE = ("C16576", "C66731", "", "Sex", "F", "Female", "A woman.", "Female")
MALE = ("C20197", "C66731", "", "Sex", "M", "Male; Man", 'A "man".', "Male")
UNIT = ("C71620", "", "Yes", "Unit", "UNIT", "Unit", "Units.", "CDISC SDTM Unit Terminology")
KILOGRAM = ("C28252", "C71620", "", "Unit", "kg", "Kilogram", "Mass.", "Kilogram")
ROWS = (SEX, FEMALE, MALE, UNIT, KILOGRAM)


def as_text(rows: tuple[tuple[str, ...], ...]) -> bytes:
    return "".join("\t".join(row) + "\n" for row in (COLUMNS, *rows)).encode()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "packs"


@pytest.fixture
def store(home: Path) -> TermsStore:
    return TermsStore([home])


@pytest.fixture
def text_file(tmp_path: Path) -> Callable[..., Path]:
    def write(rows: tuple[tuple[str, ...], ...] = ROWS, name: str = "SDTM Terminology 2025-03-28.txt") -> Path:
        path = tmp_path / name
        path.write_bytes(as_text(rows))
        return path

    return write


@pytest.fixture(scope="session")
def shipped() -> TermsStore:
    return TermsStore()


@pytest.fixture(scope="session")
def whole(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> TermsStore:
    """A store that holds the whole SDTM terminology of 2025-03-28."""
    store = TermsStore([tmp_path_factory.mktemp("whole")])
    add_terms(shared / "cdisc/ct/SDTM_Terminology_2025-03-28_NCI-EVS.tar.xz", store)
    return store
