"""A real browser: passkeys, an authenticator app, and a session that ends while somebody types."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from opencro.app.web.site import VARIABLE
from opencro.study import Study

pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
PASSWORD = "one small step at a time"


@dataclass
class Served:
    """A server in a process of its own, and the browser that asks it."""

    url: str
    browser: Any
    folder: Path
    study: Study

    def log_in(self, user: str, width: int = 1280) -> Any:
        """A new window in which somebody is logged in."""
        context = self.browser.new_context(viewport={"width": width, "height": 900})
        page = context.new_page()
        page.problems = []
        page.on("console", lambda m: page.problems.append(m.text) if m.type == "error" else None)
        page.goto(self.url + "/account/login/")
        page.fill("#id_login", user)
        page.fill("#id_password", PASSWORD)
        page.click("form[action='/account/login/'] button.primary")
        page.wait_for_load_state()
        return page

    def show(self, page: Any, name: str) -> None:
        """Keep a picture where `OPENCRO_PICTURES` names a folder, at the width of a desk and of a phone."""
        folder = os.environ.get("OPENCRO_PICTURES")
        if folder:
            for width in (1280, 390):
                page.set_viewport_size({"width": width, "height": 900})
                page.screenshot(path=f"{folder}/{name}-{width}.png")
            page.set_viewport_size({"width": 1280, "height": 900})


@pytest.fixture(scope="module")
def served(played: Study, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`opencro serve --demo` over a study, and Chromium."""
    if not CHROMIUM:
        pytest.skip("no Chromium here")
    from playwright.sync_api import sync_playwright

    folder = tmp_path_factory.mktemp("browsed") / "STARTER"
    shutil.copytree(played.root, folder, ignore=shutil.ignore_patterns("build"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = "from opencro.app.cli.main import run; run()"
    run = [sys.executable, "-c", start, "serve", str(folder), "--demo", "--port", str(port)]
    environment = {k: v for k, v in os.environ.items() if k not in (VARIABLE, "DJANGO_SETTINGS_MODULE")}
    server = subprocess.Popen([*run, "--workers", "1"], env=environment)
    try:
        _wait(port)
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            yield Served(f"http://localhost:{port}", browser, folder, played)
            browser.close()
    finally:
        server.terminate()
        server.wait(30)


def _wait(port: int) -> None:
    for _ in range(240):
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.25)
    raise AssertionError("the server did not start")


@pytest.mark.requirement(24)
def test_a_passkey_is_added_and_lets_its_owner_in_without_a_password(served: Served) -> None:
    page = served.log_in("carl")
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    made = {**options, "isUserVerified": True, "automaticPresenceSimulation": True}
    device.send("WebAuthn.addVirtualAuthenticator", {"options": made})
    page.goto(served.url + "/account/")
    served.show(page, "account")
    page.goto(served.url + "/account/2fa/webauthn/add/")
    served.show(page, "reauthenticate")
    page.fill("[name=password]", PASSWORD)
    page.click("button.primary")
    page.wait_for_selector("[name=name]")
    served.show(page, "passkey-add")
    page.fill("[name=name]", "Carl's laptop")
    page.check("[name=passwordless]")
    page.click("form[data-passkey] button.primary")
    page.wait_for_selector(".codes")
    served.show(page, "recovery-codes")
    page.goto(served.url + "/account/2fa/webauthn/")
    assert "Carl's laptop" in page.inner_text("main")
    served.show(page, "keys")
    page.goto(served.url + "/account/2fa/")
    served.show(page, "second-factor")
    page.click("details.menu summary")
    page.click("details.menu form[action='/account/logout/'] button")
    page.wait_for_selector("form[data-passkey]")
    served.show(page, "login")
    page.click("form[data-passkey] button")
    page.wait_for_selector("details.menu")
    assert "Carl" in page.inner_text("details.menu summary")
    other = served.log_in("carl")
    assert "/account/2fa/authenticate/" in other.url, "a password alone is not enough any more"
    served.show(other, "authenticate")
    assert page.problems == other.problems == []


@pytest.mark.requirement(24)
def test_an_authenticator_app_is_set_up_from_the_page(served: Served) -> None:
    from tests.app.web.test_accounts import read_code

    page = served.log_in("sara")
    page.goto(served.url + "/account/2fa/totp/activate/")
    page.fill("[name=password]", PASSWORD)
    page.click("button.primary")
    page.wait_for_selector(".qr")
    assert page.evaluate("document.querySelector('.qr').naturalWidth") > 0
    served.show(page, "totp")
    page.fill("[name=code]", read_code(page.inner_text("#secret")))
    page.click("button.primary")
    page.wait_for_selector(".codes")
    page.goto(served.url + "/account/2fa/")
    assert "asks for a code" in page.inner_text("main")
    page.goto(served.url + "/account/password/change/")
    served.show(page, "password")
    assert page.problems == []


@pytest.mark.requirement(26)
def test_what_is_typed_when_the_session_ends_is_saved_after_a_login_in_a_second_window(served: Served) -> None:
    page = served.log_in("anna")
    page.goto(served.url + "/STARTER/participants/")
    person = page.inner_text(".matrix tbody tr:last-child th a")
    address = f"{served.url}/STARTER/participants/{person}/forms/UNSCHED/1/VS/1/"
    events = [v.id for v in served.study.protocol.schedule.visits if v.unscheduled] or ["SCREENING"]
    page.goto(address.replace("UNSCHED", events[0]))
    field = page.locator("[name='VS[1].PULSE']")
    field.fill("77")
    page.context.clear_cookies(name="sessionid")
    page.click("button[name=save]")
    page.wait_for_selector("#again[open]")
    served.show(page, "again")
    assert field.input_value() == "77"
    with page.context.expect_page() as opened:
        page.click("#again a.primary")
    second = opened.value
    second.fill("#id_login", "anna")
    second.fill("#id_password", PASSWORD)
    second.click("form[action='/account/login/'] button.primary")
    second.wait_for_selector("details.menu")
    page.click("#again [data-close]")
    page.click("button[name=save]")
    if page.locator("#reason").count() == 0:
        page.wait_for_selector("#messages .success, #reason")
    if page.locator("#reason").count():
        page.fill("#reason", "Read again")
        page.click("button[name=save]")
        page.wait_for_selector("#messages .success")
    page.reload()
    assert page.locator("[name='VS[1].PULSE']").input_value() == "77"
    assert re.search("Draft|did not save", page.inner_text("main")) is None
