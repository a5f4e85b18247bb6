"""What every reader of controlled terminology hands on: rows in the eight columns in which NCI EVS publishes them.

Source: NCI EVS, CDISC terminology, tab-delimited text files.
"""

from __future__ import annotations

from dataclasses import dataclass

COLUMNS = (
    "Code",
    "Codelist Code",
    "Codelist Extensible (Yes/No)",
    "Codelist Name",
    "CDISC Submission Value",
    "CDISC Synonym(s)",
    "CDISC Definition",
    "NCI Preferred Term",
)


@dataclass(frozen=True, slots=True)
class Row:
    """A code list (no `codelist`) or one of its terms, with the 1-based line or row of the file that says so."""

    line: int
    code: str
    codelist: str
    extensible: str
    name: str
    submission_value: str
    synonyms: str
    definition: str
    preferred_term: str

    @property
    def is_codelist(self) -> bool:
        """Whether the row describes a code list."""
        return not self.codelist


@dataclass(frozen=True, slots=True)
class Published:
    """The rows of one published file; `standard` and `version` are empty where the file does not say them."""

    rows: tuple[Row, ...]
    standard: str = ""
    version: str = ""
