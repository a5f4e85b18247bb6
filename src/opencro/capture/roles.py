"""Roles and what they permit, where: `rules/roles.yaml` as frozen types.

Sources: ICH E6(R3) sections 2.12, 3.16, 4.2.2; 21 CFR 11.10(d) and (g).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml

ALL_SITES = ""
"""The site of a membership that holds everywhere in the study."""


@dataclass(frozen=True, slots=True)
class Role:
    """A role: its id as facts carry it, its title, where it can be held, and what it permits there."""

    id: str
    title: str
    at: Literal["site", "study", "any"]
    may: frozenset[str]


@dataclass(frozen=True, slots=True)
class Membership:
    """A user's role at a site, or at all sites (`ALL_SITES`); `without` are permissions of it that she lacks today."""

    role: str
    site: str = ALL_SITES
    without: frozenset[str] = frozenset()

    def permits(self, permission: str) -> bool:
        """Whether the role has the permission, and it is not withheld."""
        return self.role in roles() and permission in roles()[self.role].may and permission not in self.without


@cache
def roles() -> Mapping[str, Role]:
    """All roles by id."""
    return {
        name: Role(name, role["title"], role["at"], frozenset(role["may"])) for name, role in _rules()["roles"].items()
    }


@cache
def permissions() -> Mapping[str, str]:
    """What can be permitted: its id, and the words for it."""
    return dict(_rules()["permissions"])


def role_for(memberships: Iterable[Membership], permission: str, site: str | None = None) -> str | None:
    """The role in which somebody may do this at a site (None: anywhere at all), or None; a role of the site wins."""
    fitting = [m for m in memberships if m.permits(permission) and (site is None or m.site in (site, ALL_SITES))]
    fitting.sort(key=lambda m: (m.site == ALL_SITES, m.role))
    return fitting[0].role if fitting else None


def sites_for(memberships: Iterable[Membership], permission: str) -> frozenset[str] | None:
    """The sites at which somebody may do this; None stands for all sites."""
    found = {m.site for m in memberships if m.permits(permission)}
    return None if ALL_SITES in found else frozenset(found)


@cache
def _rules() -> dict[str, dict[str, Any]]:
    text = files("opencro.capture").joinpath("rules/roles.yaml").read_text(encoding="utf-8")
    read: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return read
