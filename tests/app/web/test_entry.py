"""A form from the first keystroke to the lock, as the people of a study do it."""

from __future__ import annotations

import pytest

from opencro.ledger import FormSigned, RecordChanged, RoleChanged
from tests.app.web.conftest import Web

PASSWORD = "one small step at a time"
VITALS = {"VS[1].SYSBP": "120", "VS[1].DIABP": "80", "VS[1].PULSE": "62", "VS[1].VSDAT": "2026-02-01"}
SIGNING = {"username": "ibrahim", "password": PASSWORD}


def _vitals(web: Web) -> dict[str, str]:
    """Every required item of the vital signs form, with a value that fits."""
    values = {}
    for group in web.study.forms["VS"].groups:
        for item in group.items:
            codes = web.study.codelists.get(item.codes or "")
            fitting = {"date": "2026-02-01", "integer": "70", "decimal": "70.5", "text": "x", "time": "10:30"}
            values[f"{group.id}[1].{item.id}"] = codes.codes[0].value if codes else fitting.get(item.type, "")
    return values | {"VS[1].SYSBP": "120", "VS[1].DIABP": "80"}


def _state(web: Web, person: str) -> str:
    from opencro.app.web.models import FormRow

    return str(FormRow.objects.get(study=web.study.id, participant=person, form="VS", event="SCREENING").state)


@pytest.mark.requirement(3)
def test_what_is_typed_becomes_facts_with_who_when_and_through_which_door(web: Web) -> None:
    person = web.enrol()
    url = web.form_url(person, "VS", "SCREENING")
    answer = web.save("anna", url, {"VS[1].SYSBP": "120", "VS[1].DIABP": "80"})
    assert answer.status_code == 200
    fact = list(web.ledger.facts(participant=person, kind=RecordChanged.NAME))[-1]
    assert fact.payload["items"] == {"DIABP": [None, "80"], "SYSBP": [None, "120"]}
    assert (fact.actor, fact.role, fact.source, fact.reason) == ("anna", "coordinator", "ui", "")
    assert (fact.key.site, fact.key.event, fact.key.form) == (web.home("anna"), "SCREENING", "VS")
    assert fact.request_id
    assert fact.definition_version == web.study.file.version


@pytest.mark.requirement(5)
def test_a_change_of_what_was_saved_asks_for_the_reason(web: Web) -> None:
    person = web.enrol()
    url = web.form_url(person, "VS", "SCREENING")
    web.save("anna", url, {"VS[1].SYSBP": "120"})
    asked = web.save("anna", url, {"VS[1].SYSBP": "121"})
    assert asked.status_code == 422
    assert b'name="reason"' in asked.content
    assert web.ledger.standing(person, "VS")[0].values["SYSBP"] == "120"
    assert web.save("anna", url, {"VS[1].SYSBP": "121"}, reason="Typing error").status_code == 200
    last = web.ledger.history(web.place(person, "VS", "SCREENING")._replace(group="VS", group_repeat=1), "SYSBP")[-1]
    assert (last.old, last.new, last.reason) == ("120", "121", "Typing error")


@pytest.mark.requirement(32)
@pytest.mark.parametrize(("item", "value", "code"), [("SYSBP", "high", "number"), ("VSDAT", "2026-02-30", "date")])
def test_a_value_that_does_not_fit_is_refused_and_what_was_typed_stays(
    web: Web, item: str, value: str, code: str
) -> None:
    person = web.enrol()
    url = web.form_url(person, "VS", "SCREENING")
    answer = web.save("anna", url, {f"VS[1].{item}": value, "VS[1].DIABP": "80"})
    assert answer.status_code == 422
    assert f'value="{value}"'.encode() in answer.content
    assert b'value="80"' in answer.content
    assert code.encode() in answer.content
    assert not web.ledger.standing(person, "VS")


def test_an_edit_check_raises_a_query_that_closes_when_the_value_is_corrected(web: Web) -> None:
    from opencro.app.web.models import QueryRow

    person = web.enrol()
    url = web.form_url(person, "VS", "SCREENING")
    web.save("anna", url, {"VS[1].SYSBP": "80", "VS[1].DIABP": "120"})
    query = QueryRow.objects.get(study=web.study.id, participant=person)
    assert (query.state, query.rule, query.item) == ("open", "VS001", "DIABP")
    web.save("anna", url, {"VS[1].SYSBP": "120", "VS[1].DIABP": "80"}, reason="Exchanged")
    assert QueryRow.objects.get(study=web.study.id, participant=person).state == "closed"


