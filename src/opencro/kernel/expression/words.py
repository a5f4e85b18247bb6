"""Text cut into words: numbers, texts, names, signs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "text", "name", "keyword", "sign", "open text", "unknown", "end"]

KEYWORDS = frozenset({"and", "or", "not", "in", "is", "missing", "present", "true", "false"})
_WORD = re.compile(
    r"""(?P<blank>\s+)
      | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | "(?P<text>(?:[^"]|"")*)"
      | (?P<open>")
      | `(?P<quoted>[\w .,:;/()%\#+-]+)`
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
      | (?P<sign>==|!=|<=|>=|&&|\|\||<>|[-+*/<>(),=])
      | (?P<unknown>.)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Word:
    """One word with its 1-based column; `text` is without quotes."""

    kind: Kind
    text: str
    column: int


def split_words(text: str) -> tuple[Word, ...]:
    """The words of a text, an "end" word after the last; never fails."""
    words = [_word(match) for match in _WORD.finditer(text) if match.lastgroup != "blank"]
    return (*words, Word("end", "", len(text) + 1))


def _word(match: re.Match[str]) -> Word:
    column = match.start() + 1
    found = match.group(match.lastgroup or 0)
    match match.lastgroup:
        case "number":
            return Word("number", found, column)
        case "text":
            return Word("text", found.replace('""', '"'), column)
        case "open":
            return Word("open text", found, column)
        case "quoted":
            return Word("name", found, column)
        case "name":
            return Word("keyword" if found in KEYWORDS else "name", found, column)
        case "sign":
            return Word("sign", found, column)
        case _:
            return Word("unknown", found, column)
