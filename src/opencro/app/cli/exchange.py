"""Commands that bring things in and out: convert, terms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from opencro.app.cli.output import Json, out, print_findings, print_json, refusing
from opencro.app.convert import TARGETS, convert
from opencro.app.wiring import USER_TERMS
from opencro.terms import TermsStore, add_terms

terms_app = typer.Typer(
    name="terms", help="Published standards: which packs are here, and adding more.", no_args_is_help=True
)


def convert_command(
    source: Annotated[
        Path,
        typer.Argument(help="A study's folder, or a file: USDM, ODM, REDCap, XLSForm, FHIR, SAS transport and others."),
    ],
    target: Annotated[
        Path,
        typer.Argument(help="The file (or, for a study out of another format, the folder) to write."),
    ],
    to: Annotated[str, typer.Option("--to", help="One of: " + ", ".join(TARGETS))] = "",
    as_json: Json = False,
) -> None:
    """Convert a protocol, forms or a dataset: USDM, ODM, REDCap, XLSForm, FHIR, SAS transport and others.

    What the target cannot say is listed, never dropped in silence.
    """
    with refusing(as_json):
        findings = convert(source, target, to)
    if as_json:
        print_json({"ok": True, "target": str(target), "findings": [f.as_dict() for f in findings]})
        return
    print_findings(findings)
    out.print(f"wrote {target}")


@terms_app.command("add")
def add_command(
    file: Annotated[
        Path, typer.Argument(help="CDISC/NCI terminology: text (also in .zip or .tar.xz), CT-ODM XML, Parquet.")
    ],
    standard: Annotated[
        str | None, typer.Option("--standard", help="e.g. sdtm-ct; read from the file when left out.")
    ] = None,
    version: Annotated[
        str | None, typer.Option("--version", help="e.g. 2025-03-28; read from the file when left out.")
    ] = None,
    store: Annotated[
        Path, typer.Option("--store", help="Where packs are kept; STUDY/terms keeps them with a study.")
    ] = USER_TERMS,
    as_json: Json = False,
) -> None:
    """Make a pack from an official terminology file, so that studies can pin its version."""
    with refusing(as_json):
        pack = add_terms(file, TermsStore((store,)), standard=standard, version=version)
    if as_json:
        print_json({"ok": True, "standard": pack.id, "version": pack.version, "codelists": len(pack.codelists())})
        return
    out.print(f"{pack.id} {pack.version}: {len(pack.codelists()):,} code lists in {store}")


@terms_app.command("list")
def list_command(
    study: Annotated[
        Path | None, typer.Argument(metavar="[STUDY]", help="Also look into this study's terms/ folder.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the packs that studies can pin."""
    packs = TermsStore(((study / "terms",) if study else ()) + (USER_TERMS,)).packs()
    if as_json:
        print_json([{"standard": p.id, "version": p.version, "title": p.title} for p in packs])
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("standard", "version", "title"):
        table.add_column(name)
    for pack in packs:
        table.add_row(pack.id, pack.version, pack.title)
    out.print(table)
