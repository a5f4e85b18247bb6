"""Are the rows of a published terminology file what a pack may be made of?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from opencro.kernel.finding import Finding, Place
from opencro.terms.formats.rows import Published, Row

_C_CODE = re.compile(r"^C\d+$")
_BREAKS = re.compile(r"[\t\r\n]")
_FETCH = "Take the file from NCI EVS again, or report the defect to them."


def check_rows(published: Published, file: str) -> list[Finding]:
    """Findings TRM-004 (codes), TRM-005 (orphans), TRM-006 (repeats), TRM-007 (empty words), each with its line."""
    codelists = {r.code: r for r in published.rows if r.is_codelist}
    findings: list[Finding] = []
    seen: dict[tuple[str, str, str], int] = {}
    for row in published.rows:
        for code, got, expected in (*_row_faults(row), *_orphan_faults(row, codelists)):
            findings.append(Finding(code, Place(file, row.line), got, expected, _FETCH))
        for key in _identities(row):
            if key in seen:
                got = f'{key[0]} "{key[2]}" is given twice, first on line {seen[key]}'
                findings.append(Finding("TRM-006", Place(file, row.line), got, "each once", _FETCH))
            seen.setdefault(key, row.line)
    if not codelists:
        findings.append(Finding("TRM-005", Place(file), "no code list", "code lists with terms", _FETCH))
    return findings


def _row_faults(row: Row) -> Iterator[tuple[str, str, str]]:
    for code in (row.code, row.codelist) if row.codelist else (row.code,):
        if not _C_CODE.match(code):
            yield "TRM-004", f'code "{code}"', "C and digits"
    if any(_BREAKS.search(word) for word in _words(row)):
        yield "TRM-007", "a tab or line break inside a field", "one line of text"
    if not row.submission_value:
        yield "TRM-007", "no CDISC submission value", "a submission value"
    if row.is_codelist and row.extensible not in ("Yes", "No"):
        yield "TRM-007", f'extensible is "{row.extensible}"', "Yes or No"
    if row.is_codelist and not row.name:
        yield "TRM-007", "no code list name", "a name"


def _words(row: Row) -> tuple[str, ...]:
    return row.name, row.submission_value, row.synonyms, row.definition, row.preferred_term


def _orphan_faults(row: Row, codelists: dict[str, Row]) -> Iterator[tuple[str, str, str]]:
    if not row.is_codelist and row.codelist not in codelists:
        yield (
            "TRM-005",
            f'term of code list "{row.codelist}", which the file does not have',
            "its code list in the file",
        )


def _identities(row: Row) -> tuple[tuple[str, str, str], ...]:
    if row.is_codelist:
        return ("code list", "", row.code), ("code list short name", "", row.submission_value)
    return (("submission value", row.codelist, row.submission_value),)
