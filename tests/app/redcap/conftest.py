"""A server of the REDCap door without the web application: a table of tokens, one thread, any free port."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import requests
from redcap import Project
from werkzeug.wrappers import Request, Response

from opencro.app.redcap.dispatch import answer
from opencro.app.redcap.exchange import Call, Upload
from opencro.app.redcap.session import Founder, Session
from opencro.app.wiring import open_study_ledger
from opencro.capture import Membership
from opencro.ledger import Ledger
from opencro.study import Study, load_study

SUPER_TOKEN = "S" * 64


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class TokenTable:
    """An `Office` whose tokens stand in a dictionary."""

    folder: Path
    address: str = ""
    tokens: dict[str, tuple[Path, str]] = field(default_factory=dict)
    memberships: dict[str, tuple[Membership, ...]] = field(default_factory=dict)
    scopes: dict[str, frozenset[str]] = field(default_factory=dict)
    failed: int = 0
    """Calls that no answer was found for: our own mistakes."""
    ledgers: dict[tuple[int, Path], Ledger] = field(default_factory=dict)

    def issue(self, folder: Path, user: str) -> str:
        """A new token of a project."""
        token = secrets.token_hex(16).upper()
        self.tokens[token] = (folder, user)
        return token

    def ledger(self, study: Study) -> Ledger:
        """The study's ledger, opened once by each thread."""
        key = (threading.get_ident(), study.root)
        if key not in self.ledgers:
            self.ledgers[key] = open_study_ledger(study, create=True)
        return self.ledgers[key]

    def ledger_of(self, token: str) -> Ledger:
        """The ledger of a token's project."""
        return self.ledger(load_study(self.tokens[token][0]))

    def session(self, token: str) -> Session | None:
        """The session of a token."""
        if token not in self.tokens:
            return None
        folder, user = self.tokens[token]
        study = load_study(folder)
        held = self.memberships.get(user, ())
        scopes = self.scopes.get(token)
        return Session(user, study, self.ledger(study), held, _now, self.address, b"secret", scopes)

    def founder(self, token: str) -> Founder | None:
        """Whoever has the one token that makes projects."""
        if token != SUPER_TOKEN:
            return None
        return Founder("founder", self.folder, _now, self.issue, self.ledger)


class _Request(Request):
    max_form_memory_size = None


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenTable]:
    """A server in a thread; `office.address` is where it listens."""
    table = TokenTable(tmp_path_factory.mktemp("projects"))

    @_Request.application
    def application(request: Request) -> Response:
        files = {name: Upload(f.filename or "", f.read()) for name, f in request.files.items()}
        table.failed += 1
        made = answer(Call(request.form.to_dict(), files), table)
        table.failed -= 1
        return Response(made.body, made.status, content_type=made.content_type)

    server = make_server("127.0.0.1", 0, application, handler_class=_Quiet)
    table.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield table
    server.shutdown()
    thread.join()
    server.server_close()


VISITS = Path(__file__).parent / "data/visits.xml"


def found(office: TokenTable, odm: str | None = None, **info: str) -> Project:
    """A new project, as its maker sees it."""
    data = json.dumps([{"project_title": "Visits", "purpose": "0", **info}])
    parameters = {"token": SUPER_TOKEN, "content": "project", "format": "json", "data": data}
    if odm is not None:
        parameters["odm"] = odm
    made = requests.post(f"{office.address}/api/", data=parameters, timeout=60)
    assert made.status_code == 200, made.text
    return Project(f"{office.address}/api/", made.text)


def post(office: TokenTable, token: str, content: str, **parameters: str) -> requests.Response:
    """A call as any program makes it."""
    data = {"token": token, "content": content, "format": "json", "returnFormat": "json", **parameters}
    return requests.post(f"{office.address}/api/", data=data, timeout=60)


@pytest.fixture
def visits(office: TokenTable) -> Project:
    """A longitudinal project with a record in it."""
    return found(office, VISITS.read_text(encoding="utf-8"))


@pytest.fixture
def classic(office: TokenTable) -> Project:
    """A new project without anything in it."""
    return found(office)
