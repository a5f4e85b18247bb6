"""Single sign-on: which OpenID providers a site trusts, read from `sso.yaml` in the site's folder.

Source: OpenID Connect Core 1.0. Secrets stand in environment variables, never in the file. Manual: docs/capture.md.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from opencro.kernel.finding import Finding, Place, Refused

FILE = "sso.yaml"
_NEEDED = ("id", "name", "server", "client_id", "secret_variable")
_KNOWN = (*_NEEDED, "subjects")


@dataclass(frozen=True)
class SignOn:
    """A provider: where it is, who we are there; `subjects` name the user of a subject that has no fitting e-mail."""

    id: str
    name: str
    server: str
    client_id: str
    secret: str
    subjects: Mapping[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """The provider's scheme and host, to which the login page may lead."""
        parts = urlsplit(self.server)
        return f"{parts.scheme}://{parts.netloc}"

    def as_app(self) -> dict[str, Any]:
        """As the login library wants it; the code is bound to the browser that asked for it (PKCE, RFC 7636)."""
        settings = {"server_url": self.server, "oauth_pkce_enabled": True}
        known = {"provider_id": self.id, "name": self.name, "client_id": self.client_id, "secret": self.secret}
        return {**known, "settings": settings}


def read_sign_on(root: Path) -> tuple[SignOn, ...]:
    """The providers of a site, none where there is no file. Refused: WEB-006 for what is not as documented."""
    path = root / FILE
    if not path.is_file():
        return ()
    said = yaml.safe_load(path.read_text(encoding="utf-8"))
    listed = said.get("providers") if isinstance(said, dict) else None
    if not isinstance(listed, list):
        raise Refused([_wrong("no list `providers`", "providers: [...]", "Write it as docs/capture.md shows.")])
    wrong = [finding for one in listed for finding in _check(one)]
    if wrong:
        raise Refused(wrong)
    return tuple(
        SignOn(
            str(one["id"]),
            str(one["name"]),
            str(one["server"]),
            str(one["client_id"]),
            os.environ[one["secret_variable"]],
            {str(subject): str(user) for subject, user in (one.get("subjects") or {}).items()},
        )
        for one in listed
    )


def _check(one: object) -> list[Finding]:
    if not isinstance(one, dict):
        return [_wrong(repr(one), "a provider", "Write it as docs/capture.md shows.")]
    found = [_wrong(f"no `{name}`", name, "Add it.") for name in _NEEDED if not one.get(name)]
    found += [_wrong(f"`{name}`", ", ".join(_KNOWN), "Take it out.") for name in one if name not in _KNOWN]
    variable, server = str(one.get("secret_variable", "")), urlsplit(str(one.get("server", "")))
    if variable and variable not in os.environ:
        found.append(_wrong(f"{variable} is not set", "the client's secret", "Set the environment variable."))
    if server.scheme != "https" and server.hostname not in ("localhost", "127.0.0.1"):
        found.append(_wrong(f"server {one.get('server')}", "an address with https", "Give it with https."))
    return found


def _wrong(got: str, expected: str, remedy: str) -> Finding:
    return Finding("WEB-006", Place(FILE), got, expected, remedy)
