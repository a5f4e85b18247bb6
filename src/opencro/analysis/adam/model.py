"""What a statistician declares for one analysis dataset: its rows, the steps that make it, its variables.

The same declaration makes the dataset, its Define-XML entry and the answer to `opencro trace`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Field

from opencro.analysis.adam.derive import Derivation, Grade, Happening, Window
from opencro.analysis.adam.derive.derivation import parsed
from opencro.study import Name, Part, Text

Kind = Literal[
    "SUBJECT LEVEL ANALYSIS DATASET", "OCCURRENCE DATA STRUCTURE", "BASIC DATA STRUCTURE", "ADAM OTHER"
]  # fmt: skip
Origin = Literal["Predecessor", "Derived", "Assigned"]


class RowSource(Part):
    """Where rows come from: the records of a dataset, tabulated or analysed, with all their variables."""

    dataset: Name = Field(alias="from")
    where: str = Field(default="", description="expression over the dataset's variables; other records give no row")


class VariableSpec(Part):
    """What is said of a variable beyond how it is made; label and type are inherited from the variable's source."""

    label: str = Field(default="", max_length=40)
    type: Literal["", "text", "integer", "float", "date"] = ""
    length: int | None = Field(default=None, ge=1)
    origin: Origin | None = None
    predecessor: str = Field(default="", description="DATASET.VARIABLE, where it is not the one that the steps say")
    derivation: str = Field(default="", description="the method in words, where the steps' own words do not do")
    codelist: bool = Field(default=False, description="define.xml lists the values; flags and PARAMCD always are")
    comment: str = ""


class ParameterSpec(Part):
    """What is said of some parameters: how their AVAL is made."""

    codes: tuple[Text, ...] = Field(min_length=1, description="PARAMCD of those that it is said of")
    derivation: Text


class DatasetHead(Part):
    """The part of a declaration that is checked as a whole; steps are read after it."""

    dataset: str = Field(pattern=r"^AD[A-Z0-9]{0,6}$")
    label: str = Field(min_length=1, max_length=40)
    kind: Kind = Field(alias="class")
    structure: Text
    keys: tuple[Name, ...] = Field(min_length=1)
    order: tuple[str, ...] = Field(default=(), description="a leading - is descending; the keys when left out")
    rows: tuple[RowSource, ...] = Field(min_length=1)
    tables: dict[str, Any] = Field(default={}, description="lists and mappings that steps name")
    variables: dict[str, VariableSpec | None] = Field(min_length=1)
    parameters: tuple[ParameterSpec, ...] = Field(default=(), description="how AVAL of a parameter is made")
    comment: str = ""


class Switch(Part):
    """A documented peculiarity of this study's original datasets that a step reproduces while it is on."""

    id: Name
    on: bool
    what: Text
    evidence: Text


