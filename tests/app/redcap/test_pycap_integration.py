"""PyCap's own integration tests against our server; they are never copied into this repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.redcap.conftest import SUPER_TOKEN, TokenTable

CHECKOUT = os.environ.get("OPENCRO_PYCAP", "")
ELSEWHERE = "https://redcapdemo.vumc.org"


@pytest.mark.skipif(not CHECKOUT, reason="OPENCRO_PYCAP does not name a checkout of redcap-tools/PyCap")
def test_pycaps_integration_tests_pass_when_only_the_host_is_ours(office: TokenTable, tmp_path: Path) -> None:
    for name in ("tests", "redcap"):
        source = Path(CHECKOUT) / name
        shutil.copytree(source, tmp_path / name)
    replaced = 0
    for file in (tmp_path / "tests/integration").glob("*.py"):
        text = file.read_text(encoding="utf-8")
        replaced += text.count(ELSEWHERE)
        file.write_text(text.replace(ELSEWHERE, office.address), encoding="utf-8")
    assert replaced == 3, "the address, and two assertions about the host"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "-q",
            "-rfE",
            "--no-header",
            "-W",
            "ignore",
            "tests/integration",
        ],
        cwd=tmp_path,
        env={**os.environ, "REDCAPDEMO_SUPERUSER_TOKEN": SUPER_TOKEN, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    shown = done.stdout[-4000:] + done.stderr[-1000:]
    counted = re.search(r"(\d+) passed", done.stdout)
    assert done.returncode == 0, shown
    assert office.failed == 0, "a call broke the server and no test of theirs saw it"
    assert counted is not None, shown
    assert int(counted[1]) >= 60, shown
