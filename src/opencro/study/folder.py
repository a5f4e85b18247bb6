"""The files of a study folder: which they are, and their text, before anything is understood.

Source: the layout of a study folder in docs/study-folder.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from opencro.kernel.finding import Finding, Place, Severity, suggest
from opencro.kernel.located import Located, parse_located

FOLDERS = ("protocol", "design", "forms", "capture", "coding", "tabulation", "analysis", "conduct", "submission")
"""Folders whose YAML documents define the study."""

OTHER_FOLDERS = ("build", "uploads", "versions")
"""Folders that are made, not written."""

MAX_BYTES = 5_000_000
MAX_DEPTH = 40
USDM = "protocol/usdm.json"
_EVENTS = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Only events are read with it, not values: the fast reader of YAML where it was built."""


@dataclass
class FolderText:
    """The definition files of a folder: their text, what YAML they hold, and what was found."""

    texts: dict[str, str] = field(default_factory=dict)
    documents: dict[str, Located] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def read_folder(root: Path) -> FolderText:
    """Read every definition file below `root`; findings YML-001..003, STU-001..004 and STU-010."""
    folder = FolderText()
    if not (root / "study.yaml").is_file():
        got = f"{root.name}: no study.yaml" if root.is_dir() else f"{root.name}: no such folder"
        remedy = "Name the folder of a study, or make one with `opencro init`."
        folder.findings.append(Finding("STU-001", Place(), got, "a folder with study.yaml", remedy))
        return folder
    for path in _definition_files(root, folder.findings):
        _read_file(path, root, folder)
    return folder


def _definition_files(root: Path, findings: list[Finding]) -> Iterator[Path]:
    yield root / "study.yaml"
    for path in sorted(root.iterdir()):
        if path.is_dir() and path.name in FOLDERS:
            yield from _files_in(path, root, findings)
        elif path.is_dir() and path.name not in OTHER_FOLDERS and not path.name.startswith("."):
            remedy = suggest(path.name, FOLDERS) or f"Use one of {', '.join(FOLDERS)}."
            findings.append(_not_read(f"{path.name}/", "folder that nothing reads", remedy))
        elif path.is_file() and path.suffix in (".yaml", ".yml") and path.name != "study.yaml":
            findings.append(_not_read(path.name, "file that nothing reads", "Move it into its folder."))


def _files_in(folder: Path, root: Path, findings: list[Finding]) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(root).as_posix()
        if any(part.startswith(".") for part in path.relative_to(root).parts) or not path.is_file():
            continue
        if not path.resolve().is_relative_to(root.resolve()):
            remedy = "Copy the file into the study."
            findings.append(Finding("STU-010", Place(name), "a link that leaves the study folder", "a file", remedy))
        elif path.suffix == ".yaml" or name == USDM:
            yield path
        elif path.suffix == ".yml":
            findings.append(_not_read(name, "file that nothing reads", f"Rename it to {path.stem}.yaml."))


def _not_read(name: str, what: str, remedy: str) -> Finding:
    return Finding("STU-003", Place(name), f"a {what}", "", remedy, Severity.WARNING)


def _read_file(path: Path, root: Path, folder: FolderText) -> None:
    name = path.relative_to(root).as_posix()
    size = path.stat().st_size
    if size > MAX_BYTES:
        remedy = "Data do not belong into the definition of a study; split a large definition into several files."
        got = f"{size:,} bytes"
        folder.findings.append(Finding("STU-002", Place(name), got, f"at most {MAX_BYTES:,} bytes", remedy))
        return
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        got = f"byte {error.start} is not UTF-8"
        folder.findings.append(Finding("YML-001", Place(name, line), got, "UTF-8 text", "Save the file as UTF-8."))
        return
    folder.texts[name] = text
    if name != USDM:
        _parse(text, name, folder)


def _parse(text: str, name: str, folder: FolderText) -> None:
    strange = _refuse_strange(text, name)
    if strange is not None:
        folder.findings.append(strange)
        return
    document, findings = parse_located(text, name)
    folder.findings += findings
    if document is None:
        return
    if isinstance(document.value, dict):
        folder.documents[name] = document
    else:
        folder.findings.append(
            Finding(
                "STU-009", Place(name, 1), "not a mapping", "`key: value` lines", "Start with the keys of this file."
            )
        )


def _refuse_strange(text: str, name: str) -> Finding | None:
    """Anchors can make a short text endless, tags and deep nesting can break the reader; no study needs them."""
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_EVENTS):
            line = event.start_mark.line + 1 if event.start_mark is not None else None
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
                place = Place(name, line)
                return Finding("STU-004", place, "an anchor or alias", "plain values", "Write the value out.")
            tag = getattr(event, "tag", None)
            if tag is not None:
                got = f"a tag ({tag})"
                return Finding("STU-004", Place(name, line), got, "plain values", "Take the tag away; quote a text.")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                expected = f"at most {MAX_DEPTH} levels"
                return Finding(
                    "STU-004", Place(name, line), "nested too deeply", expected, "Write it with fewer levels."
                )
    except yaml.YAMLError:
        return None
    return None
