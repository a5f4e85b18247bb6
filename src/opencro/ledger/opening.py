"""Opening, making and restoring a ledger, by its URL: a path, `sqlite:///...` or `postgresql://...?schema=...`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from opencro.kernel.finding import Finding, Place, Refused
from opencro.ledger.check import check_names
from opencro.ledger.export import read_appends, read_export_meta, read_lines
from opencro.ledger.facts import LedgerCreated
from opencro.ledger.ledger import Ledger
from opencro.ledger.model import Act, Actor, Source
from opencro.ledger.port import AnchorRow, FactRow, Store
from opencro.ledger.replay import replay_records
from opencro.ledger.sqlite import SqliteStore, create_sqlite

FORMAT = 1
PURPOSES = ("live", "rehearsal")
_SQLITE_MARK = b"SQLite format 3\x00"


def create_ledger(
    url: str | Path, *, study: str, purpose: str = "live", clock: Callable[[], datetime] | None = None
) -> Ledger:
    """Make an empty ledger; its first fact says for which study and purpose, and that stays so.

    Refused: LED-001 odd characters in `study`; LED-011 a clock for a live ledger; LED-012 a ledger is there already;
    LED-013 `purpose` is neither `live` nor `rehearsal`.
    """
    findings = check_names([study], "study")
    if purpose not in PURPOSES:
        remedy = "Choose one; it cannot be changed later."
        findings.append(Finding("LED-013", Place(path=str(url)), f'purpose "{purpose}"', " or ".join(PURPOSES), remedy))
    if findings:
        raise Refused(findings)
    _refuse_clock(url, purpose, clock)
    _create(url, {"study": study, "purpose": purpose, "format": str(FORMAT)})
    ledger = open_ledger(url, clock=clock)
    what = LedgerCreated(study=study, purpose=purpose, format=FORMAT)
    ledger.append([Act(what)], actor=Actor("opencro", "system"), source=Source.SYSTEM, definition_version="")
    return ledger


def open_ledger(url: str | Path, *, clock: Callable[[], datetime] | None = None) -> Ledger:
    """Open a ledger. Refused: LED-012 none is there, or of another format; LED-011 a clock for a live ledger."""
    if not _exists(url):
        raise Refused(
            [_no("there is no ledger", "one made by create_ledger", url, "Check the URL, or create the ledger.")]
        )
    store = _connect(url)
    meta = store.read_meta()
    if meta.get("format") != str(FORMAT):
        store.close()
        raise Refused([_no(f"format {meta.get('format')}", f"format {FORMAT}", url, "Use the version that made it.")])
    _refuse_clock(url, meta["purpose"], clock)
    return Ledger(store, clock)


def restore(path: Path, url: str | Path) -> Ledger:
    """Make the ledger of a backup or export at `url` and verify it; Refused with what `verify` found."""
    with path.open("rb") as handle:
        is_database = handle.read(16) == _SQLITE_MARK
    if is_database:
        source = SqliteStore(path)
        meta, appends = source.read_meta(), read_appends(source)
    else:
        meta, appends = read_export_meta(path), read_lines(path)
    _create(url, meta)
    store = _connect(url)
    _fill(store, appends)
    ledger = Ledger(store)
    findings = ledger.verify()
    if not findings.ok:
        raise Refused(findings)
    return ledger


def _fill(store: Store, appends: Iterator[tuple[AnchorRow, list[FactRow]]]) -> None:
    with store.writing():
        for anchor, facts in appends:
            store.insert_facts([facts])
            store.insert_anchor(anchor)
        store.replace_records(list(replay_records(store, store.last_seq())))


def _refuse_clock(url: str | Path, purpose: str, clock: Callable[[], datetime] | None) -> None:
    if clock is not None and purpose != "rehearsal":
        got = "a clock is given to a live ledger"
        remedy = "Leave the clock out, or make a ledger for rehearsal."
        raise Refused([Finding("LED-011", Place(path=str(url)), got, "the database's own clock", remedy)])


def _is_postgres(url: str | Path) -> bool:
    return str(url).startswith(("postgresql://", "postgres://"))


def _path(url: str | Path) -> Path:
    return Path(str(url).removeprefix("sqlite:///"))


def _connect(url: str | Path) -> Store:
    if not _is_postgres(url):
        return SqliteStore(_path(url))
    from opencro.ledger.postgres import PostgresStore  # noqa: PLC0415  a file needs no server's library

    return PostgresStore(str(url))


def _exists(url: str | Path) -> bool:
    if not _is_postgres(url):
        path = _path(url)
        if not path.is_file():
            return False
        with path.open("rb") as handle:
            return handle.read(16) == _SQLITE_MARK
    from opencro.ledger.postgres import holds_ledger  # noqa: PLC0415  a file needs no server's library

    return holds_ledger(str(url))


def _create(url: str | Path, meta: dict[str, str]) -> None:
    taken = _exists(url) if _is_postgres(url) else _path(url).exists()
    if taken:
        raise Refused([_no("something is there already", "an unused place", url, "Open it, or choose another URL.")])
    if _is_postgres(url):
        from opencro.ledger.postgres import create_postgres  # noqa: PLC0415  a file needs no server's library

        create_postgres(str(url), meta)
    else:
        _path(url).parent.mkdir(parents=True, exist_ok=True)
        create_sqlite(_path(url), meta)


def _no(got: str, expected: str, url: str | Path, remedy: str) -> Finding:
    return Finding("LED-012", Place(path=str(url)), got, expected, remedy)