class SwitchFile(Part):
    """analysis/switches.yaml."""

    switches: tuple[Switch, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One derivation with its arguments; `when` limits it to rows, elsewhere its variables stay as they were."""

    derivation: Derivation
    arguments: Mapping[str, Any]
    when: str = ""
    switch: str = ""
    unless: str = ""
    note: str = ""
    line: int | None = None

    def of_role(self, *roles: str) -> Iterable[Any]:
        """Arguments (or defaults) of these roles that say something."""
        for parameter in self.derivation.parameters:
            value = self.arguments.get(parameter.name, parameter.default)
            if parameter.role in roles and value is not None and value != "":
                yield value

    @property
    def source(self) -> str:
        """The dataset that is looked into; empty where there is none."""
        return next(iter(self.of_role("source")), "")

    def happenings(self, *, own: bool) -> list[Happening]:
        """Events and censorings whose date stands in the data, or in the source."""
        events = [happening for value in self.of_role("events") for happening in value]
        ends = [happening for value in self.of_role("censorings") for happening in value]
        return [h for h in events if h.own] + ends if own else [h for h in events if not h.own]

    def reads(self) -> frozenset[str]:
        """Columns of the data that are read."""
        found = {*names_in(self.when)}
        for value in self.of_role("column", "formula", "template"):
            found |= in_braces(value) if "{" in value else names_in(value)
        for value in self.of_role("columns", "kept"):
            found |= set(value)
        for value in self.of_role("cases"):
            found |= {n for text in value.values() for n in names_in(text)}
        for value in self.of_role("grades"):
            found |= {n for grade in value for n in names_in(grade.where)}
        for happening in self.happenings(own=True):
            found |= {happening.date, *names_in(happening.where)}
        if not self.source:
            found |= {n.lstrip("-") for value in self.of_role("order") for n in value}
            found |= {n for value in self.of_role("condition") for n in names_in(value)}
        return frozenset(found)

    def reads_source(self) -> frozenset[str]:
        """Columns of the source that are read, also those that are not taken over."""
        if not self.source:
            return frozenset()
        found = {n.lstrip("-") for value in self.of_role("order", "columns") for n in value}
        found |= {n for value in self.of_role("condition") for n in names_in(value)}
        found |= {column for value in self.of_role("taken") for column in value.values()}
        found |= set(self.of_role("source column"))
        for happening in self.happenings(own=False):
            found |= {happening.date, *names_in(happening.where), *([happening.sequence] if happening.sequence else [])}
        if self.derivation.name == "supplemental":
            return frozenset({"QNAM", "QVAL"})
        return frozenset(found)

    def makes(self) -> tuple[str, ...]:
        """Columns that are made (in rows that are added: given values)."""
        new = next(iter(self.of_role("new")), "")
        found = [fixed.replace("{new}", str(new)) for fixed in self.derivation.makes]
        found += list(self.of_role("new"))
        found += [name for value in self.of_role("taken", "given") for name in value]
        return tuple(dict.fromkeys(found))

    def words(self, variable: str = "") -> str:
        """The rule in words; with a variable, what it says of this one of those that it makes."""
        said = {p.name: self.arguments.get(p.name, p.default) for p in self.derivation.parameters}
        for name, value in said.items():
            if isinstance(value, Mapping) and variable in value and name in ("new", "given"):
                said[name] = {variable: value[variable]}
        text = re.sub(r"\[(.*?)\]", lambda m: _unless_idle(m.group(1), said), self.derivation.words)
        text = re.sub(r"\{(\w+)\}", lambda m: _say(m.group(1), said.get(m.group(1))), text)
        only = f" Only where {self.when}." if self.when else ""
        return f"{text}.{only}{f' {self.note}' if self.note else ''}"


def _unless_idle(text: str, said: Mapping[str, Any]) -> str:
    return "" if any(said.get(name) in (None, "", "none", 0) for name in in_braces(text)) else text


def in_braces(text: str) -> set[str]:
    """The columns that a template names."""
    return set(re.findall(r"\{(\w+)\}", text))


def names_in(text: str) -> frozenset[str]:
    """The names that an expression mentions; none for an empty text."""
    return frozenset(parsed(text).names()) if text else frozenset()


def _say(name: str, value: Any) -> str:
    if name == "where":
        return f", where {value}" if value else ""
    if name == "order":
        return f", ordered by {', '.join(value)}" if value else ""
    if isinstance(value, Mapping):
        return _say_mapping(name, value)
    if isinstance(value, Happening | Window | Grade):
        return value.words
    if isinstance(value, list | tuple):
        return ", ".join(_say("", v) for v in value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "missing" if value in (None, "") else str(value).replace("{", "").replace("}", "")


def _say_mapping(name: str, value: Mapping[str, Any]) -> str:
    if name == "new" and all(isinstance(v, str) for v in value.values()):
        return ", ".join(value.values())
    pattern = "{} = {}" if name in ("new", "given") else "{} ({})"
    return "; ".join(pattern.format(k, _say("", v)) for k, v in value.items())


@dataclass(frozen=True, slots=True)
class AnalysisDataset:
    """analysis/<ADxx>.yaml, read."""

    name: str
    label: str
    kind: str
    structure: str
    keys: tuple[str, ...]
    order: tuple[str, ...]
    rows: tuple[RowSource, ...]
    steps: tuple[Step, ...]
    variables: Mapping[str, VariableSpec]
    parameters: tuple[ParameterSpec, ...] = ()
    comment: str = ""
    file: str = ""
    lines: Mapping[str, int | None] = field(default_factory=dict)

    def needs(self) -> frozenset[str]:
        """Datasets that must be there before."""
        sources = {s.source for s in self.steps if s.source} | {r.dataset for r in self.rows}
        return frozenset(sources - {self.name})
