"""Rows of a published terminology file -> a pack folder, written whole or not at all."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

import yaml

from opencro.terms.formats.rows import Published
from opencro.terms.pack import (
    CODELIST_COLUMNS,
    CODELISTS_FILE,
    PACK_FILE,
    TERM_COLUMNS,
    TERMS_FILE,
    PackInfo,
    content_hash,
)


def render_content(published: Published, partial: Collection[str] = ()) -> dict[str, bytes]:
    """The two data files of a pack, by name; sorted, so that text, XML and Parquet of one package give the same bytes.

    `partial` are the C-codes of the code lists of which only some terms are given.
    """
    lists = sorted((r for r in published.rows if r.is_codelist), key=lambda r: (r.submission_value, r.code))
    order = {r.code: i for i, r in enumerate(lists)}
    terms = sorted(
        (r for r in published.rows if not r.is_codelist), key=lambda r: (order[r.codelist], r.submission_value)
    )
    codelist_rows = [
        (r.code, r.submission_value, r.name, r.extensible, "No" if r.code in partial else "Yes", r.definition)
        for r in lists
    ]
    term_rows = [(r.codelist, r.code, r.submission_value, r.preferred_term, r.synonyms, r.definition) for r in terms]
    return {CODELISTS_FILE: _table(CODELIST_COLUMNS, codelist_rows), TERMS_FILE: _table(TERM_COLUMNS, term_rows)}


def with_content(info: PackInfo, files: dict[str, bytes]) -> PackInfo:
    """The info with the hash of the data files that it stands beside."""
    return replace(info, content=content_hash(files[name] for name in (CODELISTS_FILE, TERMS_FILE)))


def write_pack(store: Path, info: PackInfo, files: dict[str, bytes]) -> Path:
    """Write `<store>/<id>/<version>/` by renaming a finished folder; an existing pack raises FileExistsError."""
    target = store / info.id / info.version
    target.parent.mkdir(parents=True, exist_ok=True)
    making = target.parent / f".making-{uuid.uuid4().hex}"
    making.mkdir()
    try:
        for name, data in {**files, PACK_FILE: _render_info(info)}.items():
            _write_through(making / name, data)
        if target.exists():
            raise FileExistsError(target)
        making.rename(target)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return target


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> bytes:
    return "".join("\t".join(row) + "\n" for row in (columns, *rows)).encode()


def _render_info(info: PackInfo) -> bytes:
    return yaml.safe_dump(info.as_dict(), sort_keys=False, allow_unicode=True, width=116).encode()


def _write_through(path: Path, data: bytes) -> None:
    with path.open("wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
