"""Where a format's bytes come from and go to: a path, bytes, or an open binary file."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

Source = Path | str | bytes
Sink = Path | str | BinaryIO


def read_bytes(source: Source) -> tuple[bytes, str]:
    """The bytes of a source and the name to use in findings (empty for bytes)."""
    if isinstance(source, bytes):
        return source, ""
    path = Path(source)
    return path.read_bytes(), path.name


def write_bytes(sink: Sink, *parts: bytes | memoryview) -> None:
    """Write parts one after another; a file appears whole or not at all."""
    if isinstance(sink, (Path, str)):
        path = Path(sink)
        unfinished = path.with_name(path.name + ".part")
        with unfinished.open("wb") as handle:
            handle.writelines(parts)
        unfinished.replace(path)
        return
    for part in parts:
        sink.write(part)


def name_of(sink: Sink) -> str:
    """The file name to use in findings."""
    return Path(sink).name if isinstance(sink, (Path, str)) else ""
