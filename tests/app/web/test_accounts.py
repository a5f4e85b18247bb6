"""Accounts: passwords, lockout, second factors, sessions, and names that are never given again."""

from __future__ import annotations

import base64
import hmac
import logging
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from opencro.ledger import UserLoggedIn
from tests.app.web.conftest import Web

if TYPE_CHECKING:
    from django.test import Client

PASSWORD = "a quiet morning in May"
_names = iter(range(1, 1000))


@pytest.fixture(autouse=True)
def _no_attempts(web: Web) -> Iterator[None]:
    """Each test starts without remembered attempts."""
    from django.core.cache import cache

    cache.clear()
    yield
    cache.clear()


def make(web: Web, role: str = "data manager", password: str = PASSWORD) -> str:
    """An account with a role, made by the administrator and with a password of its own."""
    from opencro.app.web.models import FirstPassword

    name = f"person{next(_names)}{'p' if web.site.database else 's'}"
    adam = web.client("adam")
    adam.post(web.base + "people/account", {"username": name, "password": password, "last_name": "Somebody"})
    adam.post(web.base + "people/role", {"user": name, "role": role, "site": ""})
    FirstPassword.objects.filter(user__username=name).delete()
    return name


def log_in(web: Web, name: str, password: str = PASSWORD) -> tuple[Client, Any]:
    """A browser in which somebody logged in, and the answer."""
    client = web.client(None)
    return client, client.post("/account/login/", {"login": name, "password": password})


@pytest.mark.requirement(25)
@pytest.mark.parametrize("password", ["short", "password12345", "somebody1234", "qwertyuiop123"])
def test_a_password_that_is_short_or_known_is_refused(web: Web, password: str) -> None:
    from django.contrib.auth.models import User

    name = make(web, password=password)
    assert not User.objects.filter(username=name).exists()


@pytest.mark.requirement(25)
def test_a_password_needs_no_kinds_of_characters_is_pasted_and_never_expires(web: Web) -> None:
    name = make(web, password="only small letters and spaces")
    client, answer = log_in(web, name, "only small letters and spaces")
    assert answer.status_code == 302
    page = client.get("/account/password/change/").content.decode()
    assert 'type="password"' in page
    assert "onpaste" not in page
    new = {"oldpassword": "only small letters and spaces", "password1": "another sentence here"}
    assert client.post("/account/password/change/", {**new, "password2": "another sentence here"}).status_code == 302
    assert log_in(web, name, "another sentence here")[1].status_code == 302


@pytest.mark.requirement(25)
def test_the_first_password_opens_nothing_but_the_page_that_changes_it(web: Web) -> None:
    from django.contrib.auth.models import User

    from opencro.app.web.models import FirstPassword

    name = make(web)
    FirstPassword.objects.create(user=User.objects.get(username=name))
    client, _answer = log_in(web, name)
    assert client.get(web.base)["Location"] == "/account/password/change/"
    new = {"oldpassword": PASSWORD, "password1": "another sentence here", "password2": "another sentence here"}
    client.post("/account/password/change/", new)
    assert client.get(web.base).status_code == 200


