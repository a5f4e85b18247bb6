"""Who had access on a day, and what was done with it: from the facts about roles, logins, views and exports.

Source: ICH E6(R3) section 4.2.2(a)(i); 21 CFR 11.300(b) (periodic review). Manual: docs/audit-review.md.
"""

from __future__ import annotations

from collections import Counter
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
    held: dict[tuple[str, str, str], Fact] = {}
    ended: list[tuple[int, Grant]] = []
    for fact in ledger.facts(kind=RoleChanged.NAME):
        what = fact.what
        assert isinstance(what, RoleChanged)
        old, new = (what.user, fact.key.site, what.old_role), (what.user, fact.key.site, what.new_role)
        if what.old_role and old in held:
            first = held.pop(old)
            ended.append((first.seq, Grant(*old, first.recorded_at, first.actor, fact.recorded_at, fact.actor)))
        if what.new_role:
            held.setdefault(new, fact)
    standing = [(fact.seq, Grant(*key, fact.recorded_at, fact.actor)) for key, fact in held.items()]
    return [grant for _, grant in sorted([*ended, *standing], key=lambda pair: pair[0])]


def access_on(ledger: Ledger, day: date) -> pl.DataFrame:
    """Who could see what on a day (UTC), with what each user did to get at data that day: `COLUMNS`.

    One row for each role at each site that was held at any time of the day; a role that was taken away on that day is
    there with the time until which it held. `may` lists what the role permits by today's table of roles.
    """
    start, end = f"{day.isoformat()}T", f"{(day + timedelta(days=1)).isoformat()}T"
    grants = [g for g in read_grants(ledger) if g.since < end and (not g.until or g.until >= start)]
    done = _count_acts(ledger, start, end)
    rows = [
        (
            g.user,
            g.site,
            g.role,
            g.since,
            g.given_by,
            g.until,
            g.taken_by,
            _may(g.role),
            *(done[g.user, what] for what in _DONE),
        )
        for g in grants
    ]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row").sort("user", "site", "role", "from")


def _may(role: str) -> str:
    known = roles().get(role)
    return ", ".join(sorted(known.may)) if known else ""


def _count_acts(ledger: Ledger, start: str, end: str) -> Counter[tuple[str, str]]:
    done: Counter[tuple[str, str]] = Counter()
    for kind in (UserLoggedIn, DataExported, UnblindedViewed):
        for fact in ledger.facts(kind=kind.NAME):
            what = fact.what
            if not start <= fact.recorded_at < end:
                continue
            if isinstance(what, UserLoggedIn):
                done[what.user, "logins" if what.succeeded else "failed_logins"] += 1
            else:
                done[fact.actor, "exports" if isinstance(what, DataExported) else "unblinded_views"] += 1
    return done
