"""Errors show nothing of the inside, logs nothing of participants, and no setting turns the trail off."""

from __future__ import annotations

import io
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path

import pytest

from opencro.app.web.site import Site
from opencro.ledger import RecordChanged
from tests.app.web.conftest import Web, _switch
from tests.app.web.two_sites import ARM, NAME, VALUES, TwoSites, plain

INSIDE = ("Traceback", "RuntimeError", "/site-packages/", "/opencro/", "SELECT ", "django.core", "django/core", '.py"')


@contextmanager
def _log() -> Iterator[io.StringIO]:
    """What the server writes to its log meanwhile, as its settings have it."""
    from opencro.app.web.logs import Plain

    handler = next(h for h in logging.getLogger().handlers if isinstance(h.formatter, Plain))
    assert isinstance(handler, logging.StreamHandler)
    text = io.StringIO()
    before = handler.setStream(text)
    try:
        yield text
    finally:
        handler.setStream(before)


@pytest.mark.requirement(45)
def test_an_error_shows_words_and_the_log_its_place_without_values(
    two: TwoSites, monkeypatch: pytest.MonkeyPatch
) -> None:
    from opencro.app.web.views import form

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"value {NAME} of {two.own}")

    monkeypatch.setattr(form, "build_form_page", fail)
    client = two.client("own.coordinator")
    client.raise_request_exception = False
    with _log() as log:
        answer = client.get(two.form_url(two.own, "VS", "SCREENING") + "?q=asked-for")
    assert answer.status_code == 500
    assert not [word for word in (*INSIDE, NAME) if word in plain(answer)]
    assert "failed on our side" in plain(answer)
    said = log.getvalue()
    assert "RuntimeError" in said
    assert "in fail" in said
    assert not [word for word in (NAME, two.own, "asked-for") if word in said]


@pytest.mark.requirement(45)
@pytest.mark.parametrize(
    "path", ["nowhere/", "participants/%00/", "participants/x'--/", "queries/?page=x", "queries/?q=%00", "people/"]
)
def test_an_address_that_is_wrong_shows_nothing_of_the_inside(two: TwoSites, path: str) -> None:
    for user in ("own.coordinator", None):
        answer = two.client(user).get(two.base + path)
        assert answer.status_code < 500
        text = plain(answer)
        assert not [word for word in INSIDE if word in text], path


@pytest.mark.requirement(45)
def test_the_log_of_a_day_holds_neither_participants_nor_values_nor_passwords(two: TwoSites) -> None:
    client, monitor = two.client("own.coordinator"), two.client("own.monitor")
    url = two.form_url(two.own, "VS", "SCREENING")
    with _log() as log:
        client.get(url)
        client.post(url, {**VALUES, "VS[1].SYSBP": "notanumber77", "seen:VS[1]": "0"})
        monitor.post(url, VALUES)
        client.get(two.form_url(two.foreign, "VS", "SCREENING"))
        client.get(two.base + f"participants/{two.foreign}/?q={NAME}")
        two.client(None).post("/account/login/", {"login": "own.monitor", "password": "a-password-typed"})
        client.post(url + "sign", {"username": "own.coordinator", "password": "a-password-typed"})
    said = log.getvalue()
    assert "Forbidden" in said
    assert "login failed for own.monitor" in said
    for secret in (two.own, two.foreign, "notanumber77", "a-password-typed", NAME, ARM):
        assert secret not in said, secret


@pytest.mark.requirement(45)
def test_pages_forbid_foreign_code_and_are_kept_by_no_cache(two: TwoSites) -> None:
    for path in (two.base, two.form_url(two.own, "VS", "SCREENING"), "/account/login/"):
        answer = two.client("own.coordinator").get(path, follow=True)
        policy = answer["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert answer["Cache-Control"] == "no-store"
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.requirement(7)
@pytest.mark.parametrize("change", [{}, {"demo": False}, {"https": True}, {"hosts": ("localhost", "other.example")}])
def test_no_setting_of_a_site_turns_the_trail_off(web: Web, change: dict[str, object]) -> None:
    assert {f.name for f in fields(Site)} == {"root", "database", "demo", "hosts", "https", "secret"}
    before = web.site
    _switch(replace(before, **change))  # type: ignore[arg-type]
    try:
        person = web.enrol()
        web.save("anna", web.form_url(person, "VS", "SCREENING"), {"VS[1].SYSBP": "120", "VS[1].DIABP": "80"})
        facts = list(web.ledger.facts(participant=person, kind=RecordChanged.NAME))
        assert len(facts) == 1
        assert (facts[0].actor, facts[0].payload["items"]["SYSBP"]) == ("anna", [None, "120"])
    finally:
        _switch(before)


@pytest.mark.requirement(7)
def test_no_variable_flag_or_argument_speaks_of_leaving_the_trail_out(root: Path) -> None:
    files = [*(root / "src").rglob("*.py"), *(root / "src").rglob("*.yaml"), *(root / "src").rglob("*.sql")]
    off = re.compile(
        r"(no|skip|disable|without|off)[_-]?(audit|trail|ledger|facts?)\b(?!\w)|(audit|trail)[_-]?(off|disabled)"
    )
    found = [(p.name, m[0]) for p in files for m in off.finditer(p.read_text(encoding="utf-8").lower())]
    assert found == []
    assert "OPENCRO_AUDIT" not in os.environ
