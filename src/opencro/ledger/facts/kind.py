"""What all kinds of fact share: a stored name with a version, and a payload of plain JSON values."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FactKind:
    """A kind of fact; subclasses set NAME (`form-signed/1`) and declare their fields with plain JSON types."""

    NAME: ClassVar[str] = ""

    @property
    def payload(self) -> Payload:
        """The fields as JSON values."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """The fact again, from what was stored; TypeError when the fields are not those of this version."""
        return cls(**payload)
