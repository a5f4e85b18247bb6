"""Single sign-on against a small OpenID provider of our own: only accounts that are there come in."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from opencro.app.web.sign_on import read_sign_on
from opencro.kernel.finding import Refused
from tests.app.web.conftest import Web

SECRET = "only for this test, and long enough"


@dataclass
class Provider:
    """An OpenID provider that lets in whoever `person` says; `url` is where it is."""

    url: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    audience: str = "opencro"
    asked: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, environ: Any, start: Any) -> Any:
        request = Request(environ)
        answers = {
            "/.well-known/openid-configuration": self._describe,
            "/token": lambda: self._token(request),
            "/userinfo": lambda: self.person,
            "/jwks": lambda: {"keys": []},
        }
        made = answers.get(request.path)
        body = Response(json.dumps(made()), mimetype="application/json") if made else Response(status=404)
        return body(environ, start)

    def _describe(self) -> dict[str, Any]:
        at = {n: f"{self.url}/{p}" for n, p in (("token_endpoint", "token"), ("userinfo_endpoint", "userinfo"))}
        more = {"authorization_endpoint": f"{self.url}/authorize", "jwks_uri": f"{self.url}/jwks"}
        return {"issuer": self.url, **at, **more, "token_endpoint_auth_methods_supported": ["client_secret_post"]}

    def _token(self, request: Request) -> dict[str, Any]:
        self.asked.append({name: str(value) for name, value in request.form.items()})
        claims = {**self.person, "iss": self.url, "aud": self.audience, "exp": time.time() + 60, "iat": time.time()}
        signed = jwt.encode(claims, SECRET + SECRET, algorithm="HS256")
        return {"access_token": "x", "token_type": "Bearer", "id_token": signed}


@pytest.fixture
def provider(web: Web, settings_of: Any) -> Iterator[Provider]:
    """The provider, trusted by the site."""
    made = Provider()
    server = make_server("127.0.0.1", 0, made, threaded=True)
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings_of(made)
    yield made
    server.shutdown()
    thread.join(5)


@pytest.fixture
def settings_of(web: Web, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Makes the site trust a provider, as its file would at the start of a process."""
    file = web.site.root / "sso.yaml"

    def trust(provider: Provider) -> None:
        from django.conf import settings

        monkeypatch.setenv("OPENCRO_SSO_TEST", SECRET)
        file.write_text(
            f"providers:\n  - id: hospital\n    name: University hospital\n    server: {provider.url}\n"
            "    client_id: opencro\n    secret_variable: OPENCRO_SSO_TEST\n    subjects: {by-subject: mona}\n"
        )
        found = read_sign_on(web.site.root)
        monkeypatch.setattr(settings, "SIGN_ON", found)
        apps = {"openid_connect": {"APPS": [one.as_app() for one in found]}}
        monkeypatch.setattr(settings, "SOCIALACCOUNT_PROVIDERS", apps)

    yield trust
    file.unlink(missing_ok=True)


def come(web: Web, provider: Provider, **person: Any) -> tuple[Any, Any]:
    """A browser that comes back from the provider as this person, and the answer it gets."""
    provider.person = person
    client = web.client(None)
    away = client.post("/account/oidc/hospital/login/")
    assert away.status_code == 302, away.content
    assert away["Location"].startswith(f"{provider.url}/authorize?")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(away["Location"]).query).items()}
    assert asked["code_challenge_method"] == "S256"
    back = {"code": "one-time", "state": asked["state"]}
    return client, client.get("/account/oidc/hospital/login/callback/", back)


def _mail(web: Web, user: str, mail: str) -> None:
    from django.contrib.auth.models import User

    User.objects.filter(username=user).update(email=mail)


@pytest.mark.requirement(24)
def test_a_verified_address_lets_the_account_in_that_has_it(web: Web, provider: Provider) -> None:
    from django.contrib.auth.models import User

    _mail(web, "anna", "anna@hospital.example")
    before = User.objects.count()
    client, answer = come(web, provider, sub="1", email="Anna@hospital.example", email_verified=True)
    assert answer.status_code == 302
    assert client.get(web.base).status_code == 200
    assert provider.asked[-1]["client_secret"] == SECRET
    assert provider.asked[-1]["code_verifier"]
    assert User.objects.count() == before
    again, answer = come(web, provider, sub="1")
    assert answer.status_code == 302
    assert again.get(web.base).status_code == 200


@pytest.mark.requirement(24)
def test_a_subject_that_the_site_names_is_let_in(web: Web, provider: Provider) -> None:
    client, answer = come(web, provider, sub="by-subject")
    assert answer.status_code == 302
    assert b"Mona" in client.get(web.base).content


@pytest.mark.requirement(24)
@pytest.mark.parametrize(
    "person",
    [
        {"sub": "2", "email": "stranger@elsewhere.example", "email_verified": True},
        {"sub": "3", "email": "dana@hospital.example", "email_verified": False},
        {"sub": "4", "email": "dana@hospital.example"},
        {"sub": "5"},
        {"sub": "6", "email": "", "email_verified": True},
    ],
)
def test_nobody_else_comes_in_and_no_account_is_made(web: Web, provider: Provider, person: dict[str, Any]) -> None:
    from django.contrib.auth.models import User

    _mail(web, "dana", "dana@hospital.example")
    before = User.objects.count()
    client, answer = come(web, provider, **person)
    assert answer.status_code == 403
    assert client.get(web.base).status_code == 302
    assert User.objects.count() == before


@pytest.mark.requirement(20, 24)
def test_a_closed_account_and_a_token_for_somebody_else_stay_out(web: Web, provider: Provider) -> None:
    from django.contrib.auth.models import User

    _mail(web, "sven", "sven@hospital.example")
    User.objects.filter(username="sven").update(is_active=False)
    client, _answer = come(web, provider, sub="7", email="sven@hospital.example", email_verified=True)
    assert client.get(web.base).status_code == 302
    User.objects.filter(username="sven").update(is_active=True)
    provider.audience = "another-client"
    client, _answer = come(web, provider, sub="8", email="sven@hospital.example", email_verified=True)
    assert client.get(web.base).status_code == 302
    forged = web.client(None).get("/account/oidc/hospital/login/callback/", {"code": "x", "state": "made-up"})
    assert forged.status_code == 401
    assert web.client(None).post("/account/oidc/unknown/login/").status_code == 404


def test_the_login_page_offers_it_and_may_lead_there(web: Web, provider: Provider) -> None:
    page = web.client(None).get("/account/login/")
    assert b"Log in with University hospital" in page.content
    assert f"form-action 'self' {provider.url}" in page["Content-Security-Policy"]


@pytest.mark.parametrize(
    "text",
    [
        "hospital: 1",
        "providers: [1]",
        "providers: [{id: a}]",
        "providers: [{id: a, name: A, server: 'http://far.example', client_id: c, secret_variable: PATH}]",
        "providers: [{id: a, name: A, server: 'https://far.example', client_id: c, secret_variable: NOT_SET_HERE}]",
        "providers: [{id: a, name: A, server: 'https://x.example', client_id: c, secret_variable: PATH, secret: s}]",
    ],
)
def test_a_file_that_is_not_as_documented_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "sso.yaml").write_text(text)
    with pytest.raises(Refused) as refused:
        read_sign_on(tmp_path)
    assert set(refused.value.findings.codes()) == {"WEB-006"}


def test_a_site_without_the_file_trusts_nobody(tmp_path: Path) -> None:
    assert read_sign_on(tmp_path) == ()
