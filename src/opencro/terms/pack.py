"""A pack of controlled terminology on disk: `pack.yaml`, `codelists.tsv`, `terms.tsv`; each is read when asked for."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from opencro.kernel.finding import Finding, Place, Refused
from opencro.kernel.hashing import sha256_hex
from opencro.kernel.located import read_located
from opencro.terms.model import CodeList, Term, unknown_name

PACK_FILE = "pack.yaml"
CODELISTS_FILE, TERMS_FILE = "codelists.tsv", "terms.tsv"
CODELIST_COLUMNS = ("code", "short_name", "name", "extensible", "complete", "definition")
TERM_COLUMNS = ("codelist", "code", "submission_value", "preferred_term", "synonyms", "definition")
_REQUIRED = ("id", "version", "kind", "title", "source", "licence")


@dataclass(frozen=True, slots=True)
class PackInfo:
    """What `pack.yaml` says: which standard, in force since when, from which file, under which licence, whole or part.

    `codelists` are those of a subset, `partial` those of which only some terms are here; `sha256` is that of the
    published file, `content` that of the pack's data files, both empty for hand-kept packs.
    """

    id: str
    version: str
    kind: str
    title: str
    source: str
    licence: str
    attribution: str = ""
    since: str = ""
    sha256: str = ""
    content: str = ""
    subset: bool = False
    codelists: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The plain values in the order in which they are written; empty ones are left off."""
        values = {name: getattr(self, name) for name in self.__slots__}
        plain = {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}
        return {k: v for k, v in plain.items() if v not in ("", [])}


def read_info(folder: Path, root: Path) -> tuple[PackInfo | None, list[Finding]]:
    """Read `pack.yaml`; findings YML-001..003, TRM-021 (missing or unfit key), or None."""
    located, findings = read_located(folder / PACK_FILE, root)
    if located is None:
        return None, findings
    value = located.value if isinstance(located.value, dict) else {}
    for key in _REQUIRED:
        if not isinstance(value.get(key), str):
            got = f'"{key}" is {value[key]!r}' if key in value else f'no "{key}"'
            findings.append(Finding("TRM-021", located.place(key), got, f'"{key}" as text', "Complete the pack.yaml."))
    if findings:
        return None, findings
    known = {k: value[k] for k in PackInfo.__slots__ if k in value}
    return PackInfo(
        **{**known, "codelists": tuple(value.get("codelists", ())), "partial": tuple(value.get("partial", ()))}
    ), []


@dataclass(frozen=True)
class Pack:
    """One version of controlled terminology; `codelist()` finds by C-code, short name or name."""

    info: PackInfo
    folder: Path

    @property
    def id(self) -> str:
        """The standard, e.g. sdtm-ct."""
        return self.info.id

    @property
    def version(self) -> str:
        """The version, e.g. 2025-03-28."""
        return self.info.version

    @cached_property
    def _codelists(self) -> pl.DataFrame:
        return self._read(CODELISTS_FILE, CODELIST_COLUMNS)

    @cached_property
    def _terms(self) -> pl.DataFrame:
        """All terms; refused with TRM-022 when the pack's bytes are not those that were written."""
        frame = self._read(TERMS_FILE, TERM_COLUMNS)
        if self.info.content and self.compute_content() != self.info.content:
            place = Place(f"{self.id}/{self.version}")
            remedy = f"Remove {self.folder} and run `opencro terms add` again."
            got = "the pack's data files were changed after they were written"
            raise Refused([Finding("TRM-022", place, got, f"content {self.info.content[:12]}...", remedy)])
        return frame

    @cached_property
    def _index(self) -> dict[str, int]:
        """Row number by C-code, short name and name (case folded); on a tie the code wins, then the short name."""
        frame = self._codelists
        index: dict[str, int] = {}
        for column in ("code", "short_name", "name"):
            for row, word in enumerate(frame[column]):
                index.setdefault(word.casefold(), row)
        return index

    def compute_content(self) -> str:
        """SHA-256 of the two data files."""
        return content_hash((self.folder / name).read_bytes() for name in (CODELISTS_FILE, TERMS_FILE))

    @property
    def codes(self) -> tuple[str, ...]:
        """The C-codes of the pack's code lists."""
        return tuple(self._codelists["code"])

    @cached_property
    def _cache(self) -> dict[int, CodeList]:
        return {}

    def find_codelist(self, name: str) -> CodeList | None:
        """The code list of this C-code, short name or name (any case), or None."""
        row = self._index.get(name.casefold())
        if row is None:
            return None
        if row not in self._cache:
            self._cache[row] = self._make_codelist(row)
        return self._cache[row]

    def codelist(self, name: str, place: Place | None = None) -> CodeList:
        """As `find_codelist`; refused with TRM-030 and a suggestion when the pack has none of this name."""
        found = self.find_codelist(name)
        if found is not None:
            return found
        got = f'code list "{name}" of {self.id} {self.version}'
        names = (*self._codelists["short_name"], *self._codelists["name"])
        finding = unknown_name("TRM-030", got, name, names, place)
        if self.info.subset:
            remedy = f"{finding.remedy} The pack is a subset: {add_command(self.id, self.version)} brings the whole."
            finding = Finding(finding.code, finding.place, finding.got, finding.expected, remedy)
        raise Refused([finding])

    def frame(self) -> pl.DataFrame:
        """All terms as a frame: codelist, short_name, code, submission_value, preferred_term, synonyms, definition."""
        names = self._codelists.select(pl.col("code").alias("codelist"), "short_name")
        joined = self._terms.join(names, on="codelist", how="left", maintain_order="left")
        return joined.select("codelist", "short_name", *TERM_COLUMNS[1:])

    def codelists(self) -> pl.DataFrame:
        """All code lists as a frame: code, short_name, name, extensible, complete, definition."""
        return self._codelists

    def _make_codelist(self, row: int) -> CodeList:
        code, short_name, name, extensible, complete, definition = self._codelists.row(row)
        rows = self._terms.filter(pl.col("codelist") == code).iter_rows()
        terms = tuple(
            Term(concept, value, preferred, tuple(s.strip() for s in synonyms.split(";") if s.strip()), meaning)
            for _, concept, value, preferred, synonyms, meaning in rows
        )
        return CodeList(code, name, short_name, extensible == "Yes", terms, complete == "Yes", definition)

    def _read(self, name: str, columns: tuple[str, ...]) -> pl.DataFrame:
        return read_table(self.folder / name, columns)


def content_hash(parts: Iterable[bytes]) -> str:
    """SHA-256 over the SHA-256 of each file, so that no byte can move from one file to the next unseen."""
    return sha256_hex("\n".join(sha256_hex(part) for part in parts).encode())


def read_table(path: Path, columns: tuple[str, ...]) -> pl.DataFrame:
    """Read a tab-separated file of a pack as text columns; refused with TRM-023 when absent or with other columns."""
    place = Place("/".join(path.parts[-3:]))
    if not path.is_file():
        raise Refused([Finding("TRM-023", place, "the file is absent", "the pack's data file", "Restore the pack.")])
    data = path.read_bytes()
    heading = tuple(data.split(b"\n", 1)[0].decode("utf-8", "replace").split("\t"))
    if heading != columns:
        raise Refused([Finding("TRM-023", place, f"columns {heading}", f"columns {columns}", "Restore the pack.")])
    return pl.read_csv(io.BytesIO(data), separator="\t", quote_char=None, infer_schema=False).fill_null("")


def add_command(standard: str, version: str) -> str:
    """The command that a person runs to get a pack."""
    return f"`opencro terms add FILE --standard {standard} --version {version}`"
