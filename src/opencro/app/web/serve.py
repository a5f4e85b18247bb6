"""`opencro serve`: the tables made, the ledger followed, the server started."""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from pathlib import Path

from opencro.app.web.site import Site
from opencro.kernel.finding import Finding, Place, Refused

KEY_FILE = "web.key"
THREADS = 8


def prepare(site: Site) -> Site:
    """The site with its secret key, and Django set up in this process with its tables made.

    Refused: WEB-002 where `root` holds no study.
    """
    if not site.studies():
        remedy = "Name a study folder, or a folder of study folders."
        raise Refused([Finding("WEB-002", Place(str(site.root)), "no study.yaml", "a study folder", remedy)])
    ready = replace(site, root=site.root.resolve(), secret=site.secret or _key(site.root))
    os.environ.update(ready.to_environment())
    os.environ["DJANGO_SETTINGS_MODULE"] = "opencro.app.web.settings"
    _make_tables(ready)
    return ready


def _make_tables(site: Site) -> None:
    import django  # noqa: PLC0415  settings are read when Django is set up, and that is now

    if site.database:
        import psycopg  # noqa: PLC0415  files need no server's library

        with psycopg.connect(site.database, autocommit=True) as connection:
            connection.execute("CREATE SCHEMA IF NOT EXISTS opencro_web")
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415  needs the line above

    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)


def follow_ledgers() -> dict[str, int]:
    """Bring the tables up to every study's ledger; the position of each."""
    from opencro.app.web.catch_up import catch_up  # noqa: PLC0415  needs `prepare`
    from opencro.app.web.desk import ledger_of, open_study, site  # noqa: PLC0415

    return {study.id: catch_up(ledger_of(study)) for study in map(open_study, site().studies())}


def _key(root: Path) -> str:
    """The site's secret key: made once, kept beside the data, readable by its owner only."""
    path = root / KEY_FILE
    if not path.is_file():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text(encoding="utf-8")


def run_server(host: str, port: int, workers: int) -> None:
    """Serve until stopped. The processes share nothing but the databases."""
    from gunicorn.app.base import BaseApplication  # noqa: PLC0415  not on Windows, and only here

    class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
        def load_config(self) -> None:
            said = {"bind": f"{host}:{port}", "workers": workers, "threads": THREADS, "worker_class": "gthread"}
            more = {"loglevel": "warning", "timeout": 120, "graceful_timeout": 20, "max_requests": 20_000}
            for name, value in {**said, **more}.items():
                self.cfg.set(name, value)

        def load(self) -> object:
            from opencro.app.web.wsgi import application  # noqa: PLC0415  in the worker, after the fork

            return application

    Server().run()