@pytest.mark.requirement(28, 12)
def test_a_form_is_completed_verified_signed_and_locked_in_this_order(web: Web) -> None:
    person = web.enrol()
    url = web.form_url(person, "VS", "SCREENING")
    assert web.client("ibrahim").post(url + "sign", SIGNING).status_code == 409
    assert web.save("anna", url, _vitals(web), complete="1").status_code == 200
    assert _state(web, person) == "complete"
    assert web.client("mona").post(url + "verify").status_code == 200
    assert _state(web, person) == "verified"
    assert web.client("dana").post(url + "lock").status_code == 409
    signed = web.client("ibrahim").post(url + "sign", SIGNING)
    assert signed.status_code == 200
    assert b"Ibrahim Investigator" in signed.content
    assert b"complete and accurate" in signed.content
    assert b"UTC" in signed.content
    assert web.client("dana").post(url + "lock").status_code == 200
    refused = web.save("anna", url, {"VS[1].SYSBP": "99"}, reason="Late")
    assert refused.status_code == 409
    assert web.ledger.standing(person, "VS")[0].values["SYSBP"] == "120"


@pytest.mark.requirement(13)
def test_a_change_after_the_signature_shows_that_it_no_longer_holds(web: Web) -> None:
    person = web.enrol()
    url = web.form_url(person, "VS", "SCREENING")
    web.save("anna", url, _vitals(web), complete="1")
    web.client("ibrahim").post(url + "sign", SIGNING)
    web.save("anna", url, {"VS[1].SYSBP": "118"}, reason="Source was read wrongly")
    shown = web.client("ibrahim").get(url)
    assert b"no longer holds" in shown.content
    assert b'name="password"' in shown.content


@pytest.mark.requirement(14, 15)
@pytest.mark.parametrize(
    "typed", [{"username": "ibrahim", "password": "wrong"}, {"username": "anna", "password": PASSWORD}, {}]
)
def test_nobody_signs_without_his_own_name_and_password(web: Web, typed: dict[str, str]) -> None:
    person = web.enrol()
    url = web.form_url(person, "VS", "SCREENING")
    web.save("anna", url, _vitals(web), complete="1")
    assert web.client("ibrahim").post(url + "sign", typed).status_code == 409
    assert not list(web.ledger.facts(participant=person, kind=FormSigned.NAME))


@pytest.mark.requirement(29)
def test_two_people_in_one_form_overwrite_nothing(web: Web) -> None:
    person = web.enrol()
    url = web.form_url(person, "VS", "SCREENING")
    web.save("anna", url, {"VS[1].SYSBP": "120", "VS[1].DIABP": "80"})
    place = web.place(person, "VS", "SCREENING")
    seen = str(web.ledger.standing(person, "VS")[0].last_fact)
    web.save("ibrahim", url, {"VS[1].SYSBP": "130", "VS[1].DIABP": "80"}, reason="Read again")
    mine = {"seen:VS[1]": seen, "VS[1].SYSBP": "140", "VS[1].DIABP": "80", "reason": "Read by me"}
    answer = web.client("anna").post(url, mine)
    assert answer.status_code == 409
    assert b"Somebody saved this form" in answer.content
    assert b">130<" in answer.content
    assert b'value="140"' in answer.content
    assert web.ledger.standing(person, place.form)[0].values["SYSBP"] == "130"
    other = {"seen:VS[1]": seen, "VS[1].SYSBP": "120", "VS[1].DIABP": "85", "reason": "Read by me"}
    assert web.client("anna").post(url, other).status_code == 200
    assert web.ledger.standing(person, place.form)[0].values == {"SYSBP": "130", "DIABP": "85"}


def test_what_is_typed_and_not_saved_is_kept_for_its_writer_only(web: Web) -> None:
    person = web.enrol()
    url = web.form_url(person, "VS", "SCREENING")
    assert web.client("anna").post(url + "draft", {"VS[1].SYSBP": "12"}).json() == {"kept": 1}
    assert web.client("anna").get(url + "draft").json() == {"typed": {"VS[1].SYSBP": "12"}}
    assert web.client("ibrahim").get(url + "draft").json() == {"typed": None}
    assert not web.ledger.standing(person)
    web.save("anna", url, {"VS[1].SYSBP": "120"})
    assert web.client("anna").get(url + "draft").json() == {"typed": None}


