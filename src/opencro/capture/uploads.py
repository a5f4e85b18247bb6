"""Files that belong to a study's data: kept beside the ledger under their SHA-256, so a value names its bytes for ever.

Nothing is ever written over or taken away; the ledger says which file stands where, and since when.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from opencro.kernel.hashing import sha256_hex

FOLDER = "uploads"
MAX_BYTES = 100_000_000


def keep_upload(root: Path, content: bytes) -> str:
    """Keep a file in a study's folder; its SHA-256. ValueError for more than `MAX_BYTES`."""
    if len(content) > MAX_BYTES:
        raise ValueError(f"{len(content):,} bytes, at most {MAX_BYTES:,}")
    digest = sha256_hex(content)
    path = root / FOLDER / digest[:2] / digest
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as sink:
            sink.write(content)
        Path(beside).replace(path)
    return digest


def read_upload(root: Path, digest: str) -> bytes | None:
    """The bytes of a kept file, or None where they are not there or are not those that were kept."""
    path = root / FOLDER / digest[:2] / digest
    if not path.is_file():
        return None
    content = path.read_bytes()
    return content if sha256_hex(content) == digest else None
