"""Who calls, about which study: the folder, the ledger, the rights; how a definition or a setting is changed and kept.

The web application gives an `Office`; everything else of this door works with a `Session` and knows no web.
"""

from __future__ import annotations

import fcntl
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Protocol

from opencro.app.redcap.definition import Definition, read_sites, write_definition
from opencro.app.redcap.exchange import ApiRefused
from opencro.app.redcap.project import Project, project_of, unique_name
from opencro.app.redcap.rights import Rights, limit, rights_from, rights_of_roles, withhold
from opencro.app.redcap.settings import read_settings
from opencro.app.wiring import publish_definition
from opencro.capture import LedgerState, Membership, role_for
from opencro.ledger import Actor, Entry, Ledger, Receipt, RoleChanged, Source
from opencro.study import Study, load_study

ROLE_HERE = "programs"
"""The role under which somebody acts who has rights of this door and no role of ours in the study."""


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Nobody else, in whatever process, changes the definition meanwhile."""
    with (root / ".changing").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class Office(Protocol):
    """What stands behind the door: tokens, projects, the clock."""

    def session(self, token: str) -> Session | None:
        """The session of a project's token, or None."""

    def founder(self, token: str) -> Founder | None:
        """Whoever may make projects with this token, or None."""


@dataclass(frozen=True)
class Founder:
    """Somebody who may make projects: `folder` holds one folder for each, `found` opens one and gives its token."""

    user: str
    folder: Path
    now: Callable[[], datetime]
    found: Callable[[Path, str], str]
    open_ledger: Callable[[Study], Ledger]


@dataclass
class Session:
    """One caller at work on one study; made for each call."""

    user: str
    study: Study
    ledger: Ledger
    memberships: tuple[Membership, ...]
    now: Callable[[], datetime]
    address: str = ""
    """The address of this server as the caller sees it, without a slash at the end."""
    secret: bytes = b""
    """A secret of this server: survey links cannot be guessed without it."""
    scopes: frozenset[str] | None = None
    request_id: str = ""
    source: Source = Source.API
    role: str = ROLE_HERE
    """The role of somebody who has none of ours in the study."""
    person: Callable[[str], Mapping[str, str]] = field(default=lambda _: {})
    """What is known of a user: email, firstname, lastname."""

    @property
    def project(self) -> Project:
        """The study in REDCap's words."""
        held: tuple[Study, Project] | None = self.__dict__.get("_project")
        if held is None or held[0] is not self.study:
            held = (self.study, project_of(self.study))
            self.__dict__["_project"] = held
        return held[1]

    @cached_property
    def rights(self) -> Rights:
        """What the caller may do."""
        stored = read_settings(self.ledger, "user").get(self.user)
        if stored is None:
            return limit(rights_of_roles(self.memberships), self.scopes)
        expires = str(stored.get("expiration") or "")
        if expires and expires[:10] <= self.now().date().isoformat():
            raise ApiRefused("You do not have permissions to use the API", 403)
        role = read_settings(self.ledger, "role").get(str(stored.get("role") or ""))
        return limit(withhold(rights_from(stored, role), self.memberships), self.scopes)

    @property
    def sees_blinded(self) -> bool:
        """Whether items that tell the treatment may be shown."""
        allowed = self.scopes is None or "unblinded" in self.scopes
        return allowed and role_for(self.memberships, "unblinded") is not None

    def groups(self) -> dict[str, str]:
        """Data access group -> its name: the sites that the study names and those at which somebody is enrolled."""
        named = read_sites(self.study)
        used = sorted(set(LedgerState(self.ledger).sites().values()) - named.keys())
        found = named | {site: site for site in used}
        found.pop(self.project.document.site, None)
        return found

    def group_ids(self) -> dict[str, int]:
        """Data access group -> a number that stays the same whatever groups come and go."""
        return {group: 1 + zlib.crc32(group.encode()) % 99_999 for group in self.groups()}

    def unique_group(self, title: str, taken: Mapping[str, str]) -> str:
        """A unique name for a new data access group: 18 small letters of its name, a letter more where it is taken."""
        stem = unique_name(title)
        options = [stem, *(f"{stem}{letter}" for letter in "bcdefghijklmnopqrstuvwxyz")]
        return next(option for option in options if option not in taken)

    def all_memberships(self) -> dict[str, tuple[Membership, ...]]:
        """Every user's roles of ours in the study, as the ledger has them now."""
        held: dict[tuple[str, str], str] = {}
        for fact in self.ledger.facts(kind=RoleChanged.NAME):
            held[fact.payload["user"], fact.key.site] = fact.payload["new_role"]
        found: dict[str, tuple[Membership, ...]] = {}
        for (user, site), role in held.items():
            if role:
                found[user] = (*found.get(user, ()), Membership(role, site))
        return found

    def group_of(self, site: str) -> str:
        """The data access group that a site is; "" for the site of records that are in none."""
        return "" if site == self.project.document.site else site

    def actor(self, permission: str, site: str | None = None) -> Actor:
        """The caller in the role of ours that permits it, or as a program."""
        return Actor(self.user, role_for(self.memberships, permission, site) or self.role)

    def append(self, entries: Sequence[Entry], permission: str, reason: str | None = None) -> Receipt:
        """Write to the ledger through this door."""
        return self.ledger.append(
            entries,
            actor=self.actor(permission),
            source=self.source,
            definition_version=self.study.file.version,
            reason=reason,
            request_id=self.request_id,
        )

    def publish(self) -> None:
        """Put the definition under which data are entered on record."""
        publish_definition(self.study, self.ledger, self.actor("design"), self.source)

    def redefine(self, definition: Definition) -> None:
        """Change the study's definition; what was published stays, the change is a new version."""
        with _alone(self.study.root):
            write_definition(self.study, definition)
            self.study = load_study(self.study.root)
        self.publish()

    def local_time(self, recorded_at: str) -> str:
        """A time of the ledger as REDCap writes it: `2021-10-13 10:31`, in UTC."""
        return re.sub(r"[TZ]", " ", recorded_at)[:16]
