"""A new study: a small one that works, to be changed into the real one."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from opencro.kernel.finding import Finding, Place, Refused, suggest
from opencro.study.model.part import Name
from opencro.study.schema import render_schemas

SCHEMA_FOLDER = ".schemas"


def template_names() -> tuple[str, ...]:
    """The starter studies that can be chosen."""
    return tuple(sorted(entry.name for entry in _templates().iterdir() if entry.is_dir()))


def init_study(
    folder: Path | str, id: str, title: str, template: str = "parallel", more: Mapping[str, str] | None = None
) -> Path:
    """Write a starter study into a new or empty folder and return its path.

    `more` are further files of later stages (name -> text), in which `@ID@` and `@TITLE@` are replaced too. Raises
    `Refused` with STU-013 (no such template), STU-014 (folder is not empty) or STU-015 (id or title cannot be used).
    """
    root = Path(folder)
    findings = [*_refuse_folder(root), *_refuse_words(id, title)]
    if template not in template_names():
        remedy = suggest(template, template_names()) or f"Use one of {', '.join(template_names())}."
        findings.append(Finding("STU-013", Place(), f'template "{template}"', "a known template", remedy))
    if findings:
        raise Refused(findings)
    texts = {**_texts(_templates() / template, ""), **(more or {})}
    texts |= {f"{SCHEMA_FOLDER}/{name}": text for name, text in render_schemas().items()}
    texts[".gitignore"] = "build/\n"
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("@ID@", id).replace("@TITLE@", title), encoding="utf-8", newline="\n")
    return root


def _templates() -> Traversable:
    return files("opencro.study") / "templates"


def _texts(folder: Traversable, prefix: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in folder.iterdir():
        if entry.is_dir():
            found |= _texts(entry, f"{prefix}{entry.name}/")
        else:
            found[prefix + entry.name] = entry.read_text(encoding="utf-8")
    return found


def _refuse_folder(root: Path) -> list[Finding]:
    if not root.exists() or (root.is_dir() and not any(root.iterdir())):
        return []
    remedy = "Name a new folder; nothing is ever written over."
    return [Finding("STU-014", Place(), f"{root.name} exists and is not empty", "a new folder", remedy)]


def _refuse_words(id: str, title: str) -> list[Finding]:
    found = []
    try:
        TypeAdapter(Name).validate_python(id)
    except ValidationError:
        remedy = "Start with a letter; use letters, digits, `_`, `.` and `-`."
        found.append(Finding("STU-015", Place(), f'id "{id}"', "an id that people can type", remedy))
    if not title.strip() or any(sign in title for sign in '"\\\n\r\t') or not title.isprintable():
        remedy = "Give one line of words; quotes can be put in afterwards."
        found.append(Finding("STU-015", Place(), f'title "{title[:40]}"', "a line without quotes", remedy))
    return found
