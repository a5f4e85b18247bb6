"""Forms: what is asked of whom, in which order, with which answers; code lists and edit checks.

Source: CDISC ODM 2.0 (ItemGroupDef, ItemDef, CodeList), CDASHIG 2.3 for names, BCP 47 for tags of languages. Values
are kept as the text that was entered; an item's type says how the text is to be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import ConfigDict, Field, RootModel

from opencro.study.model.part import Name, Part, Text

ItemType = Literal[
    "text",
    "integer",
    "decimal",
    "date",
    "partial-date",
    "time",
    "datetime",
    "partial-datetime",
    "choice",
    "choices",
    "file",
]


class Item(Part):
    """One question and the field for its answer."""

    id: Name
    label: Text
    help: str = Field(default="", description="hint that is shown under the question")
    section: str = Field(default="", description="heading that is shown above the item")
    type: ItemType = "text"
    length: int | None = Field(default=None, ge=1)
    lines: int = Field(default=1, ge=1, description="height of the field; more than one line is a box for prose")
    decimals: int | None = Field(default=None, ge=0)
    codes: Name | None = Field(default=None, description="code list of a choice or choices item")
    unit: str | None = None
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    normal: tuple[float | None, float | None] | None = Field(
        default=None, description="reference range, null where it is open; a value outside is flagged, no error"
    )
    derive: str = Field(default="", description="expression; the value is computed by it and never typed")
    show_when: str = Field(default="", description="expression; the item is asked only where it is true")
    sensitive: bool = Field(default=False, description="identifies a person; only exports for those permitted have it")
    blinded: bool = Field(default=False, description="tells the treatment; only unblinded roles see it")
    sdtm: str = Field(default="", description="annotation: the SDTM variable, e.g. AE.AETERM")
    concept: str = Field(default="", description="biomedical concept code")


class ItemGroup(Part):
    """Items that are saved together; a repeating group is a table of records."""

    id: Name
    label: str = ""
    repeating: bool = False
    items: tuple[Item, ...] = Field(min_length=1)


class Form(Part):
    """forms/<id>.yaml: a case report form."""

    id: Name
    title: Text
    repeating: bool = Field(default=False, description="may be entered several times at one visit")
    participant_level: bool = Field(
        default=False, description="belongs to the participant, not to a visit (a log form)"
    )
    source: Literal["site", "participant", "transfer"] = "site"
    double_entry: bool = Field(default=False, description="entered twice, by two people; differences are shown")
    groups: tuple[ItemGroup, ...] = Field(min_length=1)


class Code(Part):
    """An answer: the value that is stored, the words that are shown."""

    value: str
    label: str = ""
    term: str = Field(default="", description="submission value in controlled terminology, where it differs")


class CodeList(Part):
    """The permitted answers of items."""

    id: Name
    title: str = ""
    terminology: str = Field(default="", description="NCI code or short name of the published code list")
    codes: tuple[Code, ...] = Field(min_length=1)


class CodeLists(Part):
    """forms/codelists.yaml."""

    codelists: tuple[CodeList, ...] = ()


class EditCheck(Part):
    """A rule that must hold; `when` is an expression that is true where something is wrong."""

    id: Name
    form: Name
    item: Name | None = None
    when: Text
    message: Text
    severity: Literal["query", "warning", "stop"] = "query"


class EditChecks(Part):
    """forms/checks.yaml."""

    checks: tuple[EditCheck, ...] = ()


class Translation(RootModel[Mapping[str, Text]]):
    """forms/translations/<language>.yaml: the key of a text, and its words in that language."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)
