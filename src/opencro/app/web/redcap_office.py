"""What stands behind the REDCap door of the web application: keys, study folders, ledgers, accounts."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.contrib.auth.models import User

from opencro.app.redcap.session import Founder, Session
from opencro.app.web.catch_up import catch_up
from opencro.app.web.desk import ledger_of, memberships_of, open_study, site
from opencro.app.web.people import give_role
from opencro.app.web.tokens import ANY_STUDY, find_token, issue_token
from opencro.ledger import Actor, Source
from opencro.study import Study, load_study

_read: dict[Path, tuple[frozenset[tuple[str, int]], Study]] = {}


@dataclass(frozen=True)
class WebOffice:
    """An `Office` over the site that this process serves; `address` is how the caller reached it."""

    address: str

    def session(self, token: str) -> Session | None:
        """The session of a study's key."""
        found = find_token(token)
        session = None if found is None or found.study == ANY_STUDY else open_session(found.study)
        if found is None or session is None:
            return None
        session.user = found.user.get_username()
        session.memberships = memberships_of(session.study.id, session.user)
        session.address = self.address
        session.scopes = frozenset(found.scopes)
        return session

    def founder(self, token: str) -> Founder | None:
        """Whoever may make studies beside those that are served."""
        found = find_token(token)
        served = site()
        alone = (served.root / "study.yaml").is_file()
        if found is None or found.study != ANY_STUDY or alone:
            return None
        return Founder(found.user.get_username(), served.root, _now, _found, ledger_of)


def open_session(study: str) -> Session | None:
    """A study that is served, its ledger and this server's secret, for nobody yet; None where it is not served."""
    found = _find(study)
    if found is None:
        return None
    ledger = ledger_of(found)
    catch_up(ledger)
    session = Session("", found, ledger, (), _now, secret=site().secret.encode(), person=_person)
    session.request_id = secrets.token_hex(8)
    return session


def served_studies() -> list[Study]:
    """Every study that is served."""
    return [open_study(folder) for folder in site().studies()]


def _now() -> datetime:
    return datetime.now(UTC)


def _found(folder: Path, user: str) -> str:
    """The maker gets a role of ours too, so that the pages show the study."""
    study = load_study(folder)
    catch_up(ledger_of(study))
    give_role(study, user, "data manager", by=Actor("opencro", "system"), source=Source.SYSTEM)
    catch_up(ledger_of(study))
    return issue_token(User.objects.get(username=user), study.id, "made with its project")


def _find(name: str) -> Study | None:
    """A study by its id, read again when any of its files came, went or changed."""
    for folder in site().studies():
        state = frozenset(
            (str(path), path.stat().st_mtime_ns)
            for part in ("study.yaml", "forms", "protocol", "capture", "conduct")
            for path in ((folder / part).rglob("*.yaml") if (folder / part).is_dir() else [folder / part])
            if path.is_file()
        )
        known = _read.get(folder)
        if known is None or known[0] != state:
            known = (state, load_study(folder))
            _read[folder] = known
        if known[1].id == name:
            return known[1]
    return None


def _person(user: str) -> Mapping[str, str]:
    found = User.objects.filter(username=user).first()
    if found is None:
        return {}
    return {"email": found.email, "firstname": found.first_name, "lastname": found.last_name}
