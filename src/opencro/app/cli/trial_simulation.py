"""The command that simulates trial designs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from opencro.app.cli.output import Json, err, out, print_json, refusing
from opencro.study import load_study


def simulate_command(
    folder: Annotated[Path, typer.Argument(metavar="STUDY", help="The study's folder.", exists=True, file_okay=False)],
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="Only these designs.")] = None,
    trials: Annotated[int, typer.Option("--trials", min=1, help="Simulated trials of each scenario.")] = 20_000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same table.")] = 1,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes at work.")] = 1,
    output: Annotated[Path | None, typer.Option("--output", help="Folder of the table: STUDY/build/design.")] = None,
    as_json: Json = False,
) -> None:
    """Trial designs simulated under no, half and the planned effect, beside what integration gives."""
    with refusing(as_json):
        study = load_study(folder)
        from opencro.app.trial_design import choose_designs  # noqa: PLC0415 -- SciPy and Numba, only here
        from opencro.design.trial import simulate_trial  # noqa: PLC0415 -- as above

        planned = choose_designs(study, names or [])
        with err.status("simulating ...") as status:
            found = [
                simulate_trial(trial, trials=trials, seed=seed, workers=workers, progress=status.update)
                for trial in planned.values()
            ]
    target = (output or study.root / "build" / "design") / "simulation.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    table = pl.concat([design.to_frame() for design in found], how="vertical_relaxed")
    table.write_csv(target)
    if as_json:
        print_json({"ok": True, "trials": trials, "seed": seed, "rows": table.to_dicts(), "file": str(target)})
        return
    for design in found:
        out.print(str(design), markup=False)
    out.print(f"{trials} trials a scenario, seed {seed}\n{target}", markup=False)
