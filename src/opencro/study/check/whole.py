"""Everything that can be found in a study folder without data, collected over its phases: read, resolve, plan."""

from __future__ import annotations

from pathlib import Path

from opencro.kernel.finding import Findings
from opencro.study.check.circles import circle_findings
from opencro.study.check.expressions import check_expressions
from opencro.study.check.plan import plan_findings
from opencro.study.check.resolve import resolve_study
from opencro.study.check.subject import Subject
from opencro.study.load import Reading, read_study
from opencro.study.model.whole import Study


def check_study(study: Study | Path | str) -> Findings:
    """All findings about a study or its folder: YML, STU-0xx (read), STU-1xx, EXP (resolve) and STU-2xx (plan)."""
    reading = Reading(study, Findings()) if isinstance(study, Study) else read_study(Path(study))
    if reading.study is None:
        return reading.findings
    subject = Subject(reading.study, reading.unread)
    later = [*resolve_study(subject), *check_expressions(subject), *circle_findings(subject), *plan_findings(subject)]
    return reading.findings + later
