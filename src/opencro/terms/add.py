"""`opencro terms add FILE`: a published terminology file becomes a pack, or findings and nothing.

Source: NCI EVS, CDISC terminology as tab-delimited text and CT-ODM; a package is named by the date of its release.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from opencro.kernel.finding import Finding, Place, Refused
from opencro.kernel.hashing import sha256_hex
from opencro.terms.check import check_rows
from opencro.terms.formats.container import unpack
from opencro.terms.formats.ct_odm import parse_ct_odm
from opencro.terms.formats.ct_parquet import parse_ct_parquet
from opencro.terms.formats.nci_text import parse_nci_text
from opencro.terms.formats.rows import Published
from opencro.terms.pack import Pack, PackInfo, read_info
from opencro.terms.store import SHIPPED, TermsStore, check_name
from opencro.terms.write import render_content, with_content, write_pack

_READERS = {".txt": parse_nci_text, ".xml": parse_ct_odm, ".parquet": parse_ct_parquet}
_DATE = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")
_STANDARD = re.compile(r"^(?P<name>[a-z][a-z-]*?)[ _-]*(?:terminology|ct)(?![a-z])", re.IGNORECASE)
LICENCE = (
    "Free to use and redistribute with attribution (NCI EVS); definitions of some QRS terms carry third-party notices."
)
ATTRIBUTION = (
    "CDISC Controlled Terminology, published by the National Cancer Institute, Enterprise Vocabulary Services."
)


def add_terms(file: Path, store: TermsStore, *, standard: str | None = None, version: str | None = None) -> Pack:
    """Make a pack of a published terminology file in the store's first folder.

    Arguments: `file` is NCI EVS text (.txt), CT-ODM (.xml), Parquet with the same eight columns, or one of them in
    .zip or .tar.*; `standard` (sdtm-ct) and `version` (2025-03-28) are needed where document and name say neither.
    Returns the pack; the same content again changes nothing.
    Errors: Refused with findings TRM-001..018, and nothing is written.
    """
    if not file.is_file():
        raise Refused([Finding("TRM-001", Place(file.name), "there is no such file", "a file", "Correct the path.")])
    place = Place(file.name)
    published, names, sha256 = read_published(file.read_bytes(), file.name)
    _refuse_if(_check_said(published, standard, version, place))
    standard = standard or published.standard or _first(_standard_in, names)
    version = version or published.version or _first(_version_in, names)
    _refuse_if(_check_known(standard, version, place) or check_name(standard, version, place))
    since = version if _DATE.fullmatch(version) else ""
    title = f"CDISC controlled terminology {standard} {version}"
    info = PackInfo(standard, version, "terminology", title, names[-1], LICENCE, ATTRIBUTION, since, sha256)
    return _keep(store, info, render_content(published), place)


def read_published(source: bytes, file: str) -> tuple[Published, tuple[str, ...], str]:
    """The checked rows of a terminology file, the names of its archive and itself, its SHA-256; or Refused."""
    name, data, findings = unpack(source, file)
    _refuse_if(findings)
    inner = name.rsplit("/", 1)[-1]
    shown = file if inner == file else f"{file}/{inner}"
    published, findings = _READERS[Path(inner.lower()).suffix](data, shown)
    if published is None:
        raise Refused(findings)
    _refuse_if(check_rows(published, shown))
    return published, (file, inner), sha256_hex(data)


def _keep(store: TermsStore, info: PackInfo, files: dict[str, bytes], place: Place) -> Pack:
    home = next((p for p in store.paths if p != SHIPPED), None)
    if home is None:
        got = "the store has no folder of its own"
        raise Refused([Finding("TRM-018", place, got, "a study's or user's folder", "Name a folder to write to.")])
    info = with_content(info, files)
    target = home / info.id / info.version
    if not target.exists():
        try:
            return Pack(info, write_pack(home, info, files))
        except FileExistsError:
            pass  # another process was faster: what it wrote is compared like any other pack that was here before
    found, findings = read_info(target, home)
    if found is None:
        raise Refused(findings)
    if found.content != info.content:
        got = f"{info.id} {info.version} is here with other content"
        expected = f"content {found.content[:12]}..., not {info.content[:12]}..."
        remedy = f"A published version never changes: check the version, or remove {target} first."
        raise Refused([Finding("TRM-015", place, got, expected, remedy)])
    return Pack(found, target)


def _check_said(published: Published, standard: str | None, version: str | None, place: Place) -> list[Finding]:
    pairs = (("standard", standard, published.standard), ("version", version, published.version))
    return [
        Finding(
            "TRM-016", place, f'{what} "{given}" was asked for', f'"{said}", as the file says', f"Leave off --{what}."
        )
        for what, given, said in pairs
        if given and said and given != said
    ]


def _check_known(standard: str, version: str, place: Place) -> list[Finding]:
    pairs = (("standard", standard, "sdtm-ct"), ("version", version, "2025-03-28"))
    return [
        Finding("TRM-014", place, f"the file does not say its {what}", f"a {what}", f"Give --{what}, e.g. {example}.")
        for what, value, example in pairs
        if not value
    ]


def _standard_in(name: str) -> str:
    match = _STANDARD.match(name)
    return f"{match['name'].lower()}-ct" if match else ""


def _version_in(name: str) -> str:
    match = _DATE.search(name)
    return match.group() if match else ""


def _first(find: Callable[[str], str], names: Iterable[str]) -> str:
    return next((found for name in names if (found := find(name))), "")


def _refuse_if(findings: list[Finding]) -> None:
    if findings:
        raise Refused(findings)
