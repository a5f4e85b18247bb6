"""What a reviewer's guide is made of, and what is known when it is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from opencro.analysis import AnalysisDataset, Switch
from opencro.kernel.finding import Findings
from opencro.study import Study
from opencro.submission.define_xml import MetaData
from opencro.tabulation import Domain, KnownDifferences


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Blank:
    """A place for words that only people can write; `id` is its name in submission/guides.yaml."""

    id: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; `widths` are shares of the page."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]


Block = Words | Blank | Grid


@dataclass(frozen=True, slots=True)
class Section:
    """A section under its number and standard name."""

    number: str
    title: str
    blocks: tuple[Block, ...] = ()

    @property
    def level(self) -> int:
        """1 for a chapter."""
        return self.number.count(".") + 1


@dataclass(frozen=True, slots=True)
class Guide:
    """A reviewer's guide; `short` is its usual abbreviation."""

    short: str
    title: str
    study: str
    sections: tuple[Section, ...]

    def blanks(self) -> Iterator[str]:
        """The names of its blanks, in order."""
        for section in self.sections:
            yield from (block.id for block in section.blocks if isinstance(block, Blank))


@dataclass(frozen=True)
class Known:
    """What a build knows about a study: declarations, define.xml, records per dataset, findings."""

    study: Study
    domains: Mapping[str, Domain]
    analysis: Mapping[str, AnalysisDataset]
    switches: tuple[Switch, ...]
    sdtm: MetaData
    adam: MetaData | None
    records: Mapping[str, int]
    findings: Findings
    differences: Mapping[str, KnownDifferences] = field(default_factory=dict)
    """By package: `sdtm`, `adam`."""
