"""Designs of a study: their reports, their approval as a fact, interim analyses against what was approved."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from opencro.app.wiring import publish_definition
from opencro.design import DesignError
from opencro.design.sequential import Final, Interim, analyse, infer_final
from opencro.design.trial import PlannedTrial, TrialDesign, plan_trial, read_designs, render_page, render_paper
from opencro.kernel.finding import Finding, Place, Refused, suggest
from opencro.ledger import Act, Actor, DesignApproved, Ledger, Source
from opencro.study import Study


def choose_designs(study: Study, names: Sequence[str] = ()) -> dict[str, PlannedTrial]:
    """The designs of a study by name, all or these; Refused with DES-001, DES-002, or DES-003 for an unknown one."""
    planned, findings = read_designs(study)
    if not findings.ok:
        raise Refused(findings)
    unknown = [name for name in names if name not in planned]
    if unknown or not planned:
        got = f'design "{unknown[0]}"' if unknown else "no design"
        remedy = (suggest(unknown[0], planned) if unknown else "") or "Write one as design/NAME.yaml (docs/design.md)."
        raise Refused([Finding("DES-003", Place("design/"), got, "a file of design/", remedy)])
    return {name: planned[name] for name in names or planned}


def write_reports(study: Study, trials: Sequence[PlannedTrial], folder: Path) -> list[Path]:
    """HTML and PDF of each design in the folder; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for trial in trials:
        page, paper = folder / f"{trial.name}.html", folder / f"{trial.name}.pdf"
        page.write_text(render_page(trial, study.id), encoding="utf-8")
        paper.write_bytes(render_paper(trial, study.id))
        written += [page, paper]
    return written


def _bounds(values: Sequence[float]) -> list[float | None]:
    return [float(v) if math.isfinite(v) else None for v in values]


def approve_design(study: Study, trial: PlannedTrial, ledger: Ledger, *, user: str, reason: str) -> DesignApproved:
    """The design enters the ledger with its bounds; approving the same again is refused (DES-004)."""
    definition = json.dumps(trial.design.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    last = last_approval(ledger, trial.name)
    if last is not None and last.definition == definition:
        raise Refused([Finding("DES-004", Place(f"design/{trial.name}.yaml"), "this design is approved already",
                               "a design that changed", "Nothing is to be done.")])  # fmt: skip
    fact = DesignApproved(
        trial.name, definition, [float(t) for t in trial.looks.information], _bounds(trial.looks.efficacy_z.tolist()),
        _bounds(trial.looks.futility_z.tolist()), float(trial.maximal_information),
    )  # fmt: skip
    actor = Actor(user, "statistician")
    publish_definition(study, ledger, actor, Source.IMPORT)
    act = Act(fact, reason=reason)
    ledger.append([act], actor=actor, source=Source.IMPORT, definition_version=study.file.version)
    return fact


def last_approval(ledger: Ledger, name: str) -> DesignApproved | None:
    """The last approval of a design; None where there is none."""
    found = [f.payload for f in ledger.facts(kind=DesignApproved.NAME) if f.payload["design"] == name]
    return DesignApproved.from_payload(found[-1]) if found else None


@dataclass(frozen=True)
class InterimReport:
    """Looks so far by the approved design, and the final inference where the trial stopped."""

    interim: Interim
    final: Final | None


def analyse_looks(
    ledger: Ledger, name: str, looks: Sequence[tuple[float, float]], *, final: bool = False
) -> InterimReport:
    """Interim analyses of the approved design: (information, Z) of every look so far, Z positive for a benefit.

    Refused with DES-005 where the design is not approved, DES-006 for looks that cannot be.
    """
    approved = last_approval(ledger, name)
    if approved is None:
        remedy = f"Approve it: opencro design STUDY {name} --approve REASON."
        got = "a design that is not approved"
        raise Refused([Finding("DES-005", Place(f"design/{name}.yaml"), got, "its bounds in the ledger", remedy)])
    trial = plan_trial(name, TrialDesign.model_validate(json.loads(approved.definition)))
    information, z = [i for i, _ in looks], [v for _, v in looks]
    try:
        interim = analyse(trial.plan, information, z, max_information=approved.maximal_information, final=final)
    except DesignError as error:
        raise Refused([Finding("DES-006", Place(path="--look"), error.got, error.expected, error.remedy)]) from error
    stopped = interim.decision[-1] != "continue"
    inference = (
        infer_final(trial.plan, information, z, max_information=approved.maximal_information) if stopped else None
    )
    return InterimReport(interim, inference)