@pytest.mark.requirement(23)
def test_five_failures_close_a_name_for_a_while_and_the_person_hears_of_them(
    web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    from django.core.cache import cache

    name = make(web)
    with caplog.at_level(logging.WARNING):
        for attempt in range(5):
            assert log_in(web, name, f"secret-guess-{attempt}")[1].status_code == 200
    assert "secret-guess" not in caplog.text
    assert f"login failed for {name}" in caplog.text
    client, answer = log_in(web, name)
    assert answer.status_code == 200
    assert not client.session.get("_auth_user_id")
    failed = [f for f in web.ledger.facts(kind=UserLoggedIn.NAME) if f.payload["user"] == name]
    assert [f.payload["succeeded"] for f in failed] == [False] * 5
    cache.clear()
    client, answer = log_in(web, name)
    shown = client.get(web.base).content.decode()
    assert "5 times in vain" in shown
    client, _answer = log_in(web, name)
    assert "in vain" not in client.get(web.base).content.decode()


@pytest.mark.requirement(23, 45)
def test_a_name_that_no_account_has_is_answered_alike_and_stays_out_of_the_log(
    web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        unknown = log_in(web, "typed-my-password-here", "x")[1]
    known = log_in(web, make(web), "x")[1]
    assert unknown.status_code == known.status_code == 200
    assert "typed-my-password-here" not in caplog.text
    assert _error(unknown) == _error(known) != ""


def _error(answer: Any) -> str:
    from html import unescape

    text = answer.content.decode()
    return unescape(text.partition('role="alert">')[2].partition("</div>")[0])


@pytest.mark.requirement(16, 25)
def test_a_name_is_never_given_again_and_an_account_never_deleted(web: Web) -> None:
    from django.contrib.auth.models import User
    from django.db.models import ProtectedError

    name = make(web)
    user = User.objects.get(username=name)
    with pytest.raises(ProtectedError):
        user.delete()
    with pytest.raises(ProtectedError):
        User.objects.filter(username=name).delete()
    again = {"username": name.upper(), "password": PASSWORD, "last_name": "Other"}
    answer = web.client("adam").post(web.base + "people/account", again, follow=True)
    assert "never given again" in answer.content.decode()
    assert User.objects.filter(username__iexact=name).count() == 1


@pytest.mark.requirement(20)
def test_a_closed_account_loses_its_sessions_and_cannot_come_back(web: Web) -> None:
    name = make(web)
    client, _answer = log_in(web, name)
    assert client.get(web.base).status_code == 200
    web.client("adam").post(web.base + "people/active", {"user": name})
    assert client.get(web.base).status_code == 302
    assert log_in(web, name)[1].status_code in (200, 302)
    assert client.get(web.base).status_code == 302
    web.client("adam").post(web.base + "people/active", {"user": name})
    assert log_in(web, name)[0].get(web.base).status_code == 200


@pytest.mark.requirement(26)
def test_a_session_gets_a_new_token_at_login_and_when_the_person_is_asked_again(web: Web) -> None:
    name = make(web)
    client = web.client(None)
    client.get("/account/login/")
    client.post("/language", {"language": "en"})
    before = client.cookies.get("sessionid")
    client.post("/account/login/", {"login": name, "password": PASSWORD})
    first = client.cookies["sessionid"].value
    assert before is None or before.value != first
    assert client.post("/account/reauthenticate/", {"password": PASSWORD, "next": "/"}).status_code == 302
    second = client.cookies["sessionid"].value
    assert second != first
    assert client.get(web.base).status_code == 200
    stolen = web.client(None)
    stolen.cookies["sessionid"] = first
    assert stolen.get(web.base).status_code == 302


@pytest.mark.requirement(26)
def test_a_session_ends_when_nobody_uses_it_and_after_half_a_day(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings

    from opencro.app.web import guard

    for later in (guard.IDLE_SECONDS + 60, settings.SESSION_COOKIE_AGE + 60):
        client, _answer = log_in(web, make(web))
        assert client.get(web.base).status_code == 200
        now = time.time()
        with monkeypatch.context() as patched:
            if later > guard.IDLE_SECONDS * 3:
                patched.setattr(guard, "IDLE_SECONDS", later * 2)
            patched.setattr(guard.time, "time", lambda now=now, later=later: now + later)
            assert client.get(web.base, headers={"HX-Request": "true"}).status_code == 401


@pytest.mark.requirement(26)
def test_a_person_sees_her_sessions_and_ends_them_one_by_one_or_all(web: Web) -> None:
    name = make(web)
    here, there, third = (log_in(web, name)[0] for _ in range(3))
    shown = here.get("/account/").content.decode()
    assert shown.count("End it") == 2
    number = shown.partition('name="session" value="')[2].partition('"')[0]
    here.post("/account/sessions/end", {"session": number})
    assert sorted(c.get(web.base).status_code for c in (there, third)) == [200, 302]
    here.post("/account/sessions/end", {"session": "others"})
    assert [c.get(web.base).status_code for c in (here, there, third)] == [200, 302, 302]
    other, _answer = log_in(web, make(web))
    assert "End it" not in other.get("/account/").content.decode()
    other.post("/account/sessions/end", {"session": "1"})
    assert here.get(web.base).status_code == 200


@pytest.mark.requirement(26)
def test_a_new_password_ends_the_other_sessions(web: Web) -> None:
    name = make(web)
    here, there = (log_in(web, name)[0] for _ in range(2))
    new = {"oldpassword": PASSWORD, "password1": "another sentence here", "password2": "another sentence here"}
    here.post("/account/password/change/", new)
    assert [c.get(web.base).status_code for c in (here, there)] == [200, 302]


@pytest.mark.requirement(24)
def test_a_code_of_the_app_is_asked_for_and_taken_once(web: Web) -> None:
    name = make(web)
    client, _answer = log_in(web, name)
    secret, codes = _set_up_app(client)
    assert len(codes) == 10
    other, answer = log_in(web, name)
    assert answer["Location"].startswith("/account/2fa/authenticate/")
    assert other.get(web.base).status_code == 302
    assert other.post("/account/2fa/authenticate/", {"code": "000000"}).status_code == 200
    code = read_code(secret)
    assert other.post("/account/2fa/authenticate/", {"code": code}).status_code == 302
    assert other.get(web.base).status_code == 200
    third, _answer = log_in(web, name)
    assert third.post("/account/2fa/authenticate/", {"code": code}).status_code == 200
    assert third.post("/account/2fa/authenticate/", {"code": codes[0]}).status_code == 302
    fourth, _answer = log_in(web, name)
    assert fourth.post("/account/2fa/authenticate/", {"code": codes[0]}).status_code == 200
    facts = [f.payload for f in web.ledger.facts(kind=UserLoggedIn.NAME) if f.payload["user"] == name]
    assert sum(not f["succeeded"] for f in facts) == 3


def _set_up_app(client: Client) -> tuple[str, list[str]]:
    import re

    assert client.get("/account/2fa/totp/activate/")["Location"].startswith("/account/reauthenticate/")
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    page = client.get("/account/2fa/totp/activate/").content.decode()
    found = re.search(r'id="secret">([A-Z2-7]+)<', page)
    assert found is not None
    answer = client.post("/account/2fa/totp/activate/", {"code": read_code(found[1])}, follow=True)
    return found[1], re.findall(r"<li><code>(\w+)</code></li>", answer.content.decode())


def read_code(secret: str) -> str:
    """The code that an app shows now; not in the last moments of a half-minute, in which it would be too late.

    Source: RFC 6238, section 4, over RFC 4226, section 5.3.
    """
    if time.time() % 30 > 25:
        time.sleep(30 - time.time() % 30)
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, int(time.time() // 30).to_bytes(8, "big"), "sha1")
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


@pytest.mark.requirement(24)
def test_nothing_offers_to_sign_up_or_to_come_in_by_mail(web: Web) -> None:
    client = web.client(None)
    page = client.get("/account/login/").content.decode()
    assert "signup" not in page
    assert "reset" not in page
    for closed in ("signup/", "password/reset/", "email/", "login/code/", "3rdparty/", "password/set/"):
        for who in (client, web.client("anna")):
            assert who.get("/account/" + closed).status_code == 404, closed


@pytest.mark.requirement(45)
def test_no_page_of_an_account_has_code_in_it(web: Web) -> None:
    import re

    client, _answer = log_in(web, make(web))
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    pages = ["/account/", "/account/password/change/", "/account/2fa/", "/account/2fa/totp/activate/"]
    pages += ["/account/2fa/webauthn/add/", "/account/2fa/webauthn/", "/account/reauthenticate/", "/account/logout/"]
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200, page
        text = answer.content.decode()
        assert "script-src 'self';" in answer["Content-Security-Policy"]
        code = re.findall(r"<script(?![^>]*(?:src=|application/json))", text)
        assert code == [], page
        assert not re.search(r"\son\w+=|style=|javascript:", text), page
        assert 'href="/static/web/app.css' in text, page
