"""A rehearsed trial is consistent, valid, the same for the same seed, and becomes datasets."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from opencro.app.wiring import records_of, terms_of
from opencro.capture import check_value
from opencro.kernel.partial_date import parse_partial_date
from opencro.ledger import FormSigned, Ledger, ParticipantEnrolled, QueryAnswered, QueryClosed, QueryRaised, RoleChanged
from opencro.rehearsal import VirtualClock, read_plan, rehearse
from opencro.study import Study
from opencro.tabulation import assemble_datasets, load_domains, load_links, tabulate

EVERY = ["played_starter", "played_bare", "played_pilot"]


def export_hash(ledger: Ledger, path: Path) -> str:
    ledger.export_ledger(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(params=EVERY)
def played(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


def frames(played: Any) -> Iterator[tuple[Any, Any, pl.DataFrame]]:
    snapshot = played.ledger.snapshot()
    for form in played.study.forms.values():
        for group in form.groups:
            frame = snapshot.records(form.id, group.id, [item.id for item in group.items])
            if frame.height:
                yield form, group, frame


@pytest.mark.requirement(40)
def test_the_same_seed_gives_the_same_bytes(player: Callable[..., Any], starter: Study, tmp_path: Path) -> None:
    first, again, other = (player(starter, tmp_path / n, 25, seed) for n, seed in (("a", 3), ("b", 3), ("c", 4)))
    hashes = [export_hash(p.ledger, tmp_path / f"{i}.jsonl") for i, p in enumerate((first, again, other))]
    assert hashes[0] == hashes[1]
    assert hashes[0] != hashes[2]


def test_the_same_seed_gives_the_same_bytes_on_the_pilot(
    player: Callable[..., Any], pilot: Study, tmp_path: Path
) -> None:
    first, again = (player(pilot, tmp_path / n, 8, 3) for n in "ab")
    assert export_hash(first.ledger, tmp_path / "1") == export_hash(again.ledger, tmp_path / "2")


def test_the_ledger_of_a_rehearsal_is_intact_and_in_order_of_time(played: Any) -> None:
    assert not played.ledger.verify()
    times = [fact.recorded_at for fact in played.ledger.facts()]
    assert times == sorted(times)


def test_every_standing_value_fits_its_item_and_code_list(played: Any) -> None:
    for form, group, frame in frames(played):
        for item in group.items:
            for text in frame[item.id].drop_nulls().unique():
                misfit = check_value(item, text, played.study.codelists)
                assert misfit is None, (form.id, item.id, text, misfit)


def test_required_items_are_filled_where_they_are_asked(played: Any) -> None:
    for form, group, frame in frames(played):
        for item in group.items:
            if item.required and not item.show_when and item.id not in ("QSORRES",):
                assert frame[item.id].null_count() == 0, (form.id, item.id)


def test_show_when_is_obeyed(played_starter: Any) -> None:
    log = played_starter.ledger.snapshot().records("AE")
    assert log.filter((pl.col("AEONGO") == "Y") & pl.col("AEENDAT").is_not_null()).height == 0
    assert log.filter((pl.col("AEONGO") == "N") & pl.col("AEENDAT").is_not_null()).height > 0


def _days(text: pl.Expr) -> pl.Expr:
    return text.str.to_date("%Y-%m-%d", strict=False)


def test_birth_consent_first_dose_and_visits_stand_in_order(played_starter: Any) -> None:
    snapshot = played_starter.ledger.snapshot()
    people = snapshot.records("DM").select("participant", _days(pl.col("RFICDAT")), _days(pl.col("BRTHDAT")))
    assert people.filter(pl.col("BRTHDAT") >= pl.col("RFICDAT")).height == 0
    doses = snapshot.records("EX").select("participant", _days(pl.col("EXSTDAT")), _days(pl.col("EXENDAT")))
    joined = doses.join(people, on="participant")
    assert joined.height == doses.height
    assert joined.filter((pl.col("EXSTDAT") < pl.col("RFICDAT")) | (pl.col("EXENDAT") < pl.col("EXSTDAT"))).height == 0
    visits = (
        snapshot.records("VS").select("participant", "event", _days(pl.col("VSDAT"))).join(people, on="participant")
    )
    assert visits.filter(pl.col("VSDAT") < pl.col("RFICDAT")).height == 0
    order = {v.id: v.number for v in played_starter.study.protocol.schedule.visits}
    ordered = visits.with_columns(number=pl.col("event").replace_strict(order)).sort("participant", "number")
    assert ordered.filter(pl.col("VSDAT").diff().over("participant") <= pl.duration(days=0)).height == 0


def test_visits_of_the_pilot_stand_in_order_of_their_numbers(played_pilot: Any) -> None:
    order = {v.id: v.number for v in played_pilot.study.protocol.schedule.visits if v.number < 100}
    log = played_pilot.ledger.snapshot().records("VISITLOG").filter(pl.col("event").is_in(list(order)))
    log = log.with_columns(number=pl.col("event").replace_strict(order)).sort("participant", "number")
    days = log.with_columns(_days(pl.col("VISITDAT")))
    assert days.filter(pl.col("VISITDAT").diff().over("participant") <= pl.duration(days=0)).height == 0


def test_dosing_periods_of_the_pilot_do_not_overlap_and_fit_the_arm(played_pilot: Any) -> None:
    snapshot = played_pilot.ledger.snapshot()
    doses = snapshot.records("EX").join(snapshot.records("RAND").select("participant", "ARMCD"), on="participant")
    ordered = doses.sort("participant", "EXSTDAT").with_columns(
        pl.col("EXENDAT").shift().over("participant").alias("before")
    )
    assert ordered.filter(pl.col("EXSTDAT") <= pl.col("before")).height == 0
    high = doses.filter(pl.col("EXDSTXT") == "81")
    assert set(high["ARMCD"]) == {"Xan_Hi"}
    assert set(doses.filter(pl.col("EXTRT") == "PLACEBO")["ARMCD"]) == {"Pbo"}


def test_events_end_after_they_start_and_within_the_trial(played: Any) -> None:
    log = played.ledger.snapshot().records("AE")
    whole = log.with_columns(_days(pl.col("AESTDAT")), _days(pl.col("AEENDAT"))).drop_nulls(["AESTDAT", "AEENDAT"])
    assert whole.height > 0
    assert whole.filter(pl.col("AEENDAT") < pl.col("AESTDAT")).height == 0


def test_nothing_is_recorded_before_enrolment_and_no_date_is_known_before_it_came(played: Any) -> None:
    enrolled: dict[str, str] = {}
    for fact in played.ledger.facts():
        if fact.kind == ParticipantEnrolled.NAME:
            enrolled[fact.key.participant] = fact.recorded_at
        elif fact.key.participant:
            assert enrolled[fact.key.participant] <= fact.recorded_at
    dated = {
        (f.id, i.id)
        for f in played.study.forms.values()
        for g in f.groups
        for i in g.items
        if i.type.startswith("date")
    }
    changed = played.ledger.changes_frame().group_by("seq", maintain_order=True).last()
    del changed
    last = (
        played.ledger.changes_frame()
        .sort("seq")
        .unique(["participant", "event", "form", "form_repeat", "group", "group_repeat", "item"], keep="last")
    )
    for form, item, new, at in last.select("form", "item", "new", "recorded_at").iter_rows():
        if (form, item) in dated and new is not None:
            value = parse_partial_date(new)
            assert value is not None
            assert value.whole is not None
            assert value.whole <= datetime.fromisoformat(at).date()


def test_corrections_carry_a_reason_and_signatures_come_after_them(played_pilot: Any) -> None:
    changes = played_pilot.ledger.changes_frame()
    corrected = changes.filter(pl.col("old").is_not_null())
    assert corrected.height > 100
    assert corrected.filter(pl.col("reason") == "").height == 0
    signed = {
        (f.key.participant, f.key.event, f.key.form): f.seq for f in played_pilot.ledger.facts(kind=FormSigned.NAME)
    }
    visits = corrected.filter(pl.col("event") != "")
    for participant, event, form, seq in visits.select("participant", "event", "form", "seq").iter_rows():
        if played_pilot.study.forms[form].source == "site":
            assert signed[participant, event, form] > seq


def test_queries_are_raised_answered_and_closed_in_this_order(played_pilot: Any) -> None:
    steps: dict[str, list[str]] = {}
    for fact in played_pilot.ledger.facts():
        if fact.kind.startswith("query-"):
            steps.setdefault(fact.payload["query"], []).append(fact.kind)
    assert steps
    assert all(s == [QueryRaised.NAME, QueryAnswered.NAME, QueryClosed.NAME] for s in steps.values())


def test_each_site_has_its_own_people_who_work_in_its_hours(played: Any) -> None:
    roles = {f.payload["user"]: f.key.site for f in played.ledger.facts(kind=RoleChanged.NAME)}
    assert len(roles) == 2 * len(played.report.sites)
    for fact in played.ledger.facts():
        if fact.role in ("coordinator", "investigator"):
            assert roles[fact.actor] == fact.key.site
            assert datetime.fromisoformat(fact.recorded_at).weekday() < 5 or fact.recorded_at[11:13] < "05"


def test_persons_stay_themselves(played_pilot: Any) -> None:
    vitals = played_pilot.ledger.snapshot().records("VS")
    weight = vitals.select("participant", pl.col("WEIGHT_VSORRES").cast(pl.Float64)).drop_nulls()
    spread = weight.group_by("participant").agg(pl.col("WEIGHT_VSORRES").std().alias("within"), pl.len())
    within = spread.filter(pl.col("len") > 3)["within"].mean()
    between = weight.group_by("participant").agg(pl.col("WEIGHT_VSORRES").mean())["WEIGHT_VSORRES"].std()
    assert within is not None
    assert between is not None
    assert 0 < within < 5 < between
    pressure = vitals.select(
        pl.col("SYSBP_VSORRES").cast(pl.Float64), pl.col("DIABP_VSORRES").cast(pl.Float64)
    ).drop_nulls()
    assert pressure.select(pl.corr("SYSBP_VSORRES", "DIABP_VSORRES")).item() > 0.3


def test_the_pilot_becomes_datasets_without_a_finding(played_pilot: Any) -> None:
    study = played_pilot.study
    catalogue = terms_of(study).catalogue("sdtmig", study.file.standards["sdtmig"])
    made = tabulate(study, load_domains(study), records_of(study, played_pilot.ledger.snapshot()), catalogue)
    assembly = assemble_datasets(study, made, load_links(study), catalogue)
    assert not list(made.findings + assembly.findings)
    people = assembly.datasets["DM"].frame
    assert people.height == 60
    randomized = people.filter(pl.col("ARMCD") != "Scrnfail")
    assert randomized.filter(pl.col("RFSTDTC").is_null()).height == 0
    assert set(assembly.datasets["DS"].frame["USUBJID"]) == set(people["USUBJID"])
    assert assembly.datasets["SE"].frame.filter(pl.col("SEENDTC") < pl.col("SESTDTC")).height == 0
    assert assembly.datasets["RELREC"].frame.height > 0


@pytest.mark.parametrize("wanted", EVERY)
def test_the_report_counts_what_the_ledger_holds(request: pytest.FixtureRequest, wanted: str) -> None:
    played = request.getfixturevalue(wanted)
    report, snapshot = played.report, played.ledger.snapshot()
    assert report.position == snapshot.position == report.facts + 1
    for form, count in report.by_form.items():
        held = snapshot.records(form).height
        assert held == count, form
    assert report.screened == report.failed + sum(arm["randomized"] for arm in report.arms.values())
    assert report.as_dict()["anchor"] == snapshot.anchor
    assert set(report.checks) | set(report.checks_not_run) == {check.id for check in played.study.checks}


def test_without_a_plan_the_report_says_so(played_bare: Any, played_starter: Any) -> None:
    assert not played_bare.report.own_plan
    assert played_starter.report.own_plan
    items = {f"{f.id}.{i.id}" for f in played_bare.study.forms.values() for g in f.groups for i in g.items}
    assert set(played_bare.report.items_by_default) == items
    assert not played_starter.report.items_by_default


def test_a_rehearsal_asks_for_people_a_seed_and_an_empty_purpose(starter: Study, tmp_path: Path) -> None:
    from opencro.ledger import create_ledger

    with create_ledger(str(tmp_path / "l"), study=starter.id, purpose="live") as ledger, pytest.raises(ValueError):
        rehearse(starter, ledger, participants=5, seed=1, clock=VirtualClock())


def test_one_participant_is_enough(player: Callable[..., Any], starter: Study, tmp_path: Path) -> None:
    assert player(starter, tmp_path / "one", 1).report.screened == 1


def test_the_bundled_plans_are_read_without_findings(starter: Study, pilot: Study) -> None:
    assert read_plan(starter).forms
    assert len(read_plan(pilot).forms["QS"].rows) > 100
