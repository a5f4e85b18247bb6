"""Files as they are sent: plain, .gz or .zip; sniffed by their first bytes, never by their name, and bounded in size.

Source: RFC 1952 (gzip), PKWARE APPNOTE 6.3 (zip); docs/validation requirement 44 for what a file may do.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from typing import IO, cast

from opencro.kernel.finding import Finding, Place, Refused

LARGEST = 2**30
"""Bytes that a file may have when unpacked."""

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_ENCRYPTED = 0x1


def unpack(data: bytes, file: str, *, largest: int = LARGEST) -> bytes:
    """The content of a file, unpacked where it is a gzip file or a zip archive of one file.

    Raises Refused (CAP-108) when it cannot be unpacked, is larger than `largest` bytes, or holds several files.
    """
    try:
        if data.startswith(_GZIP):
            with gzip.open(io.BytesIO(data)) as stream:
                return _bounded(cast(IO[bytes], stream), file, largest)
        if data.startswith(_ZIP):
            return _only_member(data, file, largest)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError) as error:
        raise _refused(file, f"the archive is damaged ({type(error).__name__})", "a whole archive") from error
    return _bounded(io.BytesIO(data), file, largest)


def _only_member(data: bytes, file: str, largest: int) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX/")]
        if len(members) != 1:
            raise _refused(file, f"the archive holds {len(members)} files", "one file")
        if members[0].flag_bits & _ENCRYPTED:
            raise _refused(file, "the archive is encrypted", "an archive without password")
        with archive.open(members[0]) as stream:
            return _bounded(stream, file, largest)


def _bounded(stream: IO[bytes], file: str, largest: int) -> bytes:
    content = stream.read(largest + 1)
    if len(content) > largest:
        raise _refused(file, f"more than {largest:,} bytes", f"at most {largest:,} bytes")
    return content


def _refused(file: str, got: str, expected: str) -> Refused:
    return Refused([Finding("CAP-108", Place(file), got, expected, "Ask the sender for another file.")])
