"""Commands start fast: what only some of them need is not imported by all."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = ("matplotlib", "numba", "psycopg", "pypdf", "scipy", "xlsxwriter")


def test_the_command_line_starts_without_the_heavy_libraries() -> None:
    code = "import json, sys, opencro.app.cli.main; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = set(json.loads(done.stdout))
    assert "opencro.app.build" in loaded
    assert not loaded & set(HEAVY)
