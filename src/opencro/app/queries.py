"""Edit checks over a study's ledger, and the queries that they raise and close, written as facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from opencro.app.wiring import publish_definition
from opencro.capture import EditCheckRun, Query, plan_queries, read_queries, run_edit_checks
from opencro.kernel.finding import Finding, Place, Refused, suggest
from opencro.ledger import Actor, Ledger, QueryRaised, Source
from opencro.study import EditCheck, Study

ACTOR = Actor("edit.checks", "edit checks")


@dataclass(frozen=True)
class QueryReport:
    """What the checks say, the queries as they stand afterwards, and how many were raised and closed just now."""

    run: EditCheckRun
    queries: tuple[Query, ...]
    raised: int
    closed: int


def query_study(study: Study, ledger: Ledger, *, only: Sequence[str] = (), write: bool = False) -> QueryReport:
    """Run the edit checks (`only` these ids) over what stands; with `write`, raise and close queries accordingly.

    Refused (QRY-001) for an id that is no edit check of the study.
    """
    run = run_edit_checks(study, ledger.snapshot(), choose_checks(study, only))
    queries = read_queries(ledger, run.position)
    acts = plan_queries(run, queries)
    raised = sum(isinstance(act.what, QueryRaised) for act in acts)
    if write and acts:
        publish_definition(study, ledger, ACTOR, Source.SYSTEM)
        ledger.append(acts, actor=ACTOR, source=Source.SYSTEM, definition_version=study.file.version)
        queries = read_queries(ledger)
    return QueryReport(run, tuple(queries), raised, len(acts) - raised)


def choose_checks(study: Study, only: Sequence[str]) -> list[EditCheck]:
    """The edit checks with these ids, all of the study where none is given; refused (QRY-001) for an unknown id."""
    known = {check.id: check for check in study.checks}
    unknown = [name for name in only if name not in known]
    if unknown:
        raise Refused([_unknown(name, known) for name in unknown])
    return [known[name] for name in only] or list(study.checks)


def _unknown(name: str, known: Iterable[str]) -> Finding:
    remedy = suggest(name, known) or "Name a check of forms/checks.yaml, or none to run all."
    return Finding("QRY-001", Place("forms/checks.yaml"), f'check "{name}"', "the id of an edit check", remedy)
