"""The REDCap door of the web application: keys, roles and sites are those of the pages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.app.web.conftest import Web

if TYPE_CHECKING:
    from django.http import HttpResponse


def _token(web: Web, user: str, *scopes: str) -> str:
    from opencro.app.web.tokens import give_token

    return give_token(user, web.study.id, "for a test", scopes)


def _post(web: Web, token: str, content: str, **parameters: str) -> HttpResponse:
    data = {"token": token, "content": content, "format": "json", "returnFormat": "json", **parameters}
    answer: HttpResponse = web.client(None).post("/api/", data)
    return answer


@pytest.mark.requirement(1)
def test_a_key_is_kept_as_its_hash_and_stands_for_its_owner(web: Web) -> None:
    from django.contrib.auth.models import User

    from opencro.app.web.models import Token

    token = _token(web, "anna")
    assert not Token.objects.filter(digest__contains=token).exists()
    assert _post(web, token, "version").status_code == 200
    assert web.client(None).get("/api/", {"token": token}).status_code == 405
    assert _post(web, token[::-1], "version").status_code == 403
    User.objects.filter(username="anna").update(is_active=False)
    try:
        assert _post(web, token, "version").status_code == 403
    finally:
        User.objects.filter(username="anna").update(is_active=True)


@pytest.mark.requirement(4)
def test_records_of_other_sites_are_not_there(web: Web) -> None:
    home = web.home("anna")
    rows = json.loads(_post(web, _token(web, "anna"), "record", exportDataAccessGroups="true").content)
    assert {row["redcap_data_access_group"] for row in rows} == {home}
    everybody = json.loads(_post(web, _token(web, "bea"), "record", exportDataAccessGroups="true").content)
    assert len({row["redcap_data_access_group"] for row in everybody}) > 1


@pytest.mark.parametrize(
    ("user", "content", "status"),
    [
        ("sven", "record", 403),
        ("carl", "record", 403),
        ("adam", "record", 403),
        ("adam", "user", 403),
        ("mona", "record", 200),
        ("mona", "log", 200),
        ("bea", "metadata", 200),
        ("anna", "user", 403),
    ],
)
def test_a_role_may_here_what_it_may_on_pages(web: Web, user: str, content: str, status: int) -> None:
    assert _post(web, _token(web, user), content).status_code == status


def test_a_coordinator_enters_a_participants_form(web: Web) -> None:
    person = web.enrol()
    token = _token(web, "anna")
    names = json.loads(_post(web, token, "metadata").content)
    field = next(n for n in names if n["text_validation_type_or_show_slider_number"] == "integer")
    pairs = [m for m in json.loads(_post(web, token, "formEventMapping").content) if m["form"] == field["form_name"]]
    row = {
        names[0]["field_name"]: person,
        "redcap_event_name": pairs[0]["unique_event_name"],
        field["field_name"]: "70",
    }
    repeats = json.loads(_post(web, token, "repeatingFormsEvents").content)
    if any(isinstance(r, dict) and r["form_name"] == field["form_name"] for r in repeats):
        row |= {"redcap_repeat_instrument": field["form_name"], "redcap_repeat_instance": "1"}
    taken = _post(web, token, "record", data=json.dumps([row]))
    assert json.loads(taken.content) == {"count": 1}, taken.content
    facts = list(web.ledger.facts(participant=person))
    assert (facts[-1].actor, facts[-1].role, facts[-1].source) == ("anna", "coordinator", "api")
    read_only = _post(web, _token(web, "anna", "view", "export"), "record", data=json.dumps([row]))
    assert read_only.status_code == 403


def test_a_key_that_makes_projects_makes_none_beside_a_single_study(web: Web) -> None:
    from opencro.app.web.tokens import give_token

    token = give_token("adam", "", "projects")
    made = _post(web, token, "project", data='[{"project_title": "New", "purpose": "0"}]')
    assert made.status_code == 403
