"""What rules ask of controlled terminology: dates of publication, code lists of a date, terms by code or by text."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import yaml

from opencro.conformance.bench import UnknownWord
from opencro.terms import CodeList, Term, TermsStore

_FACTS = yaml.safe_load((Path(__file__).parent / "releases.yaml").read_text(encoding="utf-8"))
_RELEASES: dict[str, list[str]] = {kind: dates.split() for kind, dates in _FACTS["packages"].items()}


def release_dates(kinds: Iterable[str], store: TermsStore) -> list[str]:
    """The dates on which packages of these kinds (SDTM, DDF) were published; UnknownWord where we do not know them."""
    wanted = set(kinds)
    if "SDTM" in wanted:
        wanted -= set(_FACTS["within_sdtm"])
    unknown = sorted(wanted - set(_RELEASES))
    if unknown:
        raise UnknownWord(f"release dates of {', '.join(unknown)} terminology")
    names = {f"{kind.lower()}-ct" for kind in wanted}
    here = {info.version for info in store.packs() if info.id in names}
    return sorted(here.union(*(_RELEASES[kind] for kind in wanted)))


def find_codelist(store: TermsStore, kind: str, version: str | None, code: str | None) -> CodeList | None:
    """The code list of a package's date, or None when nothing was published on it; UnknownWord when no pack is here."""
    if version is None or code is None or version not in release_dates([kind], store):
        return None
    name = f"{kind.lower()}-ct"
    if store.find_folder(name, version) is None:
        raise UnknownWord(f"terminology {name} {version}")
    pack = store.pack(name, version)
    found = pack.find_codelist(code)
    if (found is None and pack.info.subset) or (found is not None and not found.complete):
        raise UnknownWord(f"the whole of terminology {name} {version}")
    return found


def find_term(codelist: CodeList, option: str, word: str) -> Term | None:
    """The first term with this code, or with this submission value or preferred term in any case."""
    if option == "term_code":
        return next((term for term in codelist.terms if term.code == word), None)
    field = {"term_value": "submission_value", "term_pref_term": "preferred_term"}[option]
    return next((t for t in codelist.terms if getattr(t, field).casefold() == word.casefold()), None)


def term_part(term: Term, wanted: str) -> str | None:
    """The part of a term that a rule names: code, value or pref_term."""
    parts = {"code": term.code, "value": term.submission_value, "pref_term": term.preferred_term}
    if wanted not in parts:
        raise UnknownWord(f"returntype {wanted}")
    return parts[wanted] or None
