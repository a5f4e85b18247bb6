"""What the server's log may say: where something failed, never about whom and never with which values.

Source: OWASP ASVS 5.0 section 16.2.5. The words of an error may repeat a value; its kind and place let it be found.
"""

from __future__ import annotations

import logging
import re
import traceback
from types import TracebackType

_PERSON = re.compile(r"(/participants/)[^/\s?]+")
_QUESTION = re.compile(r"\?\S*")


class Plain(logging.Formatter):
    """One line for a message, addresses without participants and what was asked of them; errors without their words."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line."""
        return _QUESTION.sub("?…", _PERSON.sub(r"\1…", super().format(record)))

    def formatException(
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        """The kind of an error and where it happened."""
        kind, _error, trace = ei
        frames = "".join(
            f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}\n'
            for frame in traceback.extract_tb(trace)
        )
        return f"{frames}{kind.__qualname__ if kind else ''}"
