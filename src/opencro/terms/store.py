"""Where packs lie: the study's own folder or the user's store first, the packs that the project ships last."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opencro.kernel.finding import Finding, Findings, Place, Refused, suggest
from opencro.terms.catalogue import read_catalogue
from opencro.terms.grades import Grading, read_grading
from opencro.terms.model import Catalogue
from opencro.terms.pack import PACK_FILE, Pack, PackInfo, add_command, read_info
from opencro.terms.units import Units, read_units

SHIPPED = Path(__file__).resolve().parent / "packs"
_ID = re.compile(r"^[a-z][a-z0-9-]{0,63}$")
_VERSION = re.compile(r"^[0-9]+(?:[.-][0-9]+)*$")
_KIND_NAMES = {
    "terminology": "controlled terminology",
    "catalogue": "a catalogue of domains",
    "units": "units",
    "grades": "grades of values",
}


@dataclass(frozen=True)
class TermsStore:
    """Packs of published standards in folders `<standard>/<version>/`, looked up in the order of `paths`.

    `paths` are the folders before the shipped one; the first of them is where `add_terms` writes.
    """

    paths: tuple[Path, ...] = ()
    _cache: dict[tuple[str, str, str], Any] = field(default_factory=dict, repr=False, compare=False)

    def __init__(self, paths: Iterable[Path] = ()) -> None:
        object.__setattr__(self, "paths", tuple(paths))
        object.__setattr__(self, "_cache", {})

    @property
    def places(self) -> tuple[Path, ...]:
        """All folders in the order of lookup, the shipped one last."""
        return (*(p for p in self.paths if p != SHIPPED), SHIPPED)

    def find_folder(self, standard: str, version: str) -> Path | None:
        """The folder of a pack, or None."""
        if not (_ID.match(standard) and _VERSION.match(version)):
            return None
        folders = (place / standard / version for place in self.places)
        return next((f for f in folders if (f / PACK_FILE).is_file()), None)

    def packs(self) -> tuple[PackInfo, ...]:
        """What is here, by id and version; of two of one name the first in lookup order; broken ones are left out."""
        found: dict[tuple[str, str], PackInfo] = {}
        for place in self.places:
            for path in sorted(place.glob(f"*/*/{PACK_FILE}")):
                info, _ = read_info(path.parent, place)
                if info is not None:
                    found.setdefault((path.parent.parent.name, path.parent.name), info)
        return tuple(found[key] for key in sorted(found))

    def pack(self, standard: str, version: str, place: Place | None = None) -> Pack:
        """A version of controlled terminology; refused with TRM-020 when missing, TRM-021 when its file is unfit."""
        if ("terminology", standard, version) not in self._cache:
            folder, info = self._open(standard, version, "terminology", place)
            self._cache["terminology", standard, version] = Pack(info, folder)
        pack: Pack = self._cache["terminology", standard, version]
        return pack

    def catalogue(self, standard: str, version: str, place: Place | None = None) -> Catalogue:
        """The domains and variables of an implementation guide; refused as `pack` is."""
        if ("catalogue", standard, version) not in self._cache:
            folder, info = self._open(standard, version, "catalogue", place)
            self._cache["catalogue", standard, version] = read_catalogue(folder, info)
        catalogue: Catalogue = self._cache["catalogue", standard, version]
        return catalogue

    def units(self, version: str = "1.0", place: Place | None = None) -> Units:
        """The units of measurement and their conversions; refused as `pack` is."""
        if ("units", "units", version) not in self._cache:
            folder, info = self._open("units", version, "units", place)
            self._cache["units", "units", version] = read_units(folder, info)
        units: Units = self._cache["units", "units", version]
        return units

    def grading(self, standard: str, version: str, place: Place | None = None) -> Grading:
        """The grades of laboratory values of a scale, e.g. ctcae 5.0; refused as `pack` is."""
        if ("grades", standard, version) not in self._cache:
            folder, info = self._open(standard, version, "grades", place)
            self._cache["grades", standard, version] = read_grading(folder, info)
        grading: Grading = self._cache["grades", standard, version]
        return grading

    def check_pins(self, pins: Mapping[str, str], places: Mapping[str, Place] | None = None) -> Findings:
        """One TRM-020 for each pinned standard (`{"sdtm-ct": "2025-03-28"}`) whose pack is not here."""
        missing = [(s, v) for s, v in pins.items() if self.find_folder(s, v) is None]
        return Findings(tuple(self._missing(s, v, (places or {}).get(s)) for s, v in missing))

    def _open(self, standard: str, version: str, kind: str, place: Place | None) -> tuple[Path, PackInfo]:
        folder = self.find_folder(standard, version)
        if folder is None:
            raise Refused([self._missing(standard, version, place)])
        info, findings = read_info(folder, folder.parent.parent)
        if info is None:
            raise Refused(findings)
        found = Place(f"{standard}/{version}/{PACK_FILE}")
        if info.kind != kind:
            got, expected = f'kind "{info.kind}"', _KIND_NAMES[kind]
            raise Refused([Finding("TRM-021", found, got, expected, "Ask for a pack of that kind.")])
        if (info.id, info.version) != (standard, version):
            got = f"it says {info.id} {info.version}"
            raise Refused([Finding("TRM-021", found, got, f"{standard} {version}", "Rename the folder or correct it.")])
        return folder, info

    def _missing(self, standard: str, version: str, place: Place | None) -> Finding:
        known = self.packs()
        versions = [i.version for i in known if i.id == standard]
        ids = sorted({i.id for i in known})
        expected = f"a pack of {standard} ({', '.join(versions)} here)" if versions else f"one of {', '.join(ids)}"
        hint = suggest(standard, ids) if not versions else ""
        remedy = f"{hint} Run {add_command(standard, version)} with the file from NCI EVS.".strip()
        return Finding("TRM-020", place or Place(), f"{standard} {version} is not installed", expected, remedy)


def check_name(standard: str, version: str, place: Place) -> list[Finding]:
    """TRM-017 when a standard or version would not do as a folder name (`sdtm-ct`, `2025-03-28`, `3.1.2`)."""
    findings = []
    if not _ID.match(standard):
        findings.append(
            Finding("TRM-017", place, f'standard "{standard}"', "a name such as sdtm-ct", "Give --standard.")
        )
    if not _VERSION.match(version):
        findings.append(
            Finding("TRM-017", place, f'version "{version}"', "a version such as 2025-03-28", "Give --version.")
        )
    return findings
