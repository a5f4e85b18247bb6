"""The application as its own processes on a free port, as `opencro serve` starts them."""

from __future__ import annotations

import http.cookiejar
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

PASSWORD = "one small step at a time"


@dataclass
class Served:
    """A running server; `folder` is the study."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """All its processes at once, without a chance to clean up."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def serve(folder: Path, workers: int = 2) -> Served:
    """Start a server and wait until it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    program = "from opencro.app.cli.main import run; run()"
    command = [sys.executable, "-c", program, "serve", str(folder), "--demo", "--port", str(port)]
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--workers", str(workers)], stdout=log, stderr=log, start_new_session=True
        )
    served = Served(folder, port, process)
    for _ in range(600):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(served.url + "/healthz", timeout=5):
                return served
        except OSError:
            time.sleep(0.2)
    served.kill()
    raise AssertionError((folder / "server.log").read_text())


def copy_study(source: Path, folder: Path) -> Path:
    """A copy of a played study, its ledger included."""
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("build", "ledger*", "versions", "web*"))
    with sqlite3.connect(source / "ledger.sqlite") as old, sqlite3.connect(folder / "ledger.sqlite") as new:
        old.backup(new)
    return folder


@dataclass
class Visitor:
    """Somebody who is logged in, by plain requests."""

    served: Served
    user: str
    _jar: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)

    def __post_init__(self) -> None:
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))
        self.get("/account/login/")
        answer = self.post("/account/login/", {"login": self.user, "password": PASSWORD})
        assert answer[0] == 200, answer

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of a page."""
        return self._ask(path, None)

    def post(self, path: str, data: dict[str, str]) -> tuple[int, str]:
        """Send a form with the token of the session."""
        token = next((c.value for c in self._jar if c.name == "csrftoken"), "")
        return self._ask(path, urllib.parse.urlencode({**data, "csrfmiddlewaretoken": token or ""}).encode())

    def _ask(self, path: str, body: bytes | None) -> tuple[int, str]:
        request = urllib.request.Request(self.served.url + path, body, headers={"Referer": self.served.url})
        try:
            with self._opener.open(request, timeout=120) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def seen(self, path: str) -> dict[str, str]:
        """What a form's page had seen of its records."""
        return dict(re.findall(r'name="(seen:[^"]+)" value="(\d+)"', self.get(path)[1]))
