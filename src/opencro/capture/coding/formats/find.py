"""Where a dictionary lies and in which format it is: `<folder>/<id>/<version>/` with the files as distributed.

Licensed dictionaries are never part of a study folder that is shared: they lie in the user's own folder.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from opencro.capture.coding.formats import meddra, own, whodrug
from opencro.capture.coding.model import Dictionary
from opencro.kernel.finding import Finding, Place, Refused

_FORMATS = (meddra.FILES, whodrug.B3_FILES, whodrug.C3_FILES, own.FILES)


def find_dictionary(name: str, version: str, places: Iterable[Path]) -> Path | None:
    """The first of the places' folders that holds this version, or None."""
    if any(part in (".", "..") or "/" in part or "\\" in part for part in (name, version)):
        return None
    return next((p / name / version for p in places if (p / name / version).is_dir()), None)


def read_dictionary(name: str, version: str, places: Iterable[Path]) -> Dictionary:
    """The dictionary, in whichever format its folder holds.

    Refused with COD-205 (not here), COD-206 (files of no known format) and those of the readers, COD-201..204.
    """
    looked = list(places)
    folder = find_dictionary(name, version, looked)
    if folder is None:
        remedy = f"Put its files into a folder {name}/{version}/ of {' or '.join(p.name for p in looked)}."
        got = f"{name} {version} is not here"
        raise Refused([Finding("COD-205", Place(f"{name}/{version}"), got, "the user's own files", remedy)])
    files = {path.name.lower(): path for path in sorted(folder.iterdir()) if path.is_file()}
    for wanted in _FORMATS:
        if all(file in files for file in wanted):
            return _read(name, version, wanted, {file: files[file].read_bytes() for file in wanted})
    expected = "; ".join(", ".join(wanted) for wanted in _FORMATS)
    remedy = "Unpack the distribution into this folder."
    place = Place(f"{name}/{version}")
    raise Refused([Finding("COD-206", place, f"{', '.join(files) or 'no files'}", f"one of: {expected}", remedy)])


def _read(name: str, version: str, wanted: tuple[str, ...], files: dict[str, bytes]) -> Dictionary:
    if wanted == meddra.FILES:
        return meddra.read_meddra(name, version, files)
    if wanted == whodrug.B3_FILES:
        return whodrug.read_whodrug_b3(name, version, files)
    if wanted == whodrug.C3_FILES:
        return whodrug.read_whodrug_c3(name, version, files)
    return own.read_own(name, version, files["terms.csv"])
