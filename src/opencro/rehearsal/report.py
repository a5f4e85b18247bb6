"""What a rehearsal has shown: who came, what was entered, which checks spoke, what nobody filled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class RehearsalReport:
    """Counts by name; `arms` has randomized, completed and left for each arm; `seconds` are of this machine."""

    study: str
    version: str
    participants: int
    seed: int
    sites: Mapping[str, int]
    screened: int
    failed: int
    arms: Mapping[str, Mapping[str, int]]
    reasons: Mapping[str, int]
    visits: Mapping[str, int]
    first_day: str
    last_day: str
    facts: int
    appends: int
    position: int
    anchor: str
    entered: Mapping[str, int]
    by_form: Mapping[str, int]
    checks: Mapping[str, int]
    checks_silent: tuple[str, ...]
    checks_not_run: tuple[str, ...]
    forms_never_filled: tuple[str, ...]
    items_never_filled: tuple[str, ...]
    items_by_default: tuple[str, ...]
    seconds: Mapping[str, float]
    own_plan: bool

    def as_dict(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        return asdict(self)

    @property
    def rates(self) -> dict[str, float]:
        """Participants and facts a second, over the whole run."""
        total = max(sum(self.seconds.values()), 1e-9)
        return {"participants": self.participants / total, "facts": self.facts / total}


def render_report(report: RehearsalReport) -> str:
    """The report as text for a reader at a terminal."""
    parts = [_head(report), _people(report), _visits(report), _entered(report), _checks(report), _gaps(report)]
    return "\n\n".join(parts) + "\n"


def _head(report: RehearsalReport) -> str:
    lines = [
        f"Rehearsal of {report.study}, definition {report.version}, seed {report.seed}",
        f"{report.first_day} to {report.last_day} (virtual), {len(report.sites)} sites",
    ]
    if not report.own_plan:
        lines.append("No conduct/rehearsal.yaml: everything is filled by the types of items.")
    return "\n".join(lines)


def _people(report: RehearsalReport) -> str:
    lines = [f"{report.screened} screened, {report.failed} failed screening"]
    lines += [
        f"  {arm}: {n['randomized']} randomized, {n['completed']} completed, {n['left']} left early"
        for arm, n in report.arms.items()
    ]
    reasons = ", ".join(f"{name} {n}" for name, n in report.reasons.items() if n)
    return "\n".join([*lines, f"  ends: {reasons}"])


def _visits(report: RehearsalReport) -> str:
    return "Visits: " + ", ".join(f"{n} {name}" for name, n in report.visits.items())


def _entered(report: RehearsalReport) -> str:
    counts = ", ".join(f"{n:,} {name}" for name, n in report.entered.items())
    forms = ", ".join(f"{form} {n:,}" for form, n in report.by_form.items())
    times = ", ".join(f"{name} {s:.1f} s" for name, s in report.seconds.items())
    rates = report.rates
    return "\n".join(
        [
            f"{report.facts:,} facts in {report.appends:,} appends: {counts}",
            f"  records by form: {forms}",
            f"  {times}; {rates['participants']:.0f} participants/s, {rates['facts']:,.0f} facts/s",
        ]
    )


def _checks(report: RehearsalReport) -> str:
    spoke = ", ".join(f"{name} {n}" for name, n in report.checks.items() if n) or "none"
    lines = [f"Edit checks that spoke: {spoke}"]
    if report.checks_silent:
        lines.append(f"Edit checks that never spoke: {', '.join(report.checks_silent)}")
    if report.checks_not_run:
        lines.append(f"Edit checks over several forms, not run: {', '.join(report.checks_not_run)}")
    return "\n".join(lines)


def _gaps(report: RehearsalReport) -> str:
    lines = []
    for title, names in (
        ("Forms that nobody filled", report.forms_never_filled),
        ("Items that nobody filled", report.items_never_filled),
        ("Items filled by their type alone", report.items_by_default),
    ):
        lines.append(f"{title}: {', '.join(names) or 'none'}")
    return "\n".join(lines)
