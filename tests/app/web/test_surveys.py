"""A participant behind a survey link sees a form, answers it, comes back with a code, and sees nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from opencro.app.redcap.surveys import SurveyPlace, code_of, seal
from tests.app.web.conftest import Web

SURVEY = (
    "surveys:\n  vs:\n    title: How are you?\n    acknowledgement: <p>Until next time.</p>\n    save_and_return: '1'\n"
)


@pytest.fixture
def survey(web: Web) -> Iterator[Web]:
    """The study with its vital signs as a survey."""
    file = web.site.root / "capture/redcap.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(SURVEY, encoding="utf-8")
    yield web
    file.unlink()


def _place(web: Web) -> SurveyPlace:
    visit = next(v for a in web.study.protocol.schedule.activities if "VS" in a.forms for v in a.visits)
    return SurveyPlace(web.study.id, web.enrol(), f"{visit.lower()}_arm_1", "vs", 1)


def _names(shown: str) -> list[str]:
    return re.findall(r'<input id="q-[^"]+" name="(f:[^"]+)"', shown)


def _address(web: Web, place: SurveyPlace) -> str:
    return f"/surveys/?{'s' if place.instrument else 'sq'}={seal(web.site.secret.encode(), place)}"


@pytest.mark.requirement(1)
def test_a_link_that_this_server_did_not_seal_opens_nothing(survey: Web) -> None:
    place = _place(survey)
    sealed = seal(b"another secret", place)
    assert survey.client(None).get(f"/surveys/?s={sealed}").status_code == 404
    gone = SurveyPlace(place.study, "nobody", place.event, place.instrument, 1)
    assert survey.client(None).get(_address(survey, gone)).status_code == 404
    other = SurveyPlace(place.study, place.record, place.event, "dm", 1)
    assert survey.client(None).get(_address(survey, other)).status_code == 404


@pytest.mark.requirement(2)
def test_answers_are_kept_in_the_participants_name_and_then_it_is_done(survey: Web) -> None:
    place = _place(survey)
    address, client = _address(survey, place), survey.client(None)
    shown = client.get(address).content.decode()
    assert "How are you?" in shown
    pulse = next(name for name in _names(shown) if "pulse" in name)
    begun = client.post(address, {pulse: "64", "later": "1"})
    assert begun.status_code == 200
    fact = next(
        f for f in reversed(list(survey.ledger.facts(participant=place.record))) if f.kind == "record-changed/1"
    )
    assert (fact.actor, fact.role, fact.source) == (place.record, "participant", "ui")
    assert "64" in str(fact.payload)
    again = client.get(address).content.decode()
    assert "64" not in again, "who holds the link only does not see what was answered"
    assert client.post(address, {pulse: "99"}).status_code == 422, "nor changes it"


def test_the_return_code_opens_what_was_begun(survey: Web) -> None:
    from opencro.app.web.redcap_office import open_session

    place = _place(survey)
    address, client = _address(survey, place), survey.client(None)
    names = _names(client.get(address).content.decode())
    pulse = next(name for name in names if "pulse" in name)
    client.post(address, {pulse: "71", "later": "1"})
    session = open_session(place.study)
    assert session is not None
    code = code_of(session, place, "return", 8)
    assert 'value="71"' in client.post(address, {"code": code}).content.decode()
    wrong = client.post(address, {"code": code, pulse: "fast", "later": "1"})
    assert wrong.status_code == 422
    assert "CAP-301" in wrong.content.decode()
    dates = {name: "2026-02-01" for name in names if name.endswith("dat")}
    values = {name: "70" for name in names if name not in dates} | dates
    assert "✱" in client.post(address, {"code": code, pulse: "72"}).content.decode(), "the date is required"
    assert "Until next time." in client.post(address, {"code": code, **values}).content.decode()
    assert "Until next time." in client.get(address).content.decode()


def test_a_code_at_the_door_opens_its_survey(survey: Web) -> None:
    from opencro.app.web.redcap_office import open_session

    place = _place(survey)
    session = open_session(place.study)
    assert session is not None
    client = survey.client(None)
    assert client.get("/surveys/").status_code == 200
    opened = client.post("/surveys/", {"access": code_of(session, place, "access", 9)})
    assert opened["Location"] == _address(survey, place)
    assert client.post("/surveys/", {"access": "ACACACACA"}).status_code == 404


def test_a_queue_lists_what_is_open(survey: Web) -> None:
    place = _place(survey)
    shown = (
        survey.client(None).get(_address(survey, SurveyPlace(place.study, place.record, "", "", 1))).content.decode()
    )
    assert _address(survey, place).removeprefix("/surveys/") in shown.replace("&amp;", "&")
