"""The web application over the starter study, on SQLite and on PostgreSQL; `web.client(...)` is a person."""

from __future__ import annotations

import os
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from opencro.app.rehearsal import rehearse_study
from opencro.app.web.site import Site
from opencro.ledger import Ledger, RecordKey
from opencro.study import Study, load_study

if TYPE_CHECKING:
    from django.test import Client

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
"""A browser that a test of the same process drives keeps an event loop; the pages asked here know nothing of it."""


@dataclass
class Web:
    """The application as tests use it."""

    site: Site

    @property
    def study(self) -> Study:
        return load_study(self.site.root)

    @property
    def base(self) -> str:
        return f"/{self.study.id}/"

    @property
    def ledger(self) -> Ledger:
        from opencro.app.web.desk import ledger_of

        return ledger_of(self.study)

    def client(self, user: str | None) -> Client:
        """A logged-in person; None for somebody who is not."""
        from django.contrib.auth.models import User
        from django.test import Client

        client = Client(headers={"host": "localhost"})
        if user is not None:
            client.force_login(User.objects.get(username=user), "allauth.account.auth_backends.AuthenticationBackend")
        return client

    def enrol(self, user: str = "anna") -> str:
        """A new participant at the person's site."""
        site = self.home(user)
        answer = self.client(user).post(self.base + "participants/enrol", {"site": site, "enrolled_on": "2026-01-31"})
        assert answer.status_code == 302, answer.content
        return str(answer["Location"]).rstrip("/").rpartition("/")[2]

    def home(self, user: str) -> str:
        """The site at which somebody has a role; "" for all."""
        from opencro.app.web.models import MembershipRow

        return str(MembershipRow.objects.get(study=self.study.id, user=user).site)

    def form_url(self, person: str, form: str, event: str, repeat: int = 1) -> str:
        """The address of a form."""
        at = "-/0" if self.study.forms[form].participant_level else f"{event}/1"
        return f"{self.base}participants/{person}/forms/{at}/{form}/{repeat}/"

    def place(self, person: str, form: str, event: str) -> RecordKey:
        """The place of a form."""
        from opencro.app.web.models import Participant

        site = Participant.objects.get(study=self.study.id, participant=person).site
        if self.study.forms[form].participant_level:
            return RecordKey(site, person, "", 0, form, 1)
        return RecordKey(site, person, event, 1, form, 1)

    def save(self, user: str, url: str, values: dict[str, str], **more: Any) -> Any:
        """Save a form as a page would: with what the page had seen of its records."""
        import re

        client = self.client(user)
        shown = client.get(url).content.decode()
        seen = dict(re.findall(r'name="(seen:[^"]+)" value="(\d+)"', shown))
        return client.post(url, {**seen, **values, **more})


def _switch(site: Site) -> None:
    """Point Django at another site's database; outside of tests a process serves one site for all its life."""
    from django.conf import settings
    from django.db import connections

    from opencro.app.web.desk import close_ledgers
    from opencro.app.web.settings import _databases

    close_ledgers()
    connections.close_all()
    os.environ.update(site.to_environment())
    made = connections.configure_settings({"default": _databases(site)})
    settings.DATABASES = made
    connections.settings = made
    for opened in connections.all(initialized_only=True):
        del connections[opened.alias]


def _prepare(site: Site) -> Site:
    from django.conf import settings

    from opencro.app.web.serve import prepare

    if settings.configured:
        from dataclasses import replace

        site = replace(site, secret="for tests")
        _switch(site)
    return prepare(site)


@pytest.fixture(scope="session")
def _sites(played: Study, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> dict[str, Site]:
    return {}


@pytest.fixture(params=["sqlite", "postgres"])
def web(
    request: pytest.FixtureRequest, played: Study, tmp_path_factory: pytest.TempPathFactory, _sites: dict[str, Site]
) -> Web:
    """The application on each database, with people of every role; tests enrol participants of their own."""
    kind = str(request.param)
    if kind not in _sites:
        database = request.getfixturevalue("postgres")[0] if kind == "postgres" else ""
        _sites[kind] = _make(played, tmp_path_factory.mktemp(f"web_{kind}") / "STARTER", database)
    else:
        _switch(_sites[kind])
    return Web(_sites[kind])


def _make(played: Study, folder: Path, database: str) -> Site:
    from opencro.app.web.site import Site

    shutil.copytree(played.root, folder, ignore=shutil.ignore_patterns("build", "ledger*", "versions"))
    site = Site(folder, database, demo=True, hosts=("localhost",), secret="for tests")
    if database:
        rehearse_study(load_study(folder), participants=24, seed=7, database=site.ledger_url(folder))
        shutil.rmtree(folder / "versions", ignore_errors=True)
    else:
        with sqlite3.connect(played.root / "ledger.sqlite") as old, sqlite3.connect(folder / "ledger.sqlite") as new:
            old.backup(new)
    ready = _prepare(site)
    from opencro.app.web.demo import bring_people

    bring_people(load_study(folder))
    return ready


@pytest.fixture(params=["sqlite", "postgres"])
def two(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, _two: dict[str, Any]) -> Any:
    """The application over a study with two sites and secret items (`two_sites.TwoSites`), on each database."""
    from tests.app.web.two_sites import STUDY, fill, make_site

    kind = str(request.param)
    if kind not in _two:
        database = request.getfixturevalue("postgres")[0] if kind == "postgres" else ""
        _two[kind] = fill(_prepare(make_site(tmp_path_factory.mktemp(f"two_{kind}") / STUDY, database)))
    else:
        _switch(_two[kind].site)
    return _two[kind]


@pytest.fixture(scope="session")
def _two() -> dict[str, Any]:
    return {}
