"""The text of files taken from one definition to another and back; applied and reverted is the identity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path

from opencro.kernel.finding import Finding, Place, Refused
from opencro.kernel.hashing import sha256_hex
from opencro.study.amendment.model import FileChange, Hunk, StudyDiff
from opencro.study.folder import read_folder


def diff_texts(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[FileChange, ...]:
    """How each file of one mapping (name -> text) becomes that of another."""
    changes = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old != new:
            changes.append(FileChange(name, _hash(old), _hash(new), _hunks(old or "", new or "")))
    return tuple(changes)


def apply_diff(texts: Mapping[str, str], diff: StudyDiff) -> dict[str, str]:
    """The texts after an amendment; raises `Refused` with STU-401 where a file is not as the amendment expects."""
    return _apply(texts, diff.files)


def revert_diff(texts: Mapping[str, str], diff: StudyDiff) -> dict[str, str]:
    """The texts before an amendment; raises `Refused` with STU-401 where a file is not as the amendment left it."""
    return _apply(texts, (_inverse(change) for change in diff.files))


def amend_folder(root: Path, texts: Mapping[str, str]) -> None:
    """Make the definition files of a folder those given (name -> text); files that are not given are taken away."""
    for name in _definition_names(root) - texts.keys():
        (root / name).unlink()
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")


def _definition_names(root: Path) -> set[str]:
    return set(read_folder(root).texts)


def _hash(text: str | None) -> str:
    return "" if text is None else sha256_hex(text.encode())


def _hunks(old: str, new: str) -> tuple[Hunk, ...]:
    a, b = old.split("\n"), new.split("\n")
    codes = SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    return tuple(Hunk(i, tuple(a[i:j]), tuple(b[k:m])) for tag, i, j, k, m in codes if tag != "equal")


def _apply(texts: Mapping[str, str], changes: Iterable[FileChange]) -> dict[str, str]:
    made = dict(texts)
    findings = []
    for change in changes:
        text = made.get(change.name)
        if _hash(text) != change.before_hash:
            expected = "the text that the amendment was made from" if change.before_hash else "no such file"
            got = "no such file" if text is None else "another text"
            remedy = "Make the amendment again from what is there now."
            findings.append(Finding("STU-401", Place(change.name), got, expected, remedy))
        elif not change.after_hash:
            del made[change.name]
        else:
            made[change.name] = _patched(text or "", change.hunks)
    if findings:
        raise Refused(findings)
    return made


def _patched(text: str, hunks: tuple[Hunk, ...]) -> str:
    lines = text.split("\n")
    for hunk in reversed(hunks):
        lines[hunk.start : hunk.start + len(hunk.before)] = hunk.after
    return "\n".join(lines)


def _inverse(change: FileChange) -> FileChange:
    hunks, shift = [], 0
    for hunk in change.hunks:
        hunks.append(Hunk(hunk.start + shift, hunk.after, hunk.before))
        shift += len(hunk.after) - len(hunk.before)
    return replace(change, before_hash=change.after_hash, after_hash=change.before_hash, hunks=tuple(hunks))
