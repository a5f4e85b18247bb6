"""A call of the API and its answer, without any web framework.

Source: the parameters of REDCap's API (content, action, format, returnFormat, lists as `records[0]` or comma
separated).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_INDEXED = re.compile(r"(?P<name>[A-Za-z_]+)\[(?P<at>[^\]]*)\]\Z")
FORMATS = ("csv", "json", "xml")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a call."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Answer:
    """What goes back: status, content type, body."""

    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    status: int = 200


class ApiRefused(Exception):
    """The call cannot be answered; `message` is for a person, `status` is HTTP's."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


@dataclass(frozen=True)
class Call:
    """One call: form parameters by name, and files."""

    parameters: Mapping[str, str]
    files: Mapping[str, Upload] = field(default_factory=dict)

    def text(self, name: str, otherwise: str = "") -> str:
        """A parameter, or `otherwise` where it is not given or empty."""
        return self.parameters.get(name) or otherwise

    def says(self, name: str) -> bool:
        """Whether a yes/no parameter says yes (`true`, `True`, `1`)."""
        return self.text(name).lower() in ("true", "1", "yes")

    def names(self, name: str) -> tuple[str, ...]:
        """A list: `name[0]=a`, `name[1]=b`, or `name=a,b`."""
        found = []
        for key, value in self.parameters.items():
            match = _INDEXED.match(key)
            if match and match["name"] == name and value != "":
                found.append(value)
        bare = self.parameters.get(name, "")
        return (*found, *(part.strip() for part in bare.split(",") if part.strip()))

    def number(self, name: str) -> int | None:
        """A whole number, or None where it is not given; refused where it is something else."""
        text = self.text(name)
        if text and not re.fullmatch(r"\d{1,9}", text):
            raise ApiRefused(f"The value of the parameter '{name}' is not a whole number.")
        return int(text) if text else None

    @property
    def format(self) -> str:
        """The format of data that go in or out; REDCap's default is xml."""
        return self._choice("format", "xml")

    @property
    def return_format(self) -> str:
        """The format of errors and of what imports answer; that of the data where it is not said."""
        given = self.parameters.get("returnFormat") or self.parameters.get("format") or "xml"
        return given if given in FORMATS else "xml"

    def _choice(self, name: str, otherwise: str) -> str:
        given = self.text(name, otherwise)
        if given not in FORMATS:
            raise ApiRefused(f"The value of the parameter '{name}' is not valid: use csv, json or xml.")
        return given
