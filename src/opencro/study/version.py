"""Definition versions: what was published stays as it was, so that data keep the wording under which they were entered.

Source: 21 CFR 11.10(b); EU GMP Annex 11 section 8; requirement 35.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opencro.kernel.finding import Finding, Place, Refused, suggest
from opencro.kernel.hashing import canonical_json, sha256_hex
from opencro.study.load import load_study
from opencro.study.model.whole import Study

VERSIONS = "versions"
MANIFEST = "manifest.json"
_VERSION_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


@dataclass(frozen=True, slots=True)
class Version:
    """A published definition: its name, its place in the order of publishing, and the hash of its files."""

    name: str
    number: int
    definition_hash: str


def definition_hash(study: Study) -> str:
    """SHA-256 over the name and text of every definition file: 64 hexadecimal digits."""
    return sha256_hex(canonical_json({name: sha256_hex(text.encode()) for name, text in study.texts.items()}))


def capture_texts(study: Study) -> dict[str, str]:
    """The files under which data are entered: identity, protocol, forms. Later stages' files may change at any time."""
    return {n: text for n, text in study.texts.items() if n == "study.yaml" or n.startswith(("protocol/", "forms/"))}


def capture_hash(study: Study) -> str:
    """SHA-256 over the name and text of every file under which data are entered."""
    return sha256_hex(canonical_json({name: sha256_hex(text.encode()) for name, text in capture_texts(study).items()}))


def publish(study: Study) -> Version:
    """Keep what data are entered under in `versions/<version>/`; publishing the same again changes nothing.

    Raises `Refused` with STU-301 when the version was published with other content, STU-303 when the version cannot
    be a folder's name.
    """
    name = study.file.version
    if not _VERSION_NAME.match(name):
        remedy = "Use letters, digits, `.`, `_` and `-`."
        place = _version_place(study)
        raise Refused([Finding("STU-303", place, f'version "{name}"', "a version that can name a folder", remedy)])
    published = published_versions(study.root)
    made = Version(name, len(published) + 1, capture_hash(study))
    for version in published:
        if version.name.casefold() == name.casefold():
            if version.definition_hash == made.definition_hash:
                return version
            got = f'version "{name}" is published with another content'
            remedy = "Give the changed definition a new version in study.yaml."
            raise Refused([Finding("STU-301", _version_place(study), got, "a new version", remedy)])
    _write(study, made)
    return made


def published_versions(root: Path | str) -> tuple[Version, ...]:
    """Every published version of a study folder, in the order of publishing."""
    found = [_manifest(path.parent) for path in (Path(root) / VERSIONS).glob(f"*/{MANIFEST}")]
    return tuple(sorted(found, key=lambda version: version.number))


def load_version(root: Path | str, name: str) -> Study:
    """A published definition as a study.

    Raises `Refused` with STU-304 (never published) or STU-302 (its files are not those that were published).
    """
    known = {version.name: version for version in published_versions(root)}
    if name not in known:
        remedy = suggest(name, known) or f"Use one of {', '.join(known)}." if known else "Publish it first."
        raise Refused([Finding("STU-304", Place(VERSIONS), f'version "{name}"', "a published version", remedy)])
    study = load_study(Path(root) / VERSIONS / name)
    if capture_hash(study) != known[name].definition_hash:
        got = f'the files of version "{name}" were changed after publishing'
        remedy = "Restore them from version control; a published definition never changes."
        raise Refused([Finding("STU-302", Place(f"{VERSIONS}/{name}"), got, known[name].definition_hash, remedy)])
    return study


def _version_place(study: Study) -> Place:
    document = study.documents.get("study.yaml")
    return Place("study.yaml") if document is None else document.place("version")


def _manifest(folder: Path) -> Version:
    try:
        value: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return Version(str(value["version"]), int(value["number"]), str(value["definition_hash"]))
    except (ValueError, KeyError, TypeError):
        got = f"{VERSIONS}/{folder.name}/{MANIFEST} cannot be understood"
        remedy = "Restore it from version control."
        raise Refused([Finding("STU-302", Place(f"{VERSIONS}/{folder.name}"), got, "a manifest", remedy)]) from None


def _write(study: Study, version: Version) -> None:
    """All files or none: they are written beside and moved into place at once."""
    home = study.root / VERSIONS
    home.mkdir(exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".publishing-", dir=home))
    try:
        for name, text in capture_texts(study).items():
            path = beside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
        files = {name: sha256_hex(text.encode()) for name, text in sorted(capture_texts(study).items())}
        manifest = {
            "version": version.name,
            "number": version.number,
            "definition_hash": version.definition_hash,
            "files": files,
        }
        (beside / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        beside.chmod(0o755)
        beside.rename(home / version.name)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
