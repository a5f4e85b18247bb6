"""Freezing and locking from form to study: blocked by name, taken off by two people with a reason."""

from __future__ import annotations

import pytest

from opencro.ledger import FormLocked, FormUnlocked
from tests.app.web.conftest import Web
from tests.app.web.test_entry import PASSWORD, SIGNING, _vitals

TWO = {"second": "dirk", "second_password": PASSWORD}


@pytest.mark.requirement(38)
def test_a_lock_is_refused_with_every_blocker_named(web: Web) -> None:
    person = web.enrol()
    web.save("anna", web.form_url(person, "VS", "SCREENING"), {"VS[1].SYSBP": "80", "VS[1].DIABP": "120"})
    dana = web.client("dana")
    shown = dana.get(f"{web.base}close/?participant={person}").content.decode()
    for code in ("LCK-001", "LCK-003", "LCK-004", "LCK-006", "LCK-007"):
        assert code in shown
    refused = dana.post(web.base + "close/lock", {"participant": person, "level": "lock"}, follow=True)
    assert "cannot be locked" in refused.content.decode()
    assert not list(web.ledger.facts(participant=person, kind=FormLocked.NAME))


@pytest.mark.requirement(38)
def test_a_frozen_participant_takes_no_values_until_thawed_with_a_reason(web: Web) -> None:
    person = web.enrol()
    url = web.form_url(person, "VS", "SCREENING")
    dana = web.client("dana")
    dana.post(web.base + "close/lock", {"participant": person, "level": "freeze"})
    assert web.save("anna", url, {"VS[1].SYSBP": "120"}).status_code == 409
    thaw = {"participant": person, "level": "freeze"}
    assert "Say why" in dana.post(web.base + "close/unlock", thaw, follow=True).content.decode()
    dana.post(web.base + "close/unlock", {**thaw, "reason": "Source was found"})
    assert web.save("anna", url, {"VS[1].SYSBP": "120"}).status_code == 200


@pytest.mark.requirement(38)
def test_a_lock_is_taken_off_by_two_people_with_a_reason(web: Web) -> None:
    person = web.enrol()
    url = web.form_url(person, "VS", "SCREENING")
    web.save("anna", url, _vitals(web), complete="1")
    web.client("ibrahim").post(url + "sign", SIGNING)
    dana = web.client("dana")
    dana.post(url + "lock")
    form = {"participant": person, "event": "SCREENING", "form": "VS", "form_repeat": "1", "level": "lock"}
    for wrong in (
        TWO,
        {"reason": "Late source"},
        {"reason": "Late source", "second": "dana", "second_password": PASSWORD},
        {"reason": "Late source", "second": "dirk", "second_password": "wrong"},
        {"reason": "Late source", "second": "mona", "second_password": PASSWORD},
    ):
        dana.post(web.base + "close/unlock", {**form, **wrong})
        assert not list(web.ledger.facts(participant=person, kind=FormUnlocked.NAME))
    dana.post(web.base + "close/unlock", {**form, **TWO, "reason": "Late source"})
    fact = next(iter(web.ledger.facts(participant=person, kind=FormUnlocked.NAME)))
    assert (fact.actor, fact.payload["second_person"], fact.reason) == ("dana", "dirk", "Late source")
    assert web.save("anna", url, {"VS[1].SYSBP": "118"}, reason="Late source").status_code == 200
    assert b"no longer holds" in web.client("anna").get(url).content


def test_a_form_that_a_transfer_fills_is_locked_without_a_signature(web: Web) -> None:
    from opencro.app.web.catch_up import work_of
    from opencro.capture import refuse
    from opencro.ledger import RecordKey

    place = RecordKey("1", "1-1", "WK", 1, "LB", 1)
    assert refuse("lock", work_of(None), place, typed=False) is None
    assert refuse("lock", work_of(None), place) is not None


def test_a_broken_file_of_the_study_is_named_in_words(web: Web) -> None:
    file = web.site.root / "conduct" / "lock.yaml"
    kept = file.read_text(encoding="utf-8") if file.exists() else None
    file.write_text("once: [NOSUCHFORM]\n", encoding="utf-8")
    try:
        web.study  # noqa: B018  it is read again
        answer = web.client("dana").get(web.base + "close/")
        assert answer.status_code in (200, 409)
        assert b"Traceback" not in answer.content
    finally:
        file.unlink() if kept is None else file.write_text(kept, encoding="utf-8")
