"""The trail as columns, a million facts in seconds: the envelope of each fact typed, its payload as the JSON text."""

from __future__ import annotations

import io
from collections.abc import Iterable

import polars as pl

_ENVELOPE: dict[str, pl.DataType] = {
    "seq": pl.Int64(),
    "kind": pl.String(),
    "site": pl.String(),
    "participant": pl.String(),
    "event": pl.String(),
    "event_repeat": pl.Int64(),
    "form": pl.String(),
    "form_repeat": pl.Int64(),
    "item_group": pl.String(),
    "group_repeat": pl.Int64(),
    "actor": pl.String(),
    "role": pl.String(),
    "reason": pl.String(),
    "source": pl.String(),
    "recorded_at": pl.String(),
    "device_time": pl.String(),
    "definition_version": pl.String(),
}
_PAYLOAD = b',"payload":'
# Free text behind the payload is quoted, so its quotes are escaped: the last of these begins the tail.
_TAIL = b',"actor":"'
_CHAINED = len('{"previous":"') + 64 + len('",')
"""Where a line goes on behind the hash of the fact before it."""

Line = tuple[int, bytes, bytes]


def trail_frame(blocks: Iterable[list[Line]]) -> pl.DataFrame:
    """Facts in order, one row each: `seq`, `kind`, the key, who, why, whence, when, and `payload` as JSON text."""
    frames = [_frame(block) for block in blocks if block]
    return pl.concat(frames) if frames else _named(pl.DataFrame(schema={**_ENVELOPE, "payload": pl.String}))


def in_blocks(lines: Iterable[Line], size: int = 10_000) -> Iterable[list[Line]]:
    """The same lines some thousand at a time."""
    block: list[Line] = []
    for line in lines:
        block.append(line)
        if len(block) == size:
            yield block
            block = []
    yield block


def _frame(block: list[Line]) -> pl.DataFrame:
    envelopes, payloads = [], []
    for _, line, _ in block:
        start, end = line.index(_PAYLOAD), line.rindex(_TAIL)
        envelopes.append(b"{" + line[_CHAINED:start] + line[end:])
        payloads.append(line[start + len(_PAYLOAD) : end])
    read = pl.read_ndjson(io.BytesIO(b"\n".join(envelopes)), schema=_ENVELOPE)
    return _named(read.with_columns(pl.Series("payload", payloads, dtype=pl.Binary).cast(pl.String)))


def _named(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.rename({"item_group": "group"})
