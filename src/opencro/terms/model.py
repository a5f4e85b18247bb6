"""The frozen types of published standards: code lists with their terms, domains with their variables.

Source: CDISC Controlled Terminology (NCI EVS), CDISC SDTM and its implementation guides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NoReturn

from opencro.kernel.finding import Finding, Place, Refused, suggest


@dataclass(frozen=True, slots=True)
class Term:
    """One permitted value of a code list; `definition` is empty where it may not be shipped."""

    code: str
    submission_value: str
    preferred_term: str
    synonyms: tuple[str, ...] = ()
    definition: str = ""


@dataclass(frozen=True)
class CodeList:
    """A code list of controlled terminology.

    `short_name` is the list's own submission value (SEX, NY). `complete` is False when the pack holds only some of the
    published terms, so that a value that is not here may still be published.
    """

    code: str
    name: str
    short_name: str
    extensible: bool
    terms: tuple[Term, ...]
    complete: bool = True
    definition: str = ""

    @property
    def values(self) -> tuple[str, ...]:
        """The submission values, in the pack's order."""
        return tuple(t.submission_value for t in self.terms)

    @cached_property
    def _by_value(self) -> dict[str, Term]:
        return {t.submission_value: t for t in self.terms}

    @cached_property
    def _by_word(self) -> dict[str, Term | None]:
        """Every spelling, case folded; None where two terms share it. A submission value beats a synonym."""
        words: dict[str, Term | None] = {}
        for spellings in (_submission_spellings, _other_spellings):
            fresh: dict[str, Term | None] = {}
            for term in self.terms:
                for word in spellings(term):
                    fresh[word] = term if fresh.get(word, term) == term else None
            words = fresh | words
        return words

    def term(self, value: str) -> Term | None:
        """The term with exactly this submission value (upper and lower case differ), or None."""
        return self._by_value.get(value)

    def match(self, text: str) -> Term | None:
        """The one term that a collected text names, in any case: submission value, then synonym or preferred term."""
        return self._by_value.get(text) or self._by_word.get(text.strip().casefold())

    def suggest(self, value: str) -> str:
        """`Did you mean "x"?` with a submission value, or an empty string."""
        match = self.match(value)
        return f'Did you mean "{match.submission_value}"?' if match else suggest(value, self.values)


def _submission_spellings(term: Term) -> set[str]:
    return {term.submission_value.casefold()}


def _other_spellings(term: Term) -> set[str]:
    return {word.casefold() for word in (*term.synonyms, term.preferred_term) if word}


@dataclass(frozen=True, slots=True)
class VariableSpec:
    """What an implementation guide says of one variable.

    `type` is Char or Num; `core` is Req, Exp or Perm; `codelists` are NCI C-codes; `format` names a value format or
    dictionary (ISO 8601, MedDRA); `origin` is our hint at the usual Define-XML origin; `listed_in` is guide, amendment
    or model (a variable of the general observation class that the guide's table permits without listing it).
    """

    domain: str
    order: int
    name: str
    label: str
    type: str
    role: str
    core: str
    codelists: tuple[str, ...] = ()
    format: str = ""
    origin: str = ""
    listed_in: str = "guide"

    @property
    def codelist(self) -> str:
        """The first code list's C-code, or an empty string."""
        return self.codelists[0] if self.codelists else ""


@dataclass(frozen=True)
class DomainSpec:
    """What an implementation guide says of one domain; `keys` are the variables that we take as its natural key."""

    name: str
    label: str
    observation_class: str
    structure: str
    keys: tuple[str, ...]
    variables: tuple[VariableSpec, ...]

    @cached_property
    def _by_name(self) -> dict[str, VariableSpec]:
        return {v.name: v for v in self.variables}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the variables, in order."""
        return tuple(v.name for v in self.variables)

    def find_variable(self, name: str) -> VariableSpec | None:
        """The variable of this name, or None."""
        return self._by_name.get(name)

    def variable(self, name: str, place: Place | None = None) -> VariableSpec:
        """The variable of this name; refused with TRM-032 and a suggestion when the domain has none."""
        return self._by_name.get(name) or _refuse(
            "TRM-032", f'variable "{name}" of {self.name}', name, self.names, place
        )


@dataclass(frozen=True)
class Catalogue:
    """The domains and variables of one version of an implementation guide."""

    standard: str
    version: str
    title: str
    domains: tuple[DomainSpec, ...] = field(repr=False)

    @cached_property
    def _by_name(self) -> dict[str, DomainSpec]:
        return {d.name: d for d in self.domains}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the domains, in order."""
        return tuple(d.name for d in self.domains)

    def find_domain(self, name: str) -> DomainSpec | None:
        """The domain of this name, or None; SUPPAE, SUPPDM, ... are SUPPQUAL."""
        supplemental = name.startswith("SUPP") and self.find_domain(name[4:]) is not None
        return self._by_name.get("SUPPQUAL" if supplemental else name)

    def domain(self, name: str, place: Place | None = None) -> DomainSpec:
        """The domain of this name; refused with TRM-031 and a suggestion when the catalogue has none."""
        return self.find_domain(name) or _refuse("TRM-031", f'domain "{name}"', name, self.names, place)


def _refuse(code: str, got: str, name: str, known: Iterable[str], place: Place | None) -> NoReturn:
    raise Refused([unknown_name(code, got, name, known, place)])


def unknown_name(code: str, got: str, name: str, known: Iterable[str], place: Place | None = None) -> Finding:
    """The finding for a name that nobody knows, with the nearest known name as remedy."""
    first: dict[str, str] = {}
    for word in known:
        first.setdefault(word.casefold(), word)
    names = tuple(first.values())
    shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    remedy = suggest(name, names) or "Correct the name."
    return Finding(code, place or Place(), f"{got} is not known", f"one of {shown}", remedy)
