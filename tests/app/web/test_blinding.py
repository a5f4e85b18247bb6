"""Items that tell the treatment or identify a person are kept from everybody else, in every answer."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from typing import Any

import pytest
from pypdf import PdfReader

from opencro.capture import roles
from opencro.ledger import RecordChanged
from tests.app.web.test_routes import ROLES, _routes
from tests.app.web.two_sites import ARM, NAME, RULE, STUDY, VALUES, TwoSites, plain

ITEM_PAGES = [f"?group=VS&repeat=1&item={item}" for item in ("TREAT", "TREATUP", "INITIALS")]


def _secrets(role: str) -> list[str]:
    """What this role must not read."""
    may = roles()[role].may
    return ([] if "unblinded" in may else [ARM, RULE]) + ([] if "identifiers" in may else [NAME])


def _text(answer: Any) -> str:
    """The answer's text; of an archive, the texts in it."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as files:
            body = b"\n".join(files.read(name) for name in files.namelist())
    return str(body.decode("utf-8", "replace"))


@pytest.mark.requirement(19)
@pytest.mark.parametrize("role", ROLES)
def test_no_page_shows_a_role_the_value_of_an_item_that_is_not_for_it(two: TwoSites, role: str) -> None:
    client, secrets = two.client(two.people[role]), _secrets(role)
    for route in _routes():
        if "GET" not in route.methods:
            continue
        url = two.url(route.pattern, two.own, route.name)
        for more in ("", *(ITEM_PAGES if "?" in url else ("?q=SECRET", "?state=open", "?show=queries"))):
            text = _text(client.get(url.split("?")[0] + more if more else url))
            assert not [word for word in secrets if word in text], (role, url, more)


@pytest.mark.requirement(19)
def test_whom_they_are_for_does_see_them(two: TwoSites) -> None:
    url = two.form_url(two.own, "VS", "SCREENING")
    assert ARM in plain(two.client(two.people["unblinded statistician"]).get(url))
    assert RULE in plain(two.client(two.people["unblinded statistician"]).get(url))
    assert NAME in plain(two.client(two.people["coordinator"]).get(url))
    assert "•••" in plain(two.client(two.people["data manager"]).get(url))


@pytest.mark.requirement(19)
def test_nothing_that_is_posted_shows_or_changes_what_the_typist_may_not_see(two: TwoSites) -> None:
    client = two.client(two.people["coordinator"])
    url = two.form_url(two.own, "VS", "SCREENING")
    before = two.ledger.standing(two.own, "VS")[0]
    typed = {**VALUES, "VS[1].TREAT": "GUESS", "VS[1].TREATUP": "GUESS", "seen:VS[1]": str(before.last_fact)}
    bodies: list[dict[str, str]] = [
        {**typed, "seen:VS[1]": "0"},
        {**typed, "complete": "1"},
        {**typed, "VS[1].PULSE": "210"},
        {"remove:VS[1]": "1", "seen:VS[1]": str(before.last_fact)},
    ]
    for body in bodies:
        text = plain(client.post(url, body))
        assert ARM not in text, body
        assert RULE not in text, body
    assert client.post(url + "draft", typed).json() == {"kept": len(typed) - 1}
    assert "VS[1].TREAT" not in client.get(url + "draft").json()["typed"]
    assert client.post(url, {**typed, "VS[1].PULSE": "210", "reason": "Read again"}).status_code == 200
    after = two.ledger.standing(two.own, "VS")[0].values
    assert (after["TREAT"], after["TREATUP"], after["PULSE"]) == (ARM, ARM, "210")
    last = list(two.ledger.facts(participant=two.own, kind=RecordChanged.NAME))[-1]
    assert set(last.payload["items"]) == {"PULSE"}


@pytest.mark.requirement(19)
def test_counts_tell_nothing_of_a_query_on_a_blinded_item(two: TwoSites) -> None:
    from opencro.app.web.models import QueryRow

    rows = QueryRow.objects.filter(study=STUDY, participant=two.own, state="open")
    blinded = rows.filter(item__in=("TREAT", "TREATUP")) | rows.filter(rule__in=("VS900", "VS901"))
    assert blinded.exists()
    seen = rows.count() - blinded.count()
    for role in ("coordinator", "monitor"):
        client = two.client(two.people[role])
        for url in (two.form_url(two.own, "VS", "SCREENING"), two.base + f"participants/{two.own}/"):
            assert f"{seen} open quer" in plain(client.get(url)), (role, url)
    answer = two.client(two.people["monitor"]).post(
        two.form_url(two.own, "VS", "SCREENING") + "query", {"query": blinded[0].name, "step": "close"}
    )
    assert "There is no such query" in plain(answer)


def test_a_check_that_reads_a_blinded_item_at_another_visit_is_silent_too(two: TwoSites) -> None:
    from opencro.app.web.sight import _checks_reading  # Django is set up by then

    study = two.study
    check = study.checks[0].model_copy(update={"form": "VS", "item": "SYSBP"})
    for when, reads in (("SYSBP > 1 and PULSE at previous > 9", True), ("SYSBP at previous > 9", False)):
        asked = replace(study, checks=(check.model_copy(update={"when": when}),))
        assert bool(_checks_reading(asked, {"VS": frozenset({"PULSE"})})) is reads


@pytest.mark.requirement(19)
@pytest.mark.parametrize("role", [name for name in ROLES if "export" in roles()[name].may])
def test_what_is_taken_away_holds_nothing_that_is_not_for_the_role(two: TwoSites, role: str) -> None:
    from opencro.app.web.tokens import give_token

    user, secrets = two.people[role], _secrets(role)
    client, base = two.client(user), f"/{STUDY}/participants/{two.own}/"
    book = client.post(base + "casebook")
    pages = "".join(page.extract_text() for page in PdfReader(io.BytesIO(book.content)).pages)
    trail = client.post(base + "audit", {"format": "csv"})
    assert (book.status_code, trail.status_code) in ((200, 200), (200, 403))
    key = {"authorization": f"Bearer {give_token(user, STUDY, 'test')}"}
    texts = [pages, _text(trail)]
    for path in ("records", "audit", "forms"):
        texts.append(_text(client.get(f"/api/v1{base}{path}", headers=key)))
    texts.append(_text(client.get(f"/api/v1/{STUDY}/queries", headers=key)))
    for text in texts:
        assert not [word for word in secrets if word in text], (role, text[:400])
