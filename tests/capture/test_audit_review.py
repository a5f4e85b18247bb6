"""Review of the trail: each mark where it belongs and nowhere else, filters, counts, and the review on record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from opencro.capture import (
    MARKS,
    ReviewRules,
    Sites,
    TrailFilter,
    TrailReview,
    count_marks,
    read_review_rules,
    read_sites,
    review_trail,
    trail_reviewed,
)
from opencro.kernel.located import parse_located
from opencro.ledger import (
    Act,
    Actor,
    Change,
    Entry,
    FormLocked,
    FormUnlocked,
    Ledger,
    QueryRaised,
    RecordKey,
    Removal,
    TrailReviewed,
)
from opencro.study import Study

COORDINATOR, MANAGER = Actor("cora", "coordinator"), Actor("dm1", "data manager")
Write = Callable[..., int]


def _vitals(participant: str = "701-01", repeat: int = 1, site: str = "701") -> RecordKey:
    return RecordKey(site, participant, "BL", 1, "VS", 1, "VS", repeat)


@pytest.fixture
def write(any_ledger: Ledger) -> Write:
    """Append entries as the coordinator (or another) and give the number of the last fact."""

    def append(*entries: Entry, actor: Actor = COORDINATOR, source: str = "ui", reason: str = "misread") -> int:
        receipt = any_ledger.append(entries, actor=actor, source=source, reason=reason, definition_version="7")
        return receipt.last_seq

    return append


def _marked(review: TrailReview, mark: str) -> list[int]:
    return review.marked(mark)["seq"].to_list()


@pytest.mark.requirement(11)
def test_a_first_entry_long_after_the_date_of_the_record_is_late(
    study: Study, any_ledger: Ledger, write: Write
) -> None:
    on_time = write(Change(_vitals(), {"VSDAT": "2026-02-25", "SYSBP": "120"}))
    late = write(Change(_vitals("701-02"), {"VSDAT": "2026-02-24", "SYSBP": "120"}))
    write(Change(_vitals("701-02"), {"SYSBP": "121"}))
    undated = write(Change(_vitals("701-03"), {"SYSBP": "120"}))
    review = review_trail(study, any_ledger)
    assert _marked(review, "late") == [late]
    days = dict(review.facts.select("seq", "days").iter_rows())
    assert (days[on_time], days[late], days[undated]) == (5, 6, None)
    assert _marked(review_trail(study, any_ledger, rules=ReviewRules(late_days=6)), "late") == []


@pytest.mark.requirement(11)
def test_the_date_as_it_stands_counts_and_a_removal_hides_no_late_entry(
    study: Study, any_ledger: Ledger, write: Write
) -> None:
    backdated = write(Change(_vitals(), {"VSDAT": "2026-03-01", "SYSBP": "120"}))
    removed = write(Change(_vitals("701-02"), {"VSDAT": "2026-02-01"}))
    corrected = write(Change(_vitals("701-03"), {"VSDAT": "2026-01-01"}))
    write(Change(_vitals(), {"VSDAT": "2026-02-01"}), Removal(_vitals("701-02")))
    write(Change(_vitals("701-03"), {"VSDAT": "2026-03-01"}))
    late = _marked(review_trail(study, any_ledger), "late")
    assert late == [backdated, removed]
    assert corrected not in late


@pytest.mark.requirement(11)
def test_a_record_without_date_is_judged_by_the_date_of_its_visit(
    study: Study, any_ledger: Ledger, write: Write
) -> None:
    write(Change(_vitals(), {"VSDAT": "2026-01-02"}))
    undated = write(Change(_vitals(repeat=2), {"SYSBP": "120"}))
    assert undated in _marked(review_trail(study, any_ledger), "late")


@pytest.mark.requirement(11)
def test_an_edit_of_the_queried_item_after_the_query_is_marked(study: Study, any_ledger: Ledger, write: Write) -> None:
    write(Change(_vitals(), {"SYSBP": "320", "VSTIM": "10:00"}))
    before = write(Change(_vitals(), {"SYSBP": "310"}))
    write(Act(QueryRaised("Q1", "SYSBP", "", 'Is "SYSBP":["x" right?'), _vitals()), actor=MANAGER)
    other = write(Change(_vitals(), {"VSTIM": "11:00"}))
    after = write(Change(_vitals(), {"SYSBP": "130"}))
    elsewhere = write(Change(_vitals("701-02"), {"SYSBP": "1"}), Change(_vitals("701-03"), {"SYSBP": "2"}))
    marked = _marked(review_trail(study, any_ledger), "after_query")
    assert marked == [after]
    assert not {before, other, elsewhere} & set(marked)


@pytest.mark.requirement(11)
def test_a_removal_of_a_queried_record_and_a_query_about_the_whole_record_count(
    study: Study, any_ledger: Ledger, write: Write
) -> None:
    write(Change(_vitals(), {"SYSBP": "320"}))
    write(Act(QueryRaised("Q1", "", "", "Whose is it?"), _vitals()), actor=MANAGER)
    removed = write(Removal(_vitals()))
    assert _marked(review_trail(study, any_ledger), "after_query") == [removed]


@pytest.mark.requirement(11)
@pytest.mark.requirement(38)
@pytest.mark.parametrize(
    "place",
    [
        RecordKey(),
        RecordKey("701"),
        RecordKey("701", "701-01"),
        RecordKey("701", "701-01", "BL", 1),
        RecordKey("701", "701-01", "BL", 1, "VS", 1),
    ],
    ids=["study", "site", "participant", "visit", "form"],
)
def test_what_moves_after_a_lock_of_any_width_is_marked(
    study: Study, any_ledger: Ledger, write: Write, place: RecordKey
) -> None:
    write(Change(_vitals(), {"SYSBP": "120"}))
    write(Act(FormLocked("lock"), place), actor=MANAGER)
    while_locked = write(Change(_vitals(), {"SYSBP": "121"}))
    write(Act(FormUnlocked("lock", "second"), place), actor=MANAGER)
    unlocked = write(Change(_vitals(), {"VSTIM": "10:00"}))
    elsewhere = write(Change(_vitals("702-01", site="702"), {"SYSBP": "121"}))
    review = review_trail(study, any_ledger)
    everywhere = [elsewhere] if place == RecordKey() else []
    assert _marked(review, "after_lock") == [while_locked, unlocked, *everywhere]
    assert _marked(review, "while_locked") == [while_locked]


@pytest.mark.requirement(11)
def test_night_and_weekend_are_those_of_the_site(study: Study, any_ledger: Ledger, write: Write, clock: object) -> None:
    sites = Sites.model_validate({"zone": "Europe/Berlin", "sites": {"702": {"zone": "Asia/Tokyo"}}})
    clock.now = datetime(2026, 3, 6, 17, 30, tzinfo=UTC)  # type: ignore[attr-defined]  # Friday: 18:30 and 02:30
    evening = write(Change(_vitals(), {"SYSBP": "120"}))
    night = write(Change(_vitals("702-01", site="702"), {"SYSBP": "120"}))
    by_file = write(Change(_vitals("702-02", site="702"), {"SYSBP": "120"}), source="import")
    review = review_trail(study, any_ledger, sites=sites)
    assert evening not in _marked(review, "night")
    assert _marked(review, "night") == [night] == _marked(review, "weekend")
    assert by_file not in _marked(review, "weekend")


@pytest.mark.requirement(11)
def test_a_burst_at_night_is_counted_and_the_same_by_day_is_not(
    study: Study, any_ledger: Ledger, write: Write, clock: object
) -> None:
    rules = ReviewRules.model_validate({"burst": {"facts": 3, "gap_minutes": 5}})

    def enter(start: datetime, first: int, gap: timedelta) -> None:
        for i in range(3):
            clock.now = start + i * gap  # type: ignore[attr-defined]
            write(Change(_vitals(repeat=first + i), {"SYSBP": "120"}))

    enter(datetime(2026, 3, 3, 10, 0, tzinfo=UTC), 1, timedelta(minutes=1))
    enter(datetime(2026, 3, 3, 22, 0, tzinfo=UTC), 11, timedelta(minutes=6))
    assert _marked(review_trail(study, any_ledger, rules=rules), "burst") == []
    enter(datetime(2026, 3, 4, 22, 0, tzinfo=UTC), 21, timedelta(minutes=5))
    review = review_trail(study, any_ledger, rules=rules)
    assert len(_marked(review, "burst")) == 3
    (row,) = [r for r in review.counts.to_dicts() if r["actor"] == "cora"]
    assert (row["bursts"], row["largest_burst"], row["night"], row["facts"]) == (1, 3, 6, 9)


@pytest.mark.requirement(11)
def test_facts_are_filtered_by_each_field_and_marks_survive_the_filter(
    study: Study, any_ledger: Ledger, write: Write, clock: object
) -> None:
    first = write(Change(_vitals(), {"SYSBP": "320"}))
    raised = write(Act(QueryRaised("Q1", "SYSBP", "", "Really?"), _vitals()), actor=MANAGER)
    clock.now = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)  # type: ignore[attr-defined]
    edit = write(Change(_vitals(), {"SYSBP": "130"}), reason="Misread the dial")
    other = write(Change(_vitals("702-01", site="702"), {"SYSBP": "120"}), source="api")

    def seen(**given: str) -> list[int]:
        return review_trail(study, any_ledger, TrailFilter(**given)).facts["seq"].to_list()

    assert seen(user="dm1") == seen(role="data manager") == seen(kind="query-raised") == [raised]
    assert seen(kind="query-raised/1") == [raised]
    assert seen(kind="query") == []
    assert seen(site="702") == seen(participant="702-01") == seen(source="api") == [other]
    assert seen(reason="the DIAL") == [edit]
    assert seen(since="2026-04", site="701") == [edit]
    assert seen(until="2026-03-02", site="701") == [first, raised]
    assert _marked(review_trail(study, any_ledger, TrailFilter(user="cora", site="701")), "after_query") == [edit]


@pytest.mark.requirement(11)
def test_the_review_itself_is_on_record_with_its_filters(study: Study, any_ledger: Ledger, write: Write) -> None:
    write(Change(_vitals(), {"SYSBP": "120"}))
    review = review_trail(study, any_ledger, TrailFilter(site="701", since="2026"))
    position = any_ledger.position
    write(trail_reviewed(review), actor=MANAGER)
    (fact,) = any_ledger.facts(kind=TrailReviewed.NAME)
    assert fact.what == TrailReviewed(position, {"site": "701", "since": "2026"})
    again = review_trail(study, any_ledger)
    assert again.facts["seq"].to_list() == list(range(1, any_ledger.position + 1))


def test_the_counts_add_up_to_the_facts(study: Study, any_ledger: Ledger, write: Write) -> None:
    write(Change(_vitals(), {"SYSBP": "120", "VSTIM": "10:00"}), Change(_vitals("701-02"), {"SYSBP": "1"}))
    write(Change(_vitals(), {"SYSBP": '"SYSBP":["x"', "VSTIM": None}), Removal(_vitals("701-02")))
    review = review_trail(study, any_ledger)
    (row,) = [r for r in review.counts.to_dicts() if r["actor"] == "cora"]
    assert (row["entries"], row["edits"], row["removals"], row["values"]) == (2, 1, 1, 6)
    for mark in set(MARKS) - {"burst"}:
        assert review.counts[mark].sum() == len(review.marked(mark))
    assert count_marks(review.facts, ("site",))["facts"].sum() == any_ledger.position
    with pytest.raises(ValueError, match="no mark"):
        review.marked("lat")


def _with(study: Study, name: str, text: str) -> Study:
    document, findings = parse_located(text, name)
    assert document is not None
    assert not findings
    return replace(study, documents={name: document})


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("conduct/sites.yaml", "zone: Europe/Berln", "SIT-001"),
        ("conduct/sites.yaml", "sites:\n  701: {zona: UTC}", "SIT-001"),
        ("conduct/audit_review.yaml", "late_dais: 3", "REV-001"),
        ("conduct/audit_review.yaml", "office_hours: [20, 7]", "REV-002"),
    ],
)
def test_rules_that_cannot_be_meant_are_found_with_their_line(study: Study, name: str, text: str, code: str) -> None:
    read = read_sites if "sites" in name else read_review_rules
    (finding,) = read(_with(study, name, text))[1]
    assert finding.code == code
    assert (finding.place.file, finding.place.line) == (name, text.count("\n") + 1)
    assert finding.remedy


def test_rules_and_sites_are_read_from_the_study(study: Study) -> None:
    rules, none = read_review_rules(_with(study, "conduct/audit_review.yaml", "late_days: 3\noffice_hours: [8, 18]"))
    assert (rules.late_days, rules.office_hours, tuple(none)) == (3, (8, 18), ())
    sites, _ = read_sites(_with(study, "conduct/sites.yaml", "zone: Asia/Tokyo\nsites:\n  701: {zone: UTC}"))
    assert (sites.zone_of("701"), sites.zone_of("702")) == ("UTC", "Asia/Tokyo")
    assert read_sites(study)[0].zone_of("701") == "UTC"
