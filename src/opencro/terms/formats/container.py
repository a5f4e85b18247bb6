"""A file as it lies on disk -> the one terminology file inside it: plain, or packed in .zip or .tar.gz/.tar.xz."""

from __future__ import annotations

import io
import lzma
import tarfile
import zipfile
import zlib
from pathlib import PurePosixPath

from opencro.kernel.finding import Finding, Place

READABLE = (".txt", ".xml", ".parquet")
LIMIT_BYTES = 256 * 1024 * 1024
_TAR_SUFFIXES = (".tar.xz", ".tar.gz", ".tgz", ".tar")


def unpack(data: bytes, file: str) -> tuple[str, bytes, list[Finding]]:
    """The name and bytes of the terminology file, or findings TRM-001 (form), TRM-008 (archive).

    Nothing is written and no path inside an archive is followed; a member above 256 MiB is refused.
    """
    lowered = file.lower()
    try:
        if lowered.endswith(".zip"):
            return _unpack_zip(data, file)
        if lowered.endswith(_TAR_SUFFIXES):
            return _unpack_tar(data, file)
    except (zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, RuntimeError, OSError):
        got = "the archive is broken or encrypted"
        return "", b"", [Finding("TRM-008", Place(file), got, "a whole archive", "Fetch the file again.")]
    if not lowered.endswith(READABLE):
        got = f'file form "{PurePosixPath(file).suffix}"'
        expected = ", ".join((*READABLE, ".zip", *_TAR_SUFFIXES))
        return (
            "",
            b"",
            [Finding("TRM-001", Place(file), got, expected, "Give a terminology file in one of these forms.")],
        )
    return file, data, []


def _unpack_zip(data: bytes, file: str) -> tuple[str, bytes, list[Finding]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(i.filename, i.file_size) for i in archive.infolist() if not i.is_dir()]
        chosen, findings = _choose(members, file)
        return chosen, archive.read(chosen) if chosen else b"", findings


def _unpack_tar(data: bytes, file: str) -> tuple[str, bytes, list[Finding]]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = [(m.name, m.size) for m in archive.getmembers() if m.isfile()]
        chosen, findings = _choose(members, file)
        handle = archive.extractfile(chosen) if chosen else None
        return chosen, handle.read() if handle else b"", findings


def _choose(members: list[tuple[str, int]], file: str) -> tuple[str, list[Finding]]:
    readable = [(name, size) for name, size in members if name.lower().endswith(READABLE)]
    if len(readable) != 1:
        got = f"{len(readable)} terminology files in the archive"
        return "", [Finding("TRM-008", Place(file), got, "one", "Unpack it and give the file that you want.")]
    name, size = readable[0]
    if size > LIMIT_BYTES:
        got = f"{name} has {size} bytes"
        return "", [Finding("TRM-008", Place(file), got, f"at most {LIMIT_BYTES} bytes", "Check the archive.")]
    return name, []
