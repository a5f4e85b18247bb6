"""Make the subset of SDTM controlled terminology that the project ships, from the whole file that NCI EVS publishes.

    python tools/make_terms_subset.py FILE --version 2025-03-28 [--into FOLDER]
    python tools/make_terms_subset.py FILE --standard adam-ct --version 2026-03-27 [--into FOLDER]

Code lists are those that the shipped SDTMIG catalogues name, and what `tools/terms_subset.yaml` adds. The same file
gives the same bytes.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from opencro.kernel.finding import Finding, Place, Refused
from opencro.kernel.located import Located, read_located
from opencro.terms import PackInfo, TermsStore
from opencro.terms.add import ATTRIBUTION, LICENCE, read_published
from opencro.terms.formats.rows import Published, Row
from opencro.terms.store import SHIPPED
from opencro.terms.write import render_content, with_content, write_pack

SELECTION = Path(__file__).with_name("terms_subset.yaml")
CATALOGUES = (("sdtmig", "3.1.2"), ("sdtmig", "3.4"))
_NOTICE = re.compile(r"copyright|©|all rights reserved|reproduced with permission", re.IGNORECASE)


def make_subset(file: Path, version: str, into: Path, selection_file: Path = SELECTION) -> Path:
    """Write `<into>/sdtm-ct/<version>/` anew; Refused when the selection names what the file does not have."""
    selection, findings = read_located(selection_file, selection_file.parent)
    if selection is None or findings:
        raise Refused(findings)
    published, names, sha256 = read_published(file.read_bytes(), file.name)
    rows = select_rows(published, selection, codelists_of_catalogues())
    partial = sorted(_partial_terms(selection.value["partial"], published))
    info = PackInfo(
        id="sdtm-ct",
        version=version,
        kind="terminology",
        title=f"CDISC SDTM controlled terminology {version}, the part that the bundled study needs",
        source=f'NCI EVS tab-delimited text "{names[-1]}"',
        licence=LICENCE,
        attribution=ATTRIBUTION,
        since=version,
        sha256=sha256,
        subset=True,
        codelists=tuple(sorted((r.code for r in rows if r.is_codelist), key=lambda code: int(code[1:]))),
        partial=tuple(partial),
    )
    content = render_content(Published(rows), partial)
    shutil.rmtree(into / info.id / version, ignore_errors=True)
    return write_pack(into, with_content(info, content), content)


def make_adam_subset(file: Path, version: str, into: Path, selection_file: Path = SELECTION) -> Path:
    """Write `<into>/adam-ct/<version>/` anew from the published file: the lists under `adam` of the selection."""
    selection, findings = read_located(selection_file, selection_file.parent)
    if selection is None or findings:
        raise Refused(findings)
    published, names, sha256 = read_published(file.read_bytes(), file.name)
    wanted = set(selection.value["adam"])
    _refuse_unknown(published, selection, wanted, {}, {})
    rows = tuple(r for r in published.rows if (r.code if r.is_codelist else r.codelist) in wanted)
    info = PackInfo(
        id="adam-ct",
        version=version,
        kind="terminology",
        title=f"CDISC ADaM controlled terminology {version}, the lists that belong to no questionnaire",
        source=f'CDISC ADaM terminology "{names[-1]}"',
        licence=LICENCE,
        attribution=ATTRIBUTION,
        since=version,
        sha256=sha256,
        subset=True,
        codelists=tuple(sorted(wanted, key=lambda code: int(code[1:]))),
    )
    content = render_content(Published(rows), [])
    shutil.rmtree(into / info.id / version, ignore_errors=True)
    return write_pack(into, with_content(info, content), content)


def codelists_of_catalogues() -> set[str]:
    """The C-codes that the variables of the shipped catalogues name."""
    store = TermsStore()
    domains = (d for name in CATALOGUES for d in store.catalogue(*name).domains)
    return {code for domain in domains for variable in domain.variables for code in variable.codelists}


def select_rows(published: Published, selection: Located, wanted: Iterable[str]) -> tuple[Row, ...]:
    """The rows of the wanted code lists, of partial ones the named terms; without definitions that must stay out."""
    whole = {*wanted, *selection.value["also"]}
    partial = _partial_terms(selection.value["partial"], published)
    _refuse_unknown(published, selection, whole, partial, selection.value["partial"])
    silent = set(selection.value["no_definitions"])
    kept = (
        r
        for r in published.rows
        if (r.code if r.is_codelist else r.codelist) in whole
        and (r.is_codelist or r.codelist not in partial or r.code in partial[r.codelist])
    )
    return tuple(_without_notice(r, silent) for r in kept)


def _partial_terms(selection: Mapping[str, Any], published: Published) -> dict[str, set[str]]:
    """The concept codes to keep, by code list; a paired list keeps the same concepts."""
    kept: dict[str, set[str]] = {}
    for codelist, body in selection.items():
        names = {str(t) for t in body["terms"]}
        codes = {r.code for r in published.rows if r.codelist == codelist and r.submission_value in names}
        kept.update(dict.fromkeys((codelist, *body.get("paired", ())), codes))
    return kept


def _refuse_unknown(
    published: Published, selection: Located, whole: set[str], partial: Mapping[str, set[str]], named: Mapping[str, Any]
) -> None:
    lists = {r.code for r in published.rows if r.is_codelist}
    missing = [(Place(selection.file), f"code list {code}") for code in sorted({*whole, *partial} - lists)]
    for codelist, body in named.items():
        known = {r.submission_value for r in published.rows if r.codelist == codelist}
        place = selection.place("partial", codelist, "terms")
        missing += [(place, f"term {t} of {codelist}") for t in map(str, body["terms"]) if t not in known]
    if missing:
        raise Refused(
            Finding("TRM-030", place, f"{what} is not published", "a published name", "Correct the selection.")
            for place, what in missing
        )


def _without_notice(row: Row, silent: set[str]) -> Row:
    third_party = (row.codelist or row.code) in silent or _NOTICE.search(row.definition)
    return replace(row, definition="") if third_party else row


def main() -> int:
    """Read the arguments and make the subset; 1 when it was refused."""
    parser = argparse.ArgumentParser(description="Make the shipped subset of SDTM controlled terminology.")
    parser.add_argument("file", type=Path, help="the whole file as NCI EVS publishes it")
    parser.add_argument("--standard", choices=("sdtm-ct", "adam-ct"), default="sdtm-ct")
    parser.add_argument("--version", required=True, help="its date of release, e.g. 2025-03-28")
    parser.add_argument("--into", type=Path, default=SHIPPED, help="the folder of packs")
    arguments = parser.parse_args()
    try:
        make = make_subset if arguments.standard == "sdtm-ct" else make_adam_subset
        print(make(arguments.file, arguments.version, arguments.into))
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
