"""The REST API: the pages' rules for programs; fuzzed by its own description."""

from __future__ import annotations

import io
import json
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import schemathesis
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import validate

from opencro.ledger import FormSigned, RecordChanged
from tests.app.web.conftest import Web

FORM = "forms/SCREENING/1/VS/1"


def _key(web: Web, user: str, *scopes: str) -> Client:
    from opencro.app.web.tokens import give_token

    return Client(
        headers={"host": "localhost", "authorization": f"Bearer {give_token(user, web.study.id, 'test', scopes)}"}
    )


def _send(client: Client, method: str, path: str, body: Any) -> Any:
    return client.generic(method, path, json.dumps(body), content_type="application/json")


def _at(web: Web, *parts: str) -> str:
    return "/".join((f"/api/v1/{web.study.id}", *parts))


def test_a_program_enrols_saves_reads_and_answers_as_its_owner(web: Web) -> None:
    anna = _key(web, "anna")
    enrolled = _send(anna, "POST", _at(web, "participants"), {"site": web.home("anna"), "enrolled_on": "2026-01-31"})
    assert enrolled.status_code == 201, enrolled.content
    person = enrolled.json()["participant"]
    form = _at(web, "participants", person, FORM)
    saved = _send(anna, "PUT", form, {"records": [{"group": "VS", "values": {"SYSBP": "80", "DIABP": "120"}}]})
    assert saved.status_code == 200, saved.content
    assert saved.json()["queries"] == 1
    fact = list(web.ledger.facts(participant=person, kind=RecordChanged.NAME))[-1]
    assert (fact.actor, fact.role, fact.source) == ("anna", "coordinator", "api")
    record = anna.get(_at(web, "participants", person, "records")).json()[0]
    assert record["values"] == {"SYSBP": "80", "DIABP": "120"}
    assert anna.get(_at(web, "participants", person, "forms")).json()[0]["open_queries"] == 1
    query = next(q for q in anna.get(_at(web, "queries") + "?state=open").json() if q["participant"] == person)
    done = _send(anna, "POST", _at(web, "queries", query["name"]), {"step": "answer", "text": "Exchanged"})
    assert (done.status_code, done.json()["state"]) == (200, "answered")
    trail = anna.get(_at(web, "participants", person, "audit")).json()
    assert trail[0]["kind"] == "participant-enrolled/1"


@pytest.mark.requirement(32, 5, 29)
def test_a_program_meets_the_same_judgement_as_a_page(web: Web) -> None:
    person, anna = web.enrol(), _key(web, "anna")
    form = _at(web, "participants", person, FORM)
    wrong = _send(anna, "PUT", form, {"records": [{"group": "VS", "values": {"SYSBP": "high"}}]})
    assert (wrong.status_code, wrong.json()["findings"][0]["code"]) == (422, "CAP-301")
    _send(anna, "PUT", form, {"records": [{"group": "VS", "values": {"SYSBP": "120"}}]})
    stale = _send(anna, "PUT", form, {"records": [{"group": "VS", "values": {"SYSBP": "130"}}], "reason": "x"})
    assert (stale.status_code, stale.json()["theirs"]) == (409, {"VS[1].SYSBP": "120"})
    seen = anna.get(_at(web, "participants", person, "records")).json()[0]["fact"]
    body: dict[str, Any] = {"records": [{"group": "VS", "values": {"SYSBP": "130"}, "seen_fact": seen}]}
    assert "reason" in _send(anna, "PUT", form, body).json()["detail"]
    assert _send(anna, "PUT", form, {**body, "reason": "Typing error"}).status_code == 200


@pytest.mark.requirement(18, 15)
def test_a_key_opens_no_more_than_its_owner_and_its_scopes(web: Web) -> None:
    person = web.enrol()
    form = _at(web, "participants", person, FORM)
    body = {"records": [{"group": "VS", "values": {"SYSBP": "120"}}]}
    assert _send(_key(web, "mona"), "PUT", form, body).status_code == 403
    assert _send(_key(web, "anna", "view"), "PUT", form, body).status_code == 403
    assert _key(web, "adam").get(_at(web, "participants")).status_code == 403
    assert _key(web, "sven").get(_at(web, "participants", person, "audit")).status_code == 403
    assert Client(headers={"host": "localhost"}).get(_at(web, "participants")).status_code == 401
    assert _key(web, "anna").get("/api/v1/ELSEWHERE/participants").status_code == 404
    assert not list(web.ledger.facts(participant=person, kind=FormSigned.NAME))
    described = json.loads(Client(headers={"host": "localhost"}).get("/api/v1/openapi.json").content)
    assert not [path for path in described["paths"] if "sign" in path or "lock" in path]


def test_the_api_keeps_to_its_own_description_whatever_it_is_sent(web: Web) -> None:
    """Drawn calls of every operation: never a failure of the server, always an answer that is described."""
    described = json.loads(Client(headers={"host": "localhost"}).get("/api/v1/openapi.json").content)
    schema = schemathesis.openapi.from_file(io.StringIO(json.dumps(described)))
    client = _key(web, "anna")
    for found in schema.get_all_operations():
        _fuzz(found.ok(), client, described["components"])


def _fuzz(operation: Any, client: Client, components: Any) -> None:
    @settings(
        max_examples=12,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(case=operation.as_strategy())
    def call(case: Any) -> None:
        url = urlsplit(case.as_transport_kwargs(base_url="http://localhost")["url"]).path
        asked = urlencode({k: v for k, v in (case.query or {}).items() if v is not None}, doseq=True)
        body = json.dumps(case.body) if isinstance(case.body, dict | list) else ""
        answer = client.generic(case.method, f"{url}?{asked}", body, content_type="application/json")
        said = (case.method, url, asked, body, answer.status_code, answer.content[:300])
        assert answer.status_code < 500, said
        if answer["Content-Type"].startswith("application/json"):
            responses = operation.definition.raw["responses"]
            assert str(answer.status_code) in responses, said
            shape = responses[str(answer.status_code)]["content"]["application/json"]["schema"]
            validate(answer.json(), {**shape, "components": components})

    call()
