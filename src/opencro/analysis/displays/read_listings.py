"""Reading analysis/listings/*.yaml, and whether all that they name exists.

Findings: DSP-001 not as documented, DSP-002 unknown population, DSP-003 unknown format, DSP-006 a template that cannot
be read, DSP-007 the id is not the file's name, DSP-009 unknown variable, DSP-010 an id that a table has. Variables are
held against the declarations of the study, as far as the dataset is one of analysis.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from pydantic import ValidationError

from opencro.analysis.adam import read_datasets
from opencro.analysis.displays.list_rows import DATE, listed_variables
from opencro.analysis.displays.listing_model import Listing
from opencro.analysis.displays.template import FIELD
from opencro.analysis.results import Definitions, names_of
from opencro.analysis.results.model import SUBJECT_LEVEL
from opencro.kernel.expression import Expression, parse_expression
from opencro.kernel.finding import Finding, Findings, suggest
from opencro.kernel.located import Located
from opencro.study import Study, validation_findings

FOLDER = "analysis/listings/"
Known = Mapping[str, Iterable[str]]


def read_listings(
    study: Study, definitions: Definitions, taken: Container[str] = ()
) -> tuple[dict[str, Listing], Findings]:
    """The listings by id, in the order of their files, and everything that is wrong with them.

    `taken` are the ids of tables.
    """
    listings: dict[str, Listing] = {}
    findings = Findings()
    known = {name: tuple(dataset.variables) for name, dataset in read_datasets(study)[0].items()}
    for name in sorted(n for n in study.documents if n.startswith(FOLDER)):
        document = study.documents[name]
        try:
            listing = Listing.model_validate(document.value)
        except ValidationError as error:
            findings += validation_findings(error, document, "DSP-001", model=Listing)
            continue
        findings += tuple(_check(listing, definitions, known, document))
        if listing.id != PurePosixPath(name).stem:
            stem = PurePosixPath(name).stem
            findings += (Finding("DSP-007", document.place("id"), listing.id, stem, "Call both the same."),)
        if listing.id in taken:
            remedy = "Call the listing something else."
            findings += (Finding("DSP-010", document.place("id"), listing.id, "an id that no table has", remedy),)
        listings[listing.id] = listing
    return listings, findings


def _check(listing: Listing, definitions: Definitions, known: Known, document: Located) -> Iterator[Finding]:
    if listing.population not in definitions.populations:
        remedy = suggest(listing.population, definitions.populations) or "Correct the name."
        expected = "a population of analysis/results.yaml"
        yield Finding("DSP-002", document.place("population"), f'"{listing.population}"', expected, remedy)
    if listing.where:
        parsed = parse_expression(listing.where, document.place("where"))
        if not isinstance(parsed, Expression):
            yield from parsed
    for number, column in enumerate(listing.columns):
        place = document.place("columns", number, "show")
        left = FIELD.sub("", column.show)
        if "{" in left or "}" in left:
            remedy = "Write `{variable}`, `{variable:width.decimals}`, `{variable:date}` or `{variable:format}`."
            yield Finding("DSP-006", place, column.show, "variables in braces", remedy)
        for found in FIELD.finditer(column.show):
            how = found[2] or ""
            plain = not how or how == DATE or how.replace(".", "").isdigit()
            if not plain and how not in definitions.formats:
                remedy = suggest(how, definitions.formats) or "Correct the name."
                yield Finding("DSP-003", place, f'"{how}"', "a format of analysis/results.yaml", remedy)
    yield from _check_variables(listing, known, document)


def _check_variables(listing: Listing, known: Known, document: Located) -> Iterator[Finding]:
    if listing.dataset not in known:
        return
    permitted = [*known[listing.dataset], *known.get(SUBJECT_LEVEL, ())]
    named = [
        *(("columns", n) for n in listed_variables(listing)),
        *(("order", n.removeprefix("-")) for n in listing.order),
        *(("where", n) for n in names_of(listing.where)),
        *(("apart", n) for n in [listing.apart] if n is not None),
    ]
    for key, name in named:
        if name not in permitted:
            remedy = suggest(name, permitted) or "Correct the name."
            yield Finding("DSP-009", document.place(key), f'"{name}"', f"a variable of {listing.dataset}", remedy)
