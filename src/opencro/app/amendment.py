"""`opencro diff`: an amendment with everything that it touches, also the participants who are in the trial."""

from __future__ import annotations

from collections.abc import Sequence

from opencro.app.wiring import ledger_exists, ledger_url, open_study_ledger
from opencro.study import Study, StudyDiff, diff_studies
from opencro.tabulation import Domain, find_dependents, read_domains


def diff_with_reach(before: Study, after: Study, database: str | None = None) -> StudyDiff:
    """The difference of two studies; participants are those whose ledger (that of `before`, or the given one) has data."""
    domains: dict[str, dict[str, Domain]] = {str(s.root): read_domains(s)[0] for s in (before, after)}

    def touches(study: Study, form: str, item: str) -> Sequence[str]:
        return find_dependents(study, domains[str(study.root)], form, item)

    if not ledger_exists(ledger_url(before, database)):
        return diff_studies(before, after, touches=touches)
    with open_study_ledger(before, database) as ledger:
        snapshot = ledger.snapshot()

        def participants(form: str) -> Sequence[str]:
            groups = [g for f, g in snapshot.forms() if f == form]
            found = {p for g in groups for p in snapshot.records(form, g).get_column("participant").to_list()}
            return sorted(found)

        return diff_studies(before, after, touches=touches, participants=participants)
