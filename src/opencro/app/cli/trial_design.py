"""The command about trial designs."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

from opencro.app.cli.output import Database, Json, out, print_json, refusing
from opencro.app.wiring import open_study_ledger
from opencro.kernel.finding import Finding, Place, Refused
from opencro.study import Study, load_study

StudyFolder = Annotated[Path, typer.Argument(metavar="STUDY", help="The study's folder.", exists=True, file_okay=False)]


def design_command(
    folder: StudyFolder,
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="Only these designs.")] = None,
    output: Annotated[Path | None, typer.Option("--output", help="Folder of the reports: STUDY/build/design.")] = None,
    approve: Annotated[
        str | None, typer.Option("--approve", metavar="REASON", help="Approve the named design.")
    ] = None,
    user: Annotated[str | None, typer.Option("--user", help="Who approves; the login name when left out.")] = None,
    look: Annotated[
        list[str] | None, typer.Option("--look", metavar="INFORMATION:Z", help="A look so far, of the approved design.")
    ] = None,
    final: Annotated[bool, typer.Option("--final", help="The last look is the last of the trial.")] = False,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Trial designs of a study: reports as HTML and PDF, approval with their bounds on record, interim analyses."""
    with refusing(as_json):
        study = load_study(folder)
        if look:
            found = _analyse(study, _one(names), look, final, database)
        elif approve is not None:
            found = _approve(study, _one(names), approve, user, database)
        else:
            found = _report(study, names or [], output)
    if as_json:
        print_json(found["json"])
    else:
        for text in found["text"]:
            out.print(text, markup=False)


def _one(names: list[str] | None) -> str:
    if names and len(names) == 1:
        return names[0]
    got = ", ".join(names) if names else "no name"
    raise Refused(
        [Finding("DES-007", Place(path="NAME"), got, "one design", "Name the file of design/ without .yaml.")]
    )


def _report(study: Study, names: list[str], output: Path | None) -> dict[str, Any]:
    from opencro.app.trial_design import choose_designs, write_reports  # noqa: PLC0415 -- SciPy and Numba, only here

    trials = choose_designs(study, names)
    written = write_reports(study, list(trials.values()), output or study.root / "build" / "design")
    text = []
    for trial in trials.values():
        head = f"{trial.name}: {trial.n_total} participants"
        text += [
            f"{head}, {trial.count_total:.0f} events" if trial.count_name == "events" else head,
            str(trial.plan),
            "",
        ]
    plain = {name: {"n": list(t.n), t.count_name: t.count_total, "information": t.plan.information.tolist(),
                    "efficacy": t.plan.efficacy.tolist()} for name, t in trials.items()}  # fmt: skip
    return {"text": [*text, *map(str, written)], "json": {"ok": True, "designs": plain, "files": [*map(str, written)]}}


def _approve(study: Study, name: str, reason: str, user: str | None, database: str | None) -> dict[str, Any]:
    from opencro.app.trial_design import approve_design, choose_designs  # noqa: PLC0415 -- as above

    trial = choose_designs(study, [name])[name]
    with open_study_ledger(study, database, create=True) as ledger:
        fact = approve_design(study, trial, ledger, user=user or getpass.getuser(), reason=reason)
    text = (
        f"{name} is approved; its bounds are on record: {', '.join(f'{b:.4f}' for b in fact.efficacy if b is not None)}"
    )
    return {"text": [text], "json": {"ok": True, "approved": fact.payload}}


def _analyse(study: Study, name: str, looks: list[str], final: bool, database: str | None) -> dict[str, Any]:
    from opencro.app.trial_design import analyse_looks  # noqa: PLC0415 -- as above

    pairs = [_pair(text) for text in looks]
    with open_study_ledger(study, database) as ledger:
        found = analyse_looks(ledger, name, pairs, final=final)
    text = [str(found.interim), *([str(found.final)] if found.final else [])]
    rows = {"looks": found.interim.to_frame().to_dicts()}
    return {
        "text": text,
        "json": {"ok": True, **rows, "final": found.final.to_frame().to_dicts() if found.final else None},
    }


def _pair(text: str) -> tuple[float, float]:
    information, _, z = text.partition(":")
    try:
        return float(information), float(z)
    except ValueError:
        remedy = 'Write information and statistic with a colon between, e.g. "66.1:2.31".'
        raise Refused([Finding("DES-006", Place(path="--look"), text, "INFORMATION:Z", remedy)]) from None
