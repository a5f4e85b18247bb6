"""A study as a person works on it: the definition, the ledger, who it is, in which roles, at which sites."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from opencro.app.web.catch_up import catch_up
from opencro.app.web.models import DelegationRow, FormRow, LockRow, MembershipRow, TrainingRow
from opencro.app.web.site import Site
from opencro.app.wiring import ledger_exists, ledger_url, open_study_ledger
from opencro.capture import (
    Delegation,
    Membership,
    Training,
    TrainingPlan,
    covers,
    read_training_plan,
    role_for,
    sites_for,
    withheld,
)
from opencro.ledger import Act, Actor, Entry, Ledger, Receipt, RecordKey, Source, create_ledger, open_ledger
from opencro.study import Study, load_study

_local = threading.local()
_read: dict[Path, tuple[float, Study]] = {}


class NotAllowed(Exception):
    """The person may not do this here; it is answered as if the place did not exist."""


def site() -> Site:
    """What this process serves."""
    return Site.from_environment()


def open_study(folder: Path) -> Study:
    """The study in a folder, read again when one of its definition files changed."""
    files = [folder / "study.yaml", *(folder / "forms").rglob("*.yaml"), *(folder / "protocol").rglob("*.yaml")]
    changed = max(path.stat().st_mtime for path in files)
    known = _read.get(folder)
    if known is None or known[0] != changed:
        known = (changed, load_study(folder))
        _read[folder] = known
    return known[1]


def find_study(name: str) -> Study | None:
    """A study that is served, by its id."""
    for folder in site().studies():
        study = open_study(folder)
        if study.id == name:
            return study
    return None


def ledger_of(study: Study) -> Ledger:
    """This thread's connection to a study's ledger; made where there is none yet."""
    opened: dict[str, Ledger] = _local.__dict__.setdefault("ledgers", {})
    url = ledger_url(study, site().ledger_url(study.root))
    if url not in opened:
        opened[url] = _open(study, url)
    return opened[url]


def close_ledgers() -> None:
    """Close this thread's connections; for tests and for the end of a process."""
    for ledger in _local.__dict__.pop("ledgers", {}).values():
        ledger.close()


def _open(study: Study, url: str) -> Ledger:
    purpose = "rehearsal" if site().demo else "live"
    if "://" in url:
        from opencro.ledger.postgres import holds_ledger  # noqa: PLC0415  files need no server's library

        return open_ledger(url) if holds_ledger(url) else create_ledger(url, study=study.id, purpose=purpose)
    return open_study_ledger(study, url) if ledger_exists(url) else create_ledger(url, study=study.id, purpose=purpose)


