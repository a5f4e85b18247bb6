"""What every part of a study is: a frozen value with known fields, checked when it is made."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$", max_length=64)]
"""An id that people type: starts with a letter; letters, digits, `_`, `.`, `-`."""

Text = Annotated[str, Field(min_length=1)]
"""Words for a reader; never empty."""


class Part(BaseModel):
    """A frozen piece of a study; an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)
