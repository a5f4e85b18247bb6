"""A whole study as it stands in its folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from opencro.kernel.located import Located
from opencro.study.model.form import CodeList, EditCheck, Form
from opencro.study.model.part import Name, Part, Text
from opencro.study.model.protocol import Protocol
from opencro.study.model.transfer import Transfer


class StudyFile(Part):
    """study.yaml: identity and the pinned version of every standard."""

    id: Name
    title: Text
    version: Text = Field(description="definition version; every fact carries it")
    sponsor: str = ""
    phase: str = ""
    indication: str = ""
    protocol: str = Field(default="", description="the sponsor's protocol number")
    language: str = "en"
    participant: str = Field(default="{site}-{number:04d}", description="how participant ids are made")
    usubjid: str = Field(default="{study}-{participant}", description="how USUBJID is made")
    standards: Mapping[str, str] = Field(default={}, description="standard: pinned version, e.g. sdtm-ct: 2025-03-28")


@dataclass(frozen=True)
class Study:
    """A study: its identity, protocol, forms, checks, transfers, and later stages' documents as they were read."""

    root: Path
    file: StudyFile
    protocol: Protocol
    forms: Mapping[str, Form]
    codelists: Mapping[str, CodeList]
    checks: tuple[EditCheck, ...]
    transfers: Mapping[str, Transfer]
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Language (BCP 47) -> key of a text -> its words; the keys are those of `text_keys`."""

    documents: Mapping[str, Located] = field(default_factory=dict, repr=False)
    """Every YAML document by its name relative to the root, for later stages and for lines in findings."""

    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The text of every definition file as it was read, for versions and amendments."""

    reader: ClassVar[Callable[[Path], Study]]
    """How a folder becomes a study; set by `opencro.study.load`, so that the types know nothing of files."""

    @classmethod
    def load(cls, path: Path | str) -> Study:
        """The study in a folder. Raises `Refused` with every finding of the reading (YML, STU-0xx, USDM)."""
        return cls.reader(Path(path))

    @property
    def id(self) -> str:
        """The study's id (STUDYID)."""
        return self.file.id
