"""`opencro diff`: an amendment with everything that it touches, also the participants who are in the trial."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from opencro.analysis import find_analysis_dependents, read_datasets
from opencro.app.wiring import ledger_exists, ledger_url, open_study_ledger
from opencro.ledger import Snapshot
from opencro.study import Downstream, Study, StudyDiff, diff_studies
from opencro.tabulation import Domain, find_dependents, load_links, read_domains

_DESIGN = {
    "arm": ("TA", "TV"),
    "epoch": ("TA",),
    "element": ("TA", "TE"),
    "cell": ("TA",),
    "visit": ("TV",),
    "criterion": ("TI",),
    "parameter": ("TS",),
}


def diff_with_reach(before: Study, after: Study, database: str | None = None) -> StudyDiff:
    """The difference of two studies; participants are those of the ledger of `before` (or of the one given)."""
    declared = {str(s.root): read_domains(s)[0] for s in (before, after)}

    def touches(study: Study, form: str, item: str) -> Iterable[str]:
        return _reached(study, declared[str(study.root)], form, item)

    def touches_design(_: Study, kind: str) -> Iterable[str]:
        return _DESIGN.get(kind, ())

    if not ledger_exists(ledger_url(before, database)):
        return diff_studies(before, after, Downstream(touches, touches_design))
    with open_study_ledger(before, database) as ledger:
        snapshot = ledger.snapshot()

        def in_flight(forms: Iterable[str], visits: Iterable[str]) -> Iterable[str]:
            return participants_in_flight(snapshot, set(forms), set(visits))

        return diff_studies(before, after, Downstream(touches, touches_design, in_flight=in_flight))


def _reached(study: Study, domains: Mapping[str, Domain], form: str, item: str) -> Iterable[str]:
    known = form in study.forms and item in {i.id for g in study.forms[form].groups for i in g.items}
    if not known:
        return ()
    tabulated = find_dependents(study, domains, form, item, load_links(study))
    return (*tabulated, *find_analysis_dependents(read_datasets(study)[0], tabulated))


def participants_in_flight(snapshot: Snapshot, forms: set[str], visits: set[str]) -> list[str]:
    """Participants with data in one of the forms, and those who have no data yet at one of the visits."""
    with_data: set[str] = set()
    seen: set[tuple[str, str]] = set()
    for form, group in snapshot.forms():
        pairs = snapshot.records(form, group).select("participant", "event").unique()
        seen |= set(pairs.iter_rows())
        if form in forms:
            with_data |= set(pairs.get_column("participant").to_list())
    everyone = {participant for _, participant in snapshot.participants()}
    still_to_come = {p for p in everyone if any((p, visit) not in seen for visit in visits)}
    return sorted(with_data | still_to_come)
