"""What a web application serves: which studies, which database, for whom; the same for all its processes."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from opencro.kernel.finding import Finding, Place, Refused

VARIABLE = "OPENCRO_SITE"
"""The environment variable that holds a `Site` as JSON for the processes of the server."""


@dataclass(frozen=True, slots=True)
class Site:
    """`root` is a study folder or a folder of study folders; `database` a PostgreSQL URL, or "" for files in `root`.

    `demo` opens the door to anyone who can reach it: made-up users with a password that the login page shows.
    `hosts` are the names under which the site may be asked for; `https` says that a proxy in front speaks TLS.
    """

    root: Path
    database: str = ""
    demo: bool = False
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    https: bool = False
    secret: str = ""

    def studies(self) -> tuple[Path, ...]:
        """The study folders, in the order of their names."""
        if (self.root / "study.yaml").is_file():
            return (self.root,)
        return tuple(sorted(p.parent for p in self.root.glob("*/study.yaml")))

    def ledger_url(self, folder: Path) -> str | None:
        """The ledger of a study: None for the file in its folder, else a schema of its own in the database."""
        if not self.database:
            return None
        joint = "&" if "?" in self.database else "?"
        name = "".join(c if c.isalnum() else "_" for c in folder.name.lower())
        return f"{self.database}{joint}schema=study_{name}"

    def to_environment(self) -> dict[str, str]:
        """For the processes of the server."""
        return {VARIABLE: json.dumps({**asdict(self), "root": str(self.root)})}

    @staticmethod
    def from_environment() -> Site:
        """The site that this process serves. Refused (WEB-001) where nobody said which."""
        text = os.environ.get(VARIABLE)
        if text is None:
            remedy = "Start it with `opencro serve STUDY`."
            raise Refused([Finding("WEB-001", Place(), f"{VARIABLE} is not set", "a site to serve", remedy)])
        said = json.loads(text)
        return Site(**{**said, "root": Path(said["root"]), "hosts": tuple(said["hosts"])})
