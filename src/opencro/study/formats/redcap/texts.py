"""Texts and choices as a dictionary writes them: markup taken away, choices cut into codes and words.

Source: REDCap's help page on choices (`code, label | code, label`); HTML Living Standard for the markup in labels.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

from opencro.study.model.form import Code

_PIPED = re.compile(r"\[([a-z][a-z0-9_]*)(?:\([^\[\]()]*\))?(?::[a-z0-9_:-]+)?\](?!\()", re.IGNORECASE)
_TAG = re.compile(r"<\s*/?\s*[A-Za-z!][^<>]*>|&(?:[a-z]+|#[0-9]+);")
_BREAKS = frozenset(["br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6"])
_SILENT = frozenset(["script", "style"])


def has_markup(text: str) -> bool:
    """Whether a text holds tags or entities of HTML."""
    return _TAG.search(text) is not None


def piped(text: str) -> tuple[str, ...]:
    """The names in brackets from which a text may take its words (`[first_name]`)."""
    return tuple(name.casefold() for name in _PIPED.findall(text))


def plain(text: str) -> str:
    """A text without markup; line breaks stay, blanks around lines go."""
    words = text
    if has_markup(text):
        stripping = _Stripping()
        stripping.feed(text)
        stripping.close()
        words = "".join(stripping.found)
    lines = (" ".join(line.split()) for line in words.replace("\r", "").split("\n"))
    return "\n".join(line for line in lines if line)


class _Stripping(HTMLParser):
    """Gathers the words of a text that is written in HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, _attributes: list[tuple[str, str | None]]) -> None:
        self._silent += tag in _SILENT
        if tag in _BREAKS:
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _SILENT and self._silent > 0
        if tag in _BREAKS:
            self.found.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data)


def read_choices(text: str) -> tuple[Code, ...]:
    """The codes of `1, Yes | 0, No`; a choice without a comma is its own code."""
    found = []
    for choice in text.replace("\r", "").replace("\n", "|" if "|" not in text else " ").split("|"):
        code, comma, words = choice.partition(",")
        if choice.strip():
            label = plain(words) if comma else ""
            found.append(Code(value=code.strip(), label="" if label == code.strip() else label))
    return tuple(found)


def render_choices(codes: tuple[Code, ...]) -> str:
    """Codes as a dictionary writes them; `|` within words becomes `/`."""
    return " | ".join(f"{code.value}, {(code.label or code.value).replace('|', '/')}" for code in codes)
