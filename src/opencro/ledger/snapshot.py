"""The state as of a position of the ledger, as columns: the same position always gives the same bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import polars as pl

from opencro.kernel.hashing import canonical_json
from opencro.ledger.port import RecordRow, Store
from opencro.ledger.replay import render_record_line, replay_records

_KEY_SCHEMA: dict[str, pl.DataType] = {
    "record": pl.Int64(),
    "fact": pl.Int64(),
    "site": pl.String(),
    "participant": pl.String(),
    "event": pl.String(),
    "event_repeat": pl.Int64(),
    "form_repeat": pl.Int64(),
    "group_repeat": pl.Int64(),
}


class Snapshot:
    """A frozen view: what is appended later does not show. Made by `Ledger.snapshot`."""

    def __init__(
        self,
        store: Store,
        position: int,
        anchor: str,
        recorded_at: str = "",
        participants: tuple[str, ...] | None = None,
    ) -> None:
        self._store = store
        self._replayed: list[RecordRow] | None = None
        self._frames: dict[tuple[str, str | None], pl.DataFrame] = {}
        self.position = position
        self.anchor = anchor
        self.recorded_at = recorded_at
        self._only = participants

    def limited_to(self, participants: Sequence[str]) -> Snapshot:
        """The same state with the records of these participants only; what it reads is bounded by them."""
        return Snapshot(self._store, self.position, self.anchor, self.recorded_at, tuple(participants))

    def known_participants(self) -> list[tuple[str, str]]:
        """The (site, participant) pairs that ever had records, perhaps none in this state; cheap at any position."""
        return [(s, p) for s, p in self._store.known_participants() if self._only is None or p in self._only]

    def records(self, form: str, group: str | None = None, items: Sequence[str] | None = None) -> pl.DataFrame:
        """The standing records of a form (and group), one row each, ordered by `record`.

        Columns: record and fact (numbers of its first and last fact), site, participant, event, event_repeat,
        form_repeat, group_repeat, then the items as text: those asked for, in that order, else all, by name. A form
        without records gives a frame without rows.
        """
        if items is not None:
            return _frame_of(self._lines(form, group), items)
        if (form, group) not in self._frames:
            self._frames[form, group] = _frame(self._lines(form, group))
        return self._frames[form, group]

    def forms(self) -> list[tuple[str, str]]:
        """The (form, group) pairs that have records, in order."""
        with self._store.reading():
            if self._only is None and self._store.last_seq() == self.position:
                return self._store.forms()
        return sorted({(row.key.form, row.key.group) for row in self._replay() if not row.removed})

    def participants(self) -> list[tuple[str, str]]:
        """The (site, participant) pairs that have records, in order."""
        with self._store.reading():
            if self._only is None and self._store.last_seq() == self.position:
                return self._store.participants()
        return sorted({(row.key.site, row.key.participant) for row in self._replay() if not row.removed})

    def write_parquet(self, folder: Path) -> list[Path]:
        """Write `<form>.<group>.parquet` for each form and group, and `snapshot.json` with position and anchor."""
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for form, group in self.forms():
            path = folder / f"{quote(form, safe='')}.{quote(group, safe='')}.parquet"
            self.records(form, group).write_parquet(path)
            written.append(path)
        (folder / "snapshot.json").write_bytes(canonical_json({"position": self.position, "anchor": self.anchor}))
        return written

    def _lines(self, form: str, group: str | None) -> list[str]:
        with self._store.reading():
            if self._stands():
                return self._store.record_lines(form, group, self._only)
        return [
            render_record_line(row)
            for row in self._replay()
            if not row.removed and row.key.form == form and group in (None, row.key.group)
        ]

    def _stands(self) -> bool:
        """Whether the present records are those of this state: nobody wrote since, or not about these participants."""
        if self._store.last_seq() == self.position:
            return True
        return self._only is not None and not self._store.moved_since(self.position, self._only)

    def _replay(self) -> list[RecordRow]:
        if self._replayed is None:
            self._replayed = list(replay_records(self._store, self.position, self._only))
        return self._replayed


def _frame_of(lines: list[str], items: Sequence[str]) -> pl.DataFrame:
    """Of these items only: their names are known, so nothing has to be guessed from the lines."""
    nested = {**_KEY_SCHEMA, "values": pl.Struct(dict.fromkeys(items, pl.String()))}
    if not lines:
        return pl.DataFrame(schema={**_KEY_SCHEMA, **dict.fromkeys(items, pl.String())})
    return pl.read_ndjson(io.BytesIO("\n".join(lines).encode()), schema=nested).unnest("values")


def _frame(lines: list[str]) -> pl.DataFrame:
    if not lines:
        return pl.DataFrame(schema=_KEY_SCHEMA)
    read = pl.read_ndjson(io.BytesIO("\n".join(lines).encode()), infer_schema_length=None)
    keys = read.select(pl.col(name).cast(dtype) for name, dtype in _KEY_SCHEMA.items())
    values = read.get_column("values")
    if not isinstance(values.dtype, pl.Struct) or not values.dtype.fields:
        return keys
    items = values.struct.unnest()
    return keys.hstack(items.select(pl.col(sorted(items.columns)).cast(pl.String)))