@pytest.mark.requirement(4)
def test_old_values_stand_beside_the_item_for_monitor_investigator_and_inspector(web: Web) -> None:
    person = web.enrol()
    url = web.form_url(person, "VS", "SCREENING")
    web.save("anna", url, {"VS[1].SYSBP": "120"})
    web.save("anna", url, {"VS[1].SYSBP": "121"}, reason="Typing error")
    for user in ("mona", "ibrahim", "ines"):
        shown = web.client(user).get(url + "history?group=VS&repeat=1&item=SYSBP")
        assert shown.status_code == 200
        assert b"Typing error" in shown.content
        assert b"120" in shown.content
        assert b"hx-get" in web.client(user).get(url).content
    assert web.client("sven").get(url + "history?group=VS&repeat=1&item=SYSBP").status_code == 403


@pytest.mark.requirement(21)
@pytest.mark.parametrize("user", ["mona", "dana", "carl", "bea", "uma", "sara", "sven", "ines", "adam"])
def test_only_site_roles_enter_data(web: Web, user: str) -> None:
    person = web.enrol()
    url = web.form_url(person, "VS", "SCREENING")
    assert web.client(user).post(url, {"VS[1].SYSBP": "120", "seen:VS[1]": "0"}).status_code in (403, 404)
    assert not web.ledger.standing(person)


@pytest.mark.requirement(20)
def test_a_role_that_is_taken_ends_at_the_next_request(web: Web) -> None:
    url = web.base + "queries/"
    carl = web.client("carl")
    assert carl.get(url).status_code == 200
    web.client("adam").post(web.base + "people/role", {"user": "carl", "role": "", "site": ""})
    assert carl.get(url).status_code == 404
    web.client("adam").post(web.base + "people/role", {"user": "carl", "role": "coder", "site": ""})
    assert carl.get(url).status_code == 200
    assert [f.payload["new_role"] for f in web.ledger.facts(kind=RoleChanged.NAME)][-2:] == ["", "coder"]


def test_queries_are_asked_answered_asked_again_and_closed(web: Web) -> None:
    from opencro.app.web.models import QueryRow

    person = web.enrol()
    url = web.form_url(person, "VS", "SCREENING")
    web.save("anna", url, {"VS[1].SYSBP": "120"})
    ask = {"group": "VS", "repeat": "1", "item": "SYSBP", "text": "Is this from the left arm?"}
    assert web.client("mona").post(url + "ask", ask).status_code == 200
    name = QueryRow.objects.get(study=web.study.id, participant=person).name
    steps = [
        ("mona", "answer", "x", 403),
        ("anna", "answer", "Yes.", 200),
        ("anna", "close", "", 403),
        ("mona", "reopen", "And the cuff?", 200),
        ("anna", "answer", "Medium.", 200),
        ("mona", "close", "", 200),
        ("anna", "answer", "Again", 409),
    ]
    for user, step, text, status in steps:
        answer = web.client(user).post(url + "query", {"query": name, "step": step, "text": text})
        assert answer.status_code == status, (user, step)
    assert QueryRow.objects.get(name=name).state == "closed"


def test_the_tables_can_be_dropped_and_are_made_again_from_the_facts(web: Web) -> None:
    from opencro.app.web.catch_up import catch_up
    from opencro.app.web.models import FormRow, LockRow, MembershipRow, Participant, Progress, QueryRow

    models = (FormRow, QueryRow, Participant, MembershipRow, LockRow)
    catch_up(web.ledger)

    def rows() -> list[list[dict[str, object]]]:
        found = [list(m.objects.filter(study=web.study.id).values()) for m in models]  # type: ignore[attr-defined]
        return [sorted([{k: v for k, v in r.items() if k != "id"} for r in table], key=str) for table in found]

    before = rows()
    for model in (*models, Progress):
        model.objects.filter(study=web.study.id).delete()  # type: ignore[attr-defined]
    catch_up(web.ledger)
    assert rows() == before
