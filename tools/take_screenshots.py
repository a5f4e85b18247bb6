"""Pictures of the main pages for the documentation: `python tools/take_screenshots.py URL docs/screens`.

URL is a running demonstration (`opencro serve demo --demo`). The pictures are looked at before they are committed.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

STUDY = "IN-FLIGHT"
PASSWORD = "one small step at a time"  # noqa: S105  shown on the login page of the demonstration itself
FORM = "a.form-link:has-text('Vital signs')"


def main(url: str, folder: Path) -> None:
    """Take all pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        mona = _log_in(browser, url, "mona")
        for name, path in (("home", ""), ("participants", "participants/"), ("queries", "queries/")):
            mona.goto(f"{url}/{STUDY}/{path}")
            mona.screenshot(path=folder / f"{name}.png")
        mona.click("table tbody th a")
        mona.locator("button[data-sheet]:visible").first.click()
        mona.wait_for_selector("#sheet[open]")
        mona.screenshot(path=folder / "history.png")
        anna = _log_in(browser, url, "anna")
        anna.goto(f"{url}/{STUDY}/participants/?show=unsigned")
        anna.click("table.matrix tbody th a")
        anna.locator(FORM).first.click()
        anna.wait_for_selector("#entry, .group")
        for record in anna.locator("details.record").all()[:1]:
            record.evaluate("element => element.open = true")
        anna.screenshot(path=folder / "form.png")
        at = anna.url
        arabic = _log_in(browser, url, "anna", viewport={"width": 390, "height": 800})
        arabic.goto(at)
        arabic.context.add_cookies([{"name": "django_language", "value": "ar", "url": url}])
        arabic.reload()
        arabic.screenshot(path=folder / "phone-arabic.png")
        browser.close()


def _log_in(browser: Browser, url: str, user: str, viewport: dict[str, int] | None = None) -> Page:
    size = viewport or {"width": 1180, "height": 760}
    page = browser.new_context(viewport=size).new_page()  # type: ignore[arg-type]
    page.goto(url + "/account/login/")
    page.fill("#id_login", user)
    page.fill("#id_password", PASSWORD)
    page.click("button.primary")
    page.wait_for_selector("header.bar")
    return page


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"), Path(sys.argv[2]))
