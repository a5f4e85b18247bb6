"""What is folded for a whole study at once says the same as fact by fact: forms, queries, verified values, locks."""

from __future__ import annotations

import random
from collections.abc import Iterable

import polars as pl
import pytest

from opencro.capture import (
    Enrolled,
    FormWork,
    SdvPlan,
    covers,
    form_place,
    plan_sdv,
    read_queries,
    review_trail,
    sdv_progress,
)
from opencro.capture.form_acts import last_acts, standing_flags, standing_queries
from opencro.capture.trail_items import PLACE
from opencro.ledger import (
    Act,
    Actor,
    Change,
    Entry,
    Fact,
    FormCompleted,
    FormLocked,
    FormSigned,
    FormUnlocked,
    Ledger,
    QueryAnswered,
    QueryCancelled,
    QueryClosed,
    QueryRaised,
    QueryReopened,
    RecordChanged,
    RecordKey,
    RecordRemoved,
    Removal,
    ReviewFlagged,
    SourceVerified,
)
from opencro.study import Study

ITEMS = ("SYSBP", "VSTIM")
VALUES = ("1", "2", '"SYSBP":["x"', 'a\\":["b', None)


def _steps(rng: random.Random, count: int) -> Iterable[Entry]:
    """Any act on any of six records, in any order; most of them make no sense, which a fold must bear."""
    keys = [
        RecordKey("701", f"701-0{p}", v, 1, "VS", 1, "VS", r) for p in (1, 2) for v in ("SCR", "BL") for r in (1, 2)
    ]
    for _ in range(count):
        key = rng.choice(keys)
        place, query = form_place(key), f"Q{rng.randrange(6)}"
        wider = rng.choice([place, RecordKey("701", key.participant), RecordKey("701"), RecordKey()])
        level = rng.choice(["freeze", "lock"])
        yield rng.choice(
            [
                Change(key, {rng.choice(ITEMS): rng.choice(VALUES)}),
                Change(key, {rng.choice(ITEMS): rng.choice(VALUES)}),
                Change(key, dict.fromkeys(ITEMS, rng.choice(VALUES))),
                Removal(key),
                Act(SourceVerified(list(rng.sample(ITEMS, rng.randint(1, 2)))), key),
                Act(FormCompleted(), place),
                Act(FormSigned("Ann", "reviewed", "0" * 64), place),
                Act(ReviewFlagged("odd", rng.random() < 0.5), place),
                Act(rng.choice([FormLocked(level), FormUnlocked(level, "bob")]), wider),
                Act(QueryRaised(query, rng.choice([*ITEMS, ""]), "", 'Is "query":"Q9" right?'), key),
                Act(
                    rng.choice(
                        [
                            QueryAnswered(query, "a"),
                            QueryClosed(query),
                            QueryReopened(query, "b"),
                            QueryCancelled(query, "c"),
                        ]
                    ),
                    key,
                ),
            ]
        )


@pytest.fixture(params=range(5))
def played(request: pytest.FixtureRequest, any_ledger: Ledger) -> Ledger:
    """A ledger after 90 acts of chance."""
    for entry in _steps(random.Random(request.param), 90):
        any_ledger.append([entry], actor=Actor("ann", "coordinator"), source="ui", reason="r", definition_version="7")
    return any_ledger


def _fold(facts: Iterable[Fact]) -> dict[RecordKey, FormWork]:
    works: dict[RecordKey, FormWork] = {}
    for fact in facts:
        if fact.key.form:
            place = form_place(fact.key)
            works[place] = works.get(place, FormWork()).apply(fact)
    return works


def test_forms_and_their_marks(played: Ledger) -> None:
    trail = played.trail_frame()
    works = _fold(played.facts())
    acts = {RecordKey(*row[:6]): row[6:] for row in last_acts(trail).iter_rows()}
    assert set(acts) == set(works)
    for place, (changed, completed, signed, _) in acts.items():
        work = works[place]
        assert (changed, completed) == (work.changed, work.completed)
        assert signed == (work.signature.fact if work.signature else 0)
    flagged = {RecordKey(*row[: len(PLACE)]) for row in standing_flags(trail).iter_rows()}
    assert flagged == {place for place, work in works.items() if work.flag}


def test_queries(played: Ledger) -> None:
    standing = {q.id: q.state for q in read_queries(played) if q.state in ("open", "answered")}
    assert dict(standing_queries(played.trail_frame()).select("query", "state").iter_rows()) == standing


def test_verified_values(study: Study, played: Ledger) -> None:
    plan = SdvPlan.model_validate({"seed": "s", "levels": [{"id": "all", "items": ["VS"]}]})
    targets = plan_sdv(study, plan, [Enrolled("701", "701-01"), Enrolled("701", "701-02")])
    verified = sdv_progress(played, targets).items.filter(pl.col("state") == "verified")
    told = {(RecordKey(*row[:8]), row[8]) for row in verified.select(*PLACE, "item").iter_rows()}
    folded = set()
    for place, work in _fold(played.facts()).items():
        for record, items in work.verified.items():
            group, _, repeat = record.rstrip("]").partition("[")
            folded |= {(place._replace(group=group, group_repeat=int(repeat)), item) for item in items}
    assert told == folded


def test_edits_after_queries_and_locks(study: Study, played: Ledger) -> None:
    facts = list(played.facts())
    review = review_trail(study, played)
    for mark, expected in (
        ("after_query", _after_query),
        ("after_lock", _ever_locked),
        ("while_locked", _still_locked),
    ):
        moved = (f for f in facts if isinstance(f.what, RecordChanged | RecordRemoved))
        assert review.marked(mark)["seq"].to_list() == [f.seq for f in moved if expected(f, facts)], mark


def _after_query(fact: Fact, facts: list[Fact]) -> bool:
    items = {name for name, (old, _) in fact.payload["items"].items() if old is not None}
    asked = [f.payload["item"] for f in facts if f.seq < fact.seq and f.kind == QueryRaised.NAME and f.key == fact.key]
    changed = bool(items) or fact.kind == RecordRemoved.NAME
    return changed and any(item in items or not item for item in asked)


def _locks(fact: Fact, facts: list[Fact]) -> list[Fact]:
    kinds = (FormLocked.NAME, FormUnlocked.NAME)
    return [f for f in facts if f.seq < fact.seq and f.kind in kinds and covers(f.key, fact.key)]


def _ever_locked(fact: Fact, facts: list[Fact]) -> bool:
    return bool(_locks(fact, facts))


def _still_locked(fact: Fact, facts: list[Fact]) -> bool:
    last = {(f.key, f.payload["level"]): f.kind for f in _locks(fact, facts)}
    return FormLocked.NAME in last.values()
