"""Who had access on a day, folded from the facts about roles."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from opencro.capture import access_on, read_grants
from opencro.ledger import (
    Act,
    Actor,
    DataExported,
    Entry,
    Ledger,
    RecordKey,
    RoleChanged,
    UnblindedViewed,
    UserLoggedIn,
)

ADMIN = Actor("ada", "administrator")


@pytest.fixture
def on(any_ledger: Ledger, clock: object) -> object:
    """Append acts at a time."""

    def append(when: str, *acts: Entry, actor: Actor = ADMIN) -> None:
        clock.now = datetime.fromisoformat(when).replace(tzinfo=UTC)  # type: ignore[attr-defined]
        any_ledger.append(acts, actor=actor, source="ui", definition_version="7")

    return append


def _role(user: str, old: str, new: str, site: str = "701") -> Act:
    return Act(RoleChanged(user, old, new), RecordKey(site))


@pytest.mark.requirement(27)
def test_a_role_counts_on_every_day_on_which_it_was_held(any_ledger: Ledger, on) -> None:  # type: ignore[no-untyped-def]
    on("2026-03-02T09:00", _role("cora", "", "coordinator"), _role("mona", "", "monitor", site=""))
    on("2026-03-04T15:00", _role("cora", "coordinator", "investigator"))
    on("2026-03-06T08:00", _role("cora", "investigator", ""))

    def held(day: int) -> list[tuple[str, str, str]]:
        return access_on(any_ledger, date(2026, 3, day)).select("user", "site", "role").rows()

    everywhere = ("mona", "", "monitor")
    assert held(1) == []
    assert held(2) == held(3) == [("cora", "701", "coordinator"), everywhere]
    assert held(4) == [("cora", "701", "coordinator"), ("cora", "701", "investigator"), everywhere]
    assert held(6) == [("cora", "701", "investigator"), everywhere]
    assert held(7) == [everywhere]
    assert "sign" in access_on(any_ledger, date(2026, 3, 6))["may"][0].split(", ")
    ended = next(g for g in read_grants(any_ledger) if g.role == "coordinator")
    assert (ended.since, ended.until, ended.taken_by) == (
        "2026-03-02T09:00:00.000Z",
        "2026-03-04T15:00:00.000Z",
        "ada",
    )


@pytest.mark.requirement(27)
def test_what_each_user_did_that_day_to_get_at_data_is_counted(any_ledger: Ledger, on) -> None:  # type: ignore[no-untyped-def]
    on("2026-03-02T09:00", _role("cora", "", "coordinator"))
    cora = Actor("cora", "coordinator")
    on("2026-03-03T08:00", Act(UserLoggedIn("cora", succeeded=False)), Act(UserLoggedIn("cora", succeeded=True)))
    on("2026-03-03T09:00", Act(DataExported("VS", "csv", 3, 10)), Act(UnblindedViewed("kits")), actor=cora)
    on("2026-03-04T08:00", Act(UserLoggedIn("cora", succeeded=True)))
    (row,) = access_on(any_ledger, date(2026, 3, 3)).to_dicts()
    assert (row["logins"], row["failed_logins"], row["exports"], row["unblinded_views"]) == (1, 1, 1, 1)
    (row,) = access_on(any_ledger, date(2026, 3, 2)).to_dicts()
    assert (row["logins"], row["failed_logins"], row["exports"], row["unblinded_views"]) == (0, 0, 0, 0)
