"""The current state is what follows from the facts, at any position."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opencro.ledger import Change, Ledger, RecordKey, Removal, create_ledger

from .conftest import ANN, record

Raw = Callable[..., list[tuple[object, ...]]]
TEXT = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
KEYS = st.builds(record, st.integers(0, 3), st.sampled_from(["701-1001", "702-2001"]), st.sampled_from(["VS", "AE"]))
CHANGES = st.builds(Change, KEYS, st.dictionaries(st.sampled_from(["SYSBP", "DIABP", "NOTE"]), TEXT, max_size=3))
APPENDS = st.lists(st.lists(CHANGES | st.builds(Removal, KEYS), max_size=6), max_size=8)


def save(ledger: Ledger, entries: list[Change | Removal]) -> int:
    return ledger.append(entries, actor=ANN, source="ui", definition_version="1", reason="because").facts


def model(appends: list[list[Change | Removal]]) -> dict[RecordKey, dict[str, str]]:
    """The state, told again in the simplest way: what a dictionary would hold."""
    state: dict[RecordKey, dict[str, str]] = {}
    for entry in (entry for append in appends for entry in append):
        if isinstance(entry, Removal):
            state.pop(entry.key, None)
        else:
            merged = {**state.get(entry.key, {}), **entry.values}
            held = {item: value for item, value in merged.items() if value is not None}
            if held or entry.key in state:
                state[entry.key] = held
    return state


def standing(ledger: Ledger, position: int | None = None) -> dict[RecordKey, dict[str, str]]:
    state = {}
    snapshot = ledger.snapshot(position)
    for form in {form for form, _ in snapshot.forms()}:
        for row in snapshot.records(form).iter_rows(named=True):
            key = RecordKey(
                row.pop("site"), row.pop("participant"), row.pop("event"), row.pop("event_repeat"),
                form, row.pop("form_repeat"), "VITALS", row.pop("group_repeat"),
            )  # fmt: skip
            state[key] = {i: v for i, v in row.items() if v is not None and i not in ("record", "fact")}
    return state


@pytest.mark.requirement(1)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(appends=APPENDS)
def test_any_sequence_of_changes_replays_to_its_projection(
    url: str, new_url: Callable[[], str], appends: list[list[Change | Removal]]
) -> None:
    with create_ledger(new_url(), study="S", purpose="rehearsal") as ledger:
        positions = []
        for append in appends:
            before = ledger.position
            written = save(ledger, append)
            assert ledger.position == before + written
            positions.append(ledger.position)
        assert standing(ledger) == model(appends)
        assert ledger.verify().ok
        then = {n: model(appends[: n + 1]) for n in range(len(appends))}
        for n, position in enumerate(positions):
            assert standing(ledger, position) == then[n]
        for fact in ledger.facts(kind="record-changed/1"):
            assert json.dumps(fact.payload, sort_keys=True) == json.dumps(fact.payload)


@pytest.mark.requirement(1)
def test_each_row_saved_changed_or_removed_has_exactly_one_fact(ledger: Ledger, owner: Raw) -> None:
    save(ledger, [Change(record(n), {"SYSBP": "1", "DIABP": "2", "NOTE": "x"}) for n in range(500)])
    save(ledger, [Change(record(n), {"SYSBP": "2", "NOTE": None}) for n in range(400)])
    save(ledger, [Removal(record(n)) for n in range(300)])
    assert owner("SELECT count(*) FROM fact WHERE seq > 1") == [(1200,)]
    assert owner("SELECT kind, count(*) FROM audit WHERE seq > 1 GROUP BY kind ORDER BY kind") == [
        ("record-changed/1", 900),
        ("record-removed/1", 300),
    ]
    assert [(len(ledger.history(record(n))), n) for n in (0, 350, 450)] == [(7, 0), (5, 350), (3, 450)]
    assert ledger.verify().ok


def test_the_projection_can_be_dropped_and_rebuilt_to_equality(ledger: Ledger, owner: Raw) -> None:
    save(ledger, [Change(record(n), {"SYSBP": str(n), "NOTE": '"é\\\n'}) for n in range(50)])
    save(ledger, [Removal(record(3)), Change(record(4), {"SYSBP": None})])
    select = "SELECT * FROM record ORDER BY first_fact"
    before = owner(select)
    owner("DROP TABLE record")
    ledger.rebuild()
    assert owner(select) == before
    assert ledger.verify().ok
    save(ledger, [Change(record(99), {"SYSBP": "1"})])
    assert ledger.verify().ok


def test_a_snapshot_stays_as_it_is_while_the_ledger_goes_on(ledger: Ledger) -> None:
    save(ledger, [Change(record(), {"SYSBP": "1"})])
    snapshot = ledger.snapshot()
    save(ledger, [Change(record(), {"SYSBP": "2"}), Change(record(2), {"PULSE": "60"})])
    assert snapshot.position == 2
    assert snapshot.anchor == ledger.anchors()[1].hash
    assert snapshot.records("VS")["SYSBP"].to_list() == ["1"]
    assert ledger.snapshot(2).records("VS").equals(snapshot.records("VS"))
    assert ledger.snapshot().participants() == [("701", "701-1001")]


def test_a_frame_has_key_columns_then_items_as_text(ledger: Ledger) -> None:
    save(ledger, [Change(record(2), {"B": "01", "A": "1.50"}), Change(record(1), {"A": "2014-01-02"})])
    frame = ledger.snapshot().records("VS", "VITALS")
    keys = ["record", "fact", "site", "participant", "event", "event_repeat", "form_repeat", "group_repeat"]
    assert frame.columns == [*keys, "A", "B"]
    assert frame["record"].to_list() == [2, 3]
    assert frame["A"].to_list() == ["1.50", "2014-01-02"]
    assert frame["B"].to_list() == ["01", None]
    asked = ledger.snapshot().records("VS", items=["B", "Z"])
    assert asked.columns == [*keys, "B", "Z"]
    assert asked.schema["Z"] == pl.String
    none = ledger.snapshot().records("LB", items=["X"])
    assert (none.height, none.columns) == (0, [*keys, "X"])
    save(ledger, [Change(record(1), {"A": None}), Change(record(2), {"A": None, "B": None})])
    assert ledger.snapshot().records("VS").columns == keys


def test_parquet_of_a_position_is_the_same_to_the_byte(ledger: Ledger, tmp_path: Path) -> None:
    save(ledger, [Change(record(n), {"SYSBP": str(n)}) for n in range(100)])
    save(ledger, [Change(record(1, form="AE/1"), {"AETERM": "rash"})])
    position = ledger.position
    first = {p.name: p.read_bytes() for p in ledger.snapshot().write_parquet(tmp_path / "a")}
    save(ledger, [Change(record(5), {"SYSBP": "x"})])
    second = {p.name: p.read_bytes() for p in ledger.snapshot(position).write_parquet(tmp_path / "b")}
    assert first == second
    assert sorted(first) == ["AE%2F1.VITALS.parquet", "VS.VITALS.parquet"]
    manifests = [(tmp_path / d / "snapshot.json").read_bytes() for d in "ab"]
    assert manifests[0] == manifests[1]


def test_a_position_that_is_not_reached_is_an_error(ledger: Ledger) -> None:
    with pytest.raises(ValueError):
        ledger.snapshot(2)
