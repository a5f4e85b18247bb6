"""The application in a real browser: what it judges while one types, what it keeps, what it weighs, who can use it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from opencro.study import Study
from tests.app.web.served import PASSWORD, Served, copy_study, serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

WEIGHT = 150_000
WEIGHING = """
  - id: VS900
    form: VS
    item: WEIGHT
    when: abs(WEIGHT - WEIGHT at previous) > 0.1 * WEIGHT at previous
    message: The weight changed by more than 10 % since the last visit.
    severity: warning
"""


@pytest.fixture(scope="module")
def served(played: Study, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = copy_study(played.root, tmp_path_factory.mktemp("browser") / "STARTER")
    with (folder / "forms" / "checks.yaml").open("a", encoding="utf-8") as checks:
        checks.write(WEIGHING)
    running = serve(folder)
    yield running
    running.kill()


def _log_in(chromium: Browser, served: Served, user: str, **more: Any) -> Page:
    context: BrowserContext = chromium.new_context(**more)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(served.url + "/account/login/")
    page.fill("#id_login", user)
    page.fill("#id_password", PASSWORD)
    page.click("button.primary")
    page.wait_for_selector("header.bar")
    return page


def _enrol(page: Page, served: Served) -> str:
    page.goto(f"{served.url}/STARTER/participants/enrol")
    page.click("form.card button.primary")
    page.wait_for_selector("#logs")
    return page.url


def test_what_is_typed_is_judged_at_once_and_again_by_the_server(chromium: Browser, served: Served) -> None:
    page = _log_in(chromium, served, "anna")
    person = _enrol(page, served)
    page.goto(person + "forms/SCREENING/1/VS/1/")
    page.fill("[name='VS[1].SYSBP']", "80")
    page.fill("[name='VS[1].DIABP']", "120")
    assert page.locator(".live[data-check=VS001]").inner_text().startswith("Diastolic blood pressure")
    page.fill("[name='VS[1].DIABP']", "70")
    assert page.locator(".live").count() == 0
    page.fill("[name='VS[1].DIABP']", "120")
    page.fill("[name='VS[1].WEIGHT']", "60")
    page.click("[name=save]")
    page.wait_for_selector(".query.open")
    page.goto(person + "forms/BASELINE/1/VS/1/")
    page.fill("[name='VS[1].WEIGHT']", "66.1")
    assert page.locator(".live[data-check=VS900]").inner_text().startswith("The weight changed")
    page.fill("[name='VS[1].WEIGHT']", "66")
    assert page.locator(".live").count() == 0
    page.goto(person + "forms/-/0/AE/1/")
    end = page.locator("[data-item=AEENDAT]")
    assert not end.is_visible()
    page.check("[name='AE[1].AEONGO'][value=N]")
    assert end.is_visible()


@pytest.mark.requirement(26)
def test_nothing_typed_is_lost_when_the_connection_goes_or_the_page_is_left(chromium: Browser, served: Served) -> None:
    page = _log_in(chromium, served, "anna")
    url = _enrol(page, served) + "forms/SCREENING/1/VS/1/"
    page.goto(url)
    page.context.set_offline(True)
    page.fill("[name='VS[1].SYSBP']", "118")
    page.click("[name=save]")
    page.wait_for_selector("#messages .error")
    assert page.input_value("[name='VS[1].SYSBP']") == "118"
    page.context.set_offline(False)
    page.locator("#draft-state", has_text="Draft kept").wait_for()
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(url)
    page.click("[data-draft=restore]")
    page.locator("#draft-note").wait_for(state="detached")
    assert page.input_value("[name='VS[1].SYSBP']") == "118"


PAGES = (
    ("anna", ""),
    ("anna", "participants/"),
    ("anna", "participants/enrol"),
    ("anna", "person"),
    ("anna", "person/forms/SCREENING/1/VS/1/"),
    ("anna", "person/forms/-/0/AE/1/"),
    ("mona", "queries/"),
    ("mona", "audit/"),
    ("dana", "close/"),
    ("adam", "people/"),
)


@pytest.mark.requirement(47)
def test_every_main_page_is_accessible_light_and_calls_nobody_else(chromium: Browser, served: Served) -> None:
    people: dict[str, Page] = {}
    serious: list[str] = []
    for user, path in PAGES:
        page = people.get(user) or people.setdefault(user, _log_in(chromium, served, user))
        at = path.replace("person", _first(page, served)) if "person" in path else path
        asked: list[tuple[str, int]] = []

        def note(answer: Any, asked: list[tuple[str, int]] = asked) -> None:
            asked.append((answer.url, int(answer.headers.get("content-length") or 0)))

        page.on("response", note)
        page.goto(f"{served.url}/STARTER/{at}")
        page.remove_listener("response", note)
        found = Axe().run(page).response["violations"]
        serious += [
            f"{path}: {v['id']} {v['nodes'][0]['html'][:160]}" for v in found if v["impact"] in ("serious", "critical")
        ]
        assert all(url.startswith(served.url) for url, _ in asked), asked
        assert sum(size for _, size in asked) <= WEIGHT, (path, asked)
    assert not serious, "\n".join(serious)


def _first(page: Page, served: Served) -> str:
    page.goto(f"{served.url}/STARTER/participants/")
    return (
        str(page.locator("table.matrix tbody th a").first.get_attribute("href")).removeprefix("/STARTER/").rstrip("/")
    )


@pytest.mark.requirement(47)
def test_a_form_is_filled_by_keyboard_alone(chromium: Browser, served: Served) -> None:
    page = _log_in(chromium, served, "anna")
    page.goto(_enrol(page, served) + "forms/SCREENING/1/VS/1/")
    page.focus("[name='VS[1].VSDAT']")
    for text in ("2026-02-01", "120", "80", "62", "70.5"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "complete"
    page.keyboard.press("Enter")
    page.wait_for_selector(".message.success")
    assert page.locator(".state.complete").count() == 1


@pytest.mark.requirement(47)
@pytest.mark.parametrize("width", [360, 640])
def test_no_page_scrolls_sideways_on_a_phone_or_at_double_size(chromium: Browser, served: Served, width: int) -> None:
    page = _log_in(chromium, served, "anna", viewport={"width": width, "height": 740})
    person = _first(page, served)
    for path in ("", "participants/", person, f"{person}/forms/SCREENING/1/VS/1/", "queries/"):
        page.goto(f"{served.url}/STARTER/{path}")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 1, (path, wide)


def test_the_folder_holds_a_key_that_only_its_owner_reads(served: Served) -> None:
    key: Path = served.folder / "web.key"
    assert key.stat().st_mode & 0o077 == 0
