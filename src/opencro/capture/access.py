"""Who had access on a day, and what was done with it: from the facts about roles, logins, views and exports.

Source: ICH E6(R3) section 4.2.2(a)(i); 21 CFR 11.300(b) (periodic review). Manual: docs/audit-review.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from opencro.capture.roles import roles
from opencro.ledger import DataExported, Fact, Ledger, RoleChanged, UnblindedViewed, UserLoggedIn

_DONE = ("logins", "failed_logins", "exports", "unblinded_views")
COLUMNS = ("user", "site", "role", "from", "given_by", "until", "taken_by", "may", *_DONE)
_SCHEMA: dict[str, type[pl.DataType]] = {name: pl.Int64 if name in _DONE else pl.String for name in COLUMNS}


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that a user held at a site ("": all sites), from one fact on, and until another; "" while it is held."""

    user: str
    site: str
    role: str
    since: str
    given_by: str
    until: str = ""
    taken_by: str = ""


def read_grants(ledger: Ledger) -> list[Grant]:
    """Every role that anybody ever held, in the order in which it was given."""
    return _fold_grants(ledger.facts(kind=RoleChanged.NAME))


def access_on(ledger: Ledger, day: date) -> pl.DataFrame:
    """Who could see what on a day (UTC), with what each user did to get at data that day: `COLUMNS`.

    One row for each role at each site that was held at any time of the day; a role that was taken away on that day is
    there with the time until which it held. `may` lists what the role permits by today's table of roles.
    """
    start, end = f"{day.isoformat()}T", f"{(day + timedelta(days=1)).isoformat()}T"
    facts = list(ledger.facts(kind=(RoleChanged.NAME, UserLoggedIn.NAME, DataExported.NAME, UnblindedViewed.NAME)))
    grants = [g for g in _fold_grants(facts) if g.since < end and (not g.until or g.until >= start)]
    done = Counter(_deed(fact) for fact in facts if start <= fact.recorded_at < end)
    rows = [
        (
            *(g.user, g.site, g.role, g.since, g.given_by, g.until, g.taken_by, _may(g.role)),
            *(done[g.user, what] for what in _DONE),
        )
        for g in grants
    ]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row").sort("user", "site", "role", "from")


def _fold_grants(facts: Iterable[Fact]) -> list[Grant]:
    held: dict[tuple[str, str, str], Fact] = {}
    ended: list[tuple[int, Grant]] = []
    for fact in facts:
        what = fact.what
        if not isinstance(what, RoleChanged):
            continue
        old, new = (what.user, fact.key.site, what.old_role), (what.user, fact.key.site, what.new_role)
        if what.old_role and old in held:
            first = held.pop(old)
            ended.append((first.seq, Grant(*old, first.recorded_at, first.actor, fact.recorded_at, fact.actor)))
        if what.new_role:
            held.setdefault(new, fact)
    standing = [(fact.seq, Grant(*key, fact.recorded_at, fact.actor)) for key, fact in held.items()]
    return [grant for _, grant in sorted([*ended, *standing], key=lambda pair: pair[0])]


def _deed(fact: Fact) -> tuple[str, str]:
    """Who did what (`_DONE`) by a fact; "" for what is not counted."""
    what = fact.what
    if isinstance(what, UserLoggedIn):
        return what.user, "logins" if what.succeeded else "failed_logins"
    kinds = {DataExported.NAME: "exports", UnblindedViewed.NAME: "unblinded_views"}
    return fact.actor, kinds.get(fact.kind, "")


def _may(role: str) -> str:
    known = roles().get(role)
    return ", ".join(sorted(known.may)) if known else ""
