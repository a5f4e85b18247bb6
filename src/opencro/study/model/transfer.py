"""External data transfers: how a file that somebody sends fills a form.

The transfer file is the data transfer specification; the records go through the ledger with the same audit as typing.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from opencro.study.model.part import Name, Part, Text


class Transfer(Part):
    """conduct/transfers/<id>.yaml.

    `site`, `participant` and `event` are column names, or templates with columns in braces (`{SITEID}-{SUBJID}`).
    """

    id: Name
    title: Text
    file: Text = Field(description="name pattern of the file, e.g. `AE.csv*`")
    format: Literal["csv", "xpt", "parquet"] = "csv"
    encoding: Literal["utf-8", "windows-1252", "ascii"] = "utf-8"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    form: Name
    group: Name | None = Field(default=None, description="item group; the form's only group when left out")
    site: Text
    participant: Text
    event: str = Field(default="", description="column or template that names the visit; empty for a log form")
    key: tuple[str, ...] = Field(
        default=(), description="columns that, with participant and visit, identify a record; empty = order in the file"
    )
    items: dict[Name, str] = Field(default={}, description="item: column, where the names differ")
    skip: tuple[str, ...] = Field(default=(), description="columns that are known and not taken")
    where: str = Field(default="", description="expression over columns; other rows are reported as not taken")
    enrols: bool = Field(default=False, description="a row enrols its participant")
