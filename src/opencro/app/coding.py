"""`opencro code`: dictionaries found, texts coded, synonyms kept, queries raised; every step is a fact."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import polars as pl

from opencro.app.wiring import dictionary_places, open_study_ledger
from opencro.capture import read_queries
from opencro.capture.coding import (
    Coder,
    CodingPlan,
    current_synonyms,
    plan_auto_coding,
    plan_coding_queries,
    plan_manual_coding,
    plan_uncoding,
    plan_upversion,
    read_coding,
    read_coding_plan,
    read_dictionary,
    read_synonyms,
    upversion_impact,
    version_of,
)
from opencro.kernel.finding import Finding, Place, Refused, suggest
from opencro.ledger import Act, Actor, Ledger, Source, SynonymChanged
from opencro.study import Study

MACHINE = Actor("auto.coding", "coding by itself")
ROLE = "coder"


@dataclass
class CodingDesk:
    """A study's texts and dictionaries while they are coded; every `write_` makes facts and reads the state again."""

    study: Study
    plan: CodingPlan
    ledger: Ledger
    coders: dict[str, Coder]
    coding: pl.DataFrame

    def write_auto(self) -> int:
        """Code what is without doubt; how many."""
        return self._append(plan_auto_coding(self.coding, self.coders), MACHINE, Source.SYSTEM)

    def write_code(self, text: str, code: str, user: str, dictionary: str | None, class_code: str | None) -> int:
        """Give a code to a text wherever it stands; how many. Refused with COD-101..106."""
        coder = self.coders[self._dictionary_of(text, dictionary)]
        acts = plan_manual_coding(self.coding, coder.dictionary, text, code, class_code=class_code)
        return self._append(acts, Actor(user, ROLE), Source.SYSTEM)

    def write_synonym(self, text: str, code: str, user: str, dictionary: str | None) -> int:
        """Let a text stand for a code ("": no longer), and code what that decides; how many. COD-101, 102, 106."""
        name = self._dictionary_of(text, dictionary)
        coder = self.coders[name]
        if code and not coder.dictionary.is_current(code):
            term = coder.dictionary.term_of(code)
            place = Place(path=f"{name} {coder.dictionary.version}")
            found = ("COD-101", f"code {code}") if term is None else ("COD-102", f"{code} {term} is not current")
            raise Refused([Finding(found[0], place, found[1], "a current code", "Look it up again.")])
        self._append([Act(SynonymChanged(name, text, code))], Actor(user, ROLE), Source.SYSTEM)
        self.coders[name] = replace(coder, synonyms=_synonyms(self.study, self.ledger).get(name, {}))
        return self.write_auto()

    def write_queries(self, text: str, question: str, user: str) -> int:
        """Ask the sites about a text without code; how many queries. Refused with COD-103."""
        acts = plan_coding_queries(self.coding, text, question, _new_names(self.ledger))
        return self._append(acts, Actor(user, ROLE), Source.SYSTEM)

    def write_uncoding(self, text: str, user: str) -> int:
        """Take the codes off a text; how many. Refused with COD-103."""
        return self._append(plan_uncoding(self.coding, text), Actor(user, ROLE), Source.SYSTEM)

    def write_upversion(self) -> int:
        """Give the new version's codes to all that it leaves as it is; how many."""
        acts = [act for coder in self.coders.values() for act in plan_upversion(self.coding, coder)]
        return self._append(acts, MACHINE, Source.SYSTEM)

    def impact(self, dictionary: str | None, version: str | None) -> pl.DataFrame:
        """What another version (the pinned one, when none is named) does to the codes given. COD-106, COD-201..206."""
        name = self._named(dictionary) if dictionary or len(self.coders) == 1 else self._only()
        coder = self.coders[name]
        if version is not None:
            coder = replace(coder, dictionary=read_dictionary(name, version, dictionary_places(self.study)))
        return upversion_impact(self.coding, coder)

    def _append(self, acts: list[Act], actor: Actor, source: Source) -> int:
        if acts:
            version = self.study.file.version
            self.ledger.append(acts, actor=actor, source=source, definition_version=version)
            self.coding = read_coding(self.study, self.plan, self.ledger)
        return len(acts)

    def _dictionary_of(self, text: str, dictionary: str | None) -> str:
        if dictionary is not None:
            return self._named(dictionary)
        said = self.coding.filter(pl.col("text").str.to_lowercase() == text.lower()).get_column("asked").unique()
        return str(said[0]) if len(said) == 1 else self._only()

    def _named(self, dictionary: str | None) -> str:
        if dictionary is not None and dictionary not in self.coders:
            remedy = suggest(dictionary, self.coders) or "Name a dictionary of coding/items.yaml."
            got = f'dictionary "{dictionary}"'
            raise Refused([Finding("COD-106", Place("coding/items.yaml"), got, "one that is coded with", remedy)])
        return dictionary or next(iter(self.coders))

    def _only(self) -> str:
        if len(self.coders) == 1:
            return next(iter(self.coders))
        got = f"{len(self.coders)} dictionaries"
        expected = f"one of {', '.join(self.coders)}"
        raise Refused([Finding("COD-106", Place("coding/items.yaml"), got, expected, "Name it with --dictionary.")])


@contextmanager
def coding_desk(study: Study, database: str | None = None) -> Iterator[CodingDesk]:
    """A desk for the study's coding.

    Refused with COD-001..004 (its files), COD-005 (nothing is coded), COD-201..206 (a dictionary cannot be read).
    """
    plan, findings = read_coding_plan(study)
    if not findings.ok:
        raise Refused(findings)
    if plan is None or not plan.items:
        remedy = "Write it; docs/coding.md has an example."
        raise Refused([Finding("COD-005", Place("coding/items.yaml"), "nothing is coded", "items to code", remedy)])
    with open_study_ledger(study, database) as ledger:
        synonyms = _synonyms(study, ledger)
        coders = {}
        for name in dict.fromkeys(coded.dictionary for coded in plan.items):
            version = version_of(study, plan, name) or ""
            dictionary = read_dictionary(name, version, dictionary_places(study))
            coders[name] = Coder(dictionary, synonyms.get(name, {}))
        yield CodingDesk(study, plan, ledger, coders, read_coding(study, plan, ledger))


def _synonyms(study: Study, ledger: Ledger) -> Mapping[str, Mapping[str, str]]:
    declared, findings = read_synonyms(study)
    if not findings.ok:
        raise Refused(findings)
    return current_synonyms(ledger, declared)


def _new_names(ledger: Ledger) -> Callable[[], str]:
    taken = max((int(q.id[1:]) for q in read_queries(ledger) if q.id[1:].isdecimal()), default=0)
    numbers = itertools.count(taken + 1)
    return lambda: f"Q{next(numbers):06d}"
