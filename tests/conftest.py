"""Fixtures that every test may use, and the traceability matrix that every full run writes."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Error as PlaywrightError

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "docs" / "validation" / "requirements.yaml"
MATRIX = ROOT / "build" / "validation"


# the same code gives the same result at every run; HYPOTHESIS_PROFILE=search looks for new examples
settings.register_profile("same", derandomize=True)
settings.register_profile("search", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--rewrite-golden` writes the golden files anew; their diff is to be read."""
    parser.addoption("--rewrite-golden", action="store_true", help="write golden files anew")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Reference data that the project does not contain; a test that needs them skips where they are absent."""
    path = ROOT.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip(
            "../shared/data is absent: this test compares with reference data that the project does not contain"
        )
    return path


def _start_wheel(folder: Path) -> tuple[str, Callable[[], None]] | None:
    try:
        import pgserver
    except ImportError:
        return None
    server = pgserver.get_server(folder, cleanup_mode="stop")
    return server.get_uri(), server.cleanup


def _start_installed(folder: Path) -> tuple[str, Callable[[], None]] | None:
    found = [*sorted(Path("/usr/lib/postgresql").glob("*/bin")), *(Path(p) for p in os.get_exec_path())]
    binaries = next((b for b in found if (b / "initdb").exists() and (b / "pg_ctl").exists()), None)
    if binaries is None:
        return None
    run: list[str] = []
    if os.geteuid() == 0:
        if shutil.which("runuser") is None or "postgres" not in {p.pw_name for p in pwd.getpwall()}:
            return None
        shutil.chown(folder, "postgres")
        run = ["runuser", "-u", "postgres", "--"]
    data = folder / "data"
    subprocess.run([*run, binaries / "initdb", "-A", "trust", "-U", "postgres", data], check=True, capture_output=True)
    options = f"-k {folder} -c listen_addresses=''"
    start = [*run, binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start"]
    subprocess.run(start, check=True, stdout=subprocess.DEVNULL)
    stop = [*run, binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop"]
    return f"postgresql://postgres@/postgres?host={folder}", lambda: subprocess.run(stop, check=False) and None


@pytest.fixture(scope="session")
def postgres() -> Iterator[tuple[str, Path]]:
    """The URL of a PostgreSQL server of our own, and the path of its log."""
    with tempfile.TemporaryDirectory(prefix="ocro", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        started = _start_wheel(folder) or _start_installed(folder)
        if started is None:
            pytest.skip("no PostgreSQL: neither the wheel pgserver nor an installed server works here")
        url, stop = started
        yield url, folder / "log"
        stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium: the machine's own, or the one that playwright has installed."""
    found = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        except PlaywrightError:
            pytest.skip("no Chromium: tools/provide_chromium.sh installs one")
        yield browser
        browser.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Sends the requirement numbers of a test along with its result, also from worker processes."""
    numbers = [n for mark in item.iter_markers("requirement") for n in mark.args]
    if numbers and ("requirements", numbers) not in item.user_properties:
        item.user_properties.append(("requirements", numbers))
    yield


class Matrix:
    """Requirement -> test -> result, gathered while the tests run and written at the end."""

    def __init__(self) -> None:
        self.results: dict[int, dict[str, str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keeps the worst result of a test's phases."""
        for name, numbers in report.user_properties:
            if name != "requirements":
                continue
            for number in numbers:  # type: ignore[attr-defined]
                tests = self.results.setdefault(int(number), {})
                if report.when == "call" or report.outcome != "passed":
                    tests[report.nodeid] = report.outcome

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Writes the matrix; in a run of everything, a built requirement without a passing test fails the run."""
        whole = session.config.args == session.config.getini("testpaths") and not session.config.option.keyword
        if hasattr(session.config, "workerinput") or not whole:
            return
        rows = yaml.safe_load(REQUIREMENTS.read_text(encoding="utf-8"))["requirements"]
        self._write(rows)
        untested = [r["number"] for r in rows if r["state"] == "built" and not self._passed(r["number"])]
        if untested and session.exitstatus == 0:
            print(f"\nrequirements that are built but have no passing test: {untested}")
            session.exitstatus = 1

    def _passed(self, number: int) -> bool:
        return "passed" in self.results.get(number, {}).values()

    def _write(self, rows: list[dict[str, Any]]) -> None:
        MATRIX.mkdir(parents=True, exist_ok=True)
        (MATRIX / "matrix.json").write_text(json.dumps(self.results, indent=1, sort_keys=True), encoding="utf-8")
        lines = [
            "# Traceability matrix",
            "",
            "Written by the test run.",
            "",
            "| no | requirement | source | state | test | result |",
        ]
        lines.append("|---:|---|---|---|---|---|")
        for row in rows:
            head = f"| {row['number']} | {row['title']} | {row['source']} | {row['state']} |"
            tests = sorted(self.results.get(row["number"], {}).items()) or [("", "")]
            lines += [f"{head} {test} | {result} |" for test, result in tests]
        (MATRIX / "matrix.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Registers the matrix."""
    config.pluginmanager.register(Matrix(), "traceability-matrix")
