"""PyCap's own integration tests against our server; they are never copied into this repository.

Three places are changed in a temporary copy: the address, and two assertions about the host of a link.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from opencro.study import init_study
from tests.app.redcap.conftest import SUPER_TOKEN, TokenTable

CHECKOUT = os.environ.get("OPENCRO_PYCAP", "")
ELSEWHERE = "https://redcapdemo.vumc.org"
TESTS = 63
OPENCRO = (sys.executable, "-c", "from opencro.app.cli.main import run; run()")
PASSWORD = "correct horse battery 9"

pytestmark = pytest.mark.skipif(not CHECKOUT, reason="OPENCRO_PYCAP does not name a checkout of redcap-tools/PyCap")


def _opencro(*words: str, said: str = "") -> str:
    command = [*OPENCRO, *words]
    done = subprocess.run(command, input=said, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """`opencro serve` in a process of its own: its address, and a key that makes projects."""
    folder = tmp_path / "studies"
    init_study(folder / "starter", id="STARTER", title="Starter")
    _opencro("account", str(folder), "founder", said=f"{PASSWORD}\n{PASSWORD}\n")
    token = _opencro("token", str(folder), "founder", "--projects").strip()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*OPENCRO, "serve", str(folder), "--port", str(port), "--workers", "1"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address)
        yield address, token
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(address: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if requests.get(f"{address}/healthz", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.2)
    raise AssertionError("the server did not start")


def _run(folder: Path, address: str, token: str) -> str:
    for name in ("tests", "redcap"):
        shutil.copytree(Path(CHECKOUT) / name, folder / name)
    replaced = 0
    for file in (folder / "tests/integration").glob("*.py"):
        text = file.read_text(encoding="utf-8")
        replaced += text.count(ELSEWHERE)
        file.write_text(text.replace(ELSEWHERE, address), encoding="utf-8")
    assert replaced == 3
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rfE", "-W", "ignore", "tests/integration"],
        cwd=folder,
        env={**os.environ, "REDCAPDEMO_SUPERUSER_TOKEN": token, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    return done.stdout


def _passed(shown: str) -> int:
    counted = re.search(r"(\d+) passed", shown)
    return int(counted[1]) if counted else 0


def test_pycaps_integration_tests_pass_at_the_door(office: TokenTable, tmp_path: Path) -> None:
    assert _passed(_run(tmp_path, office.address, SUPER_TOKEN)) == TESTS
    assert office.failed == 0, "a call broke the server and no test of theirs saw it"


def test_pycaps_integration_tests_pass_against_opencro_serve(served: tuple[str, str], tmp_path: Path) -> None:
    assert _passed(_run(tmp_path / "pycap", *served)) == TESTS
