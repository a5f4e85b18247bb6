"""Files that belong to a study's data: kept beside the ledger under their SHA-256, so a value names its bytes for ever.

Nothing is ever written over or taken away; the ledger says which file stands where, and since when.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from opencro.kernel.finding import Finding, Place
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


FORM_BYTES = 20_000_000
"""The largest file that a form takes."""

_VALUE = re.compile(r"(?P<name>.*)#sha256=(?P<digest>[0-9a-f]{64})\Z", re.DOTALL)
_MAGIC: tuple[tuple[bytes, int, str], ...] = (
    (b"%PDF-", 0, "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF87a", 0, "image/gif"),
    (b"GIF89a", 0, "image/gif"),
    (b"II*\x00", 0, "image/tiff"),
    (b"MM\x00*", 0, "image/tiff"),
    (b"DICM", 128, "application/dicom"),
    (b"WEBP", 8, "image/webp"),
)
"""The first bytes of the files that a form takes, where they stand, and what they are."""


def file_value(name: str, digest: str) -> str:
    """What the ledger keeps of a file: its name and the SHA-256 of its bytes."""
    return f"{name}#sha256={digest}"


def file_name(stored: str) -> str:
    """The name of a kept file."""
    match = _VALUE.match(stored)
    return match["name"] if match else stored


def file_digest(stored: str) -> str:
    """The SHA-256 of a kept file, or "" where the value names none."""
    match = _VALUE.match(stored)
    return match["digest"] if match else ""


def sniff_type(content: bytes) -> str | None:
    """The media type by the bytes, whatever the name says; None for what a form does not take.

    Text is what decodes as UTF-8, has no control signs and does not begin like markup: nothing that a browser runs.
    """
    for magic, offset, media in _MAGIC:
        if content[offset : offset + len(magic)] == magic:
            return media
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    odd = any(ord(sign) < 32 and sign not in "\t\r\n\f" for sign in text)
    return None if odd or text.lstrip("\ufeff \t\r\n").startswith("<") else "text/plain"


def check_upload(name: str, content: bytes, place: Place) -> Finding | None:
    """Whether a form takes a file: CAP-311 (its kind), CAP-312 (its size)."""
    if len(content) > FORM_BYTES:
        got = f"{name}: {len(content) / 1e6:.1f} MB"
        return Finding("CAP-312", place, got, f"at most {FORM_BYTES / 1e6:.0f} MB", "Choose a smaller file.")
    if not content or sniff_type(content) is None:
        expected = "a PDF, a picture (PNG, JPEG, GIF, TIFF, WebP), DICOM or plain text"
        return Finding("CAP-311", place, f"{name} is of another kind", expected, "Choose such a file.")
    return None


def plain_name(name: str) -> str:
    """A name without its folders and control signs, at most 120 characters; never used as a path."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(sign for sign in last if sign.isprintable())[-120:] or "file"
