"""The only place where rooms are joined: which ledger, which terms, which records a study works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from opencro.ledger import Act, Actor, Ledger, Snapshot, Source, StudyPublished, create_ledger, open_ledger
from opencro.study import Study, publish
from opencro.tabulation import Records
from opencro.terms import TermsStore

LEDGER_FILE = "ledger.sqlite"
USER_TERMS = Path.home() / ".opencro" / "terms"
USER_DICTIONARIES = Path.home() / ".opencro" / "dictionaries"
_KEYS = {
    "record": pl.Int64,
    "fact": pl.Int64,
    "site": pl.String,
    "participant": pl.String,
    "event": pl.String,
    "event_repeat": pl.Int64,
    "form_repeat": pl.Int64,
    "group_repeat": pl.Int64,
}


def ledger_url(study: Study, database: str | None = None) -> str:
    """Where a study's ledger is: as given, else an SQLite file in the study's folder."""
    return database or str(study.root / LEDGER_FILE)


def ledger_exists(url: str) -> bool:
    """Whether there is a ledger to open; a server is asked only when it is opened."""
    return "://" in url or Path(url).is_file()


def open_study_ledger(study: Study, database: str | None = None, *, create: bool = False) -> Ledger:
    """The study's ledger; made (for live use) when it does not exist and `create` is true."""
    url = ledger_url(study, database)
    if create and not ledger_exists(url):
        return create_ledger(url, study=study.id, purpose="live")
    return open_ledger(url)


def publish_definition(study: Study, ledger: Ledger, actor: Actor, source: Source) -> None:
    """Put the definition under which data are about to be entered on record: kept in `versions/`, noted in the ledger.

    Refused (STU-301) when this version was already published with another content.
    """
    version = publish(study)
    last = [f.payload for f in ledger.facts(kind=StudyPublished.NAME)][-1:]
    if not last or last[0]["sha256"] != version.definition_hash:
        act = Act(StudyPublished(version.name, version.definition_hash))
        ledger.append([act], actor=actor, source=source, definition_version=version.name)


def terms_of(study: Study) -> TermsStore:
    """Published standards: the study's own packs, the user's, then those that are shipped."""
    return TermsStore((study.root / "terms", USER_TERMS))


def dictionary_places(study: Study) -> tuple[Path, ...]:
    """Where coding dictionaries lie, as `<id>/<version>/`: the study's own, then the user's."""
    return (study.root / "coding" / "dictionaries", USER_DICTIONARIES)


@dataclass(frozen=True)
class RecordReader:
    """Records of a snapshot by form and group, with a column for every item that the form defines; read once each."""

    study: Study
    snapshot: Snapshot
    participant: str | None
    _read: dict[tuple[str, str | None], pl.DataFrame]

    def __call__(self, form: str, group: str | None) -> pl.DataFrame:
        if (form, group) not in self._read:
            self._read[form, group] = self._fetch(form, group)
        return self._read[form, group]

    def _fetch(self, form: str, group: str | None) -> pl.DataFrame:
        groups = [g for g in self.study.forms[form].groups if group in (None, g.id)]
        items = [item.id for g in groups for item in g.items]
        frames = [self.snapshot.records(form, g.id, [item.id for item in g.items]) for g in groups]
        frame = pl.concat(frames, how="diagonal") if frames else pl.DataFrame(schema=_KEYS)
        if self.participant is not None:
            frame = frame.filter(pl.col("participant") == self.participant)
        missing = [pl.lit(None, dtype=pl.String).alias(item) for item in items if item not in frame.columns]
        return frame.with_columns(missing).with_columns(pl.col(items).cast(pl.String))


def records_of(study: Study, snapshot: Snapshot, participant: str | None = None) -> Records:
    """A reader of a snapshot's records, for all participants or for one."""
    return RecordReader(study, snapshot, participant, {})


Progress = Callable[[str, float], None]
"""Hears the name of a step and the share of the whole that is done, 0 to 1."""


def no_progress(step: str, share: float) -> None:
    """For programs that do not watch."""