@dataclass(frozen=True)
class Desk:
    """What a view works with; `actor_for` says in which role, or that it may not be done here."""

    study: Study
    ledger: Ledger
    user: str
    memberships: tuple[Membership, ...]
    request_id: str = ""
    source: Source = Source.UI
    scopes: frozenset[str] | None = None
    """What a token permits at most; None for a person."""

    @cached_property
    def position(self) -> int:
        """The newest fact, with the tables brought up to it."""
        return catch_up(self.ledger)

    def may(self, permission: str, place: str | None = None) -> bool:
        """Whether the person may do this at a site (None: anywhere)."""
        if self.scopes is not None and permission not in self.scopes:
            return False
        return role_for(self.memberships, permission, place) is not None

    @property
    def may_view(self) -> bool:
        """Whether the person sees data of any site."""
        return self.may("view")

    @property
    def may_people(self) -> bool:
        """Whether the person gives and takes roles."""
        return self.may("people")

    @property
    def may_review_trail(self) -> bool:
        """Whether the person reviews the audit trail."""
        return self.may("review-trail")

    @property
    def may_close(self) -> bool:
        """Whether the person freezes or locks."""
        return self.may("lock") or self.may("freeze")

    @property
    def may_delegate(self) -> bool:
        """Whether the person delegates tasks at a site."""
        return self.may("delegate")

    @property
    def missing(self) -> list[str]:
        """What keeps the person from what her roles permit, in words."""
        return missing_of(self.study.id, self.user) if any(m.without for m in self.memberships) else []

    @property
    def may_enrol(self) -> bool:
        """Whether the person enrols at any site."""
        return self.may("enrol")

    def actor_for(self, permission: str, place: str | None = None) -> Actor:
        """The person in the role that permits it; NotAllowed."""
        role = role_for(self.memberships, permission, place) if self.may(permission, place) else None
        if role is None:
            raise NotAllowed(permission)
        return Actor(self.user, role)

    def sites(self, permission: str = "view") -> frozenset[str] | None:
        """The sites at which the person may do this; None for all."""
        if self.scopes is not None and permission not in self.scopes:
            return frozenset()
        return sites_for(self.memberships, permission)

    def append(
        self, entries: Sequence[Entry], actor: Actor, reason: str | None = None, definition: str | None = None
    ) -> Receipt:
        """Write to the ledger, and bring the tables up to it."""
        receipt = self.ledger.append(
            entries,
            actor=actor,
            source=self.source,
            definition_version=definition or self.study.file.version,
            reason=reason,
            request_id=self.request_id,
        )
        catch_up(self.ledger)
        return receipt

    def act(self, act: Act, actor: Actor) -> Receipt:
        """Write one act."""
        return self.append([act], actor)

    def form_row(self, place: RecordKey) -> FormRow | None:
        """What the tables say of a form."""
        return FormRow.objects.filter(
            study=self.study.id,
            participant=place.participant,
            event=place.event,
            event_repeat=place.event_repeat,
            form=place.form,
            form_repeat=place.form_repeat,
        ).first()

    def wider_lock(self, place: RecordKey) -> str:
        """`locked with site 701`, when a wider place is locked or frozen; else ""."""
        for lock in LockRow.objects.filter(study=self.study.id, site__in=("", place.site)):
            at = RecordKey(lock.site, lock.participant, lock.event, lock.event_repeat)
            if covers(at, place):
                word = "frozen" if lock.level == "freeze" else "locked"
                return f"{word} with {_name_of(at)}"
        return ""


def _name_of(place: RecordKey) -> str:
    if place.event:
        return f"visit {place.event}"
    if place.participant:
        return f"participant {place.participant}"
    return f"site {place.site}" if place.site else "the study"


def memberships_of(study: str, user: str) -> tuple[Membership, ...]:
    """A user's roles in a study, as the ledger has them now, without what she is not trained or trusted for today."""
    held = [Membership(row.role, row.site) for row in MembershipRow.objects.filter(study=study, user=user)]
    return tuple(replace(m, without=frozenset(missing)) for m, missing in _missing(study, user, held))


def missing_of(study: str, user: str) -> list[str]:
    """What keeps a user from what her roles permit, in words, each once."""
    held = [Membership(row.role, row.site) for row in MembershipRow.objects.filter(study=study, user=user)]
    words = (word for _membership, missing in _missing(study, user, held) for why in missing.values() for word in why)
    return list(dict.fromkeys(words))


def _missing(study: str, user: str, held: Sequence[Membership]) -> list[tuple[Membership, dict[str, tuple[str, ...]]]]:
    found = find_study(study)
    plan = read_training_plan(found)[0] if found else TrainingPlan()
    if not plan.roles:
        return [(membership, {}) for membership in held]
    trainings = [
        Training(t.training, t.completed_on, t.valid_until) for t in TrainingRow.objects.filter(study=study, user=user)
    ]
    delegations = [
        Delegation(d.site, tuple(d.tasks), d.starts_on, d.ends_on)
        for d in DelegationRow.objects.filter(study=study, user=user)
    ]
    day = datetime.now(UTC).date().isoformat()
    return [(m, withheld(plan, m, trainings, delegations, day)) for m in held]
