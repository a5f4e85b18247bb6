"""Texts in the language of the form and in others, and what a text takes from answers.

Source: XLSForm's reference documentation (multiple language support, dynamic content in labels).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from opencro.study.formats.xlsform.languages import language_tag
from opencro.study.formats.xlsform.making import Making
from opencro.study.formats.xlsform.sheet import TRANSLATED, Row, Sheet

PIPED = re.compile(r"\$\{\s*([^{}]*?)\s*\}")


@dataclass
class Texts:
    """Which column has the words of the form's language, and the words in others by key, as they are gathered."""

    written: str
    language: str
    tags: Mapping[str, str]
    translations: dict[str, dict[str, str]] = field(default_factory=dict)

    def own(self, words: Mapping[str, str]) -> str:
        """The words in the language of the form; those of another column where it has none."""
        return words.get(self.written) or words.get("") or next(iter(words.values()), "")

    def translate(self, key: str, words: Mapping[str, str]) -> None:
        """Keep the words in other languages under the key of a text, where the form has the text."""
        for language, text in words.items():
            tag = self.tags.get(language, "")
            if language != self.written and tag and tag != self.language:
                self.translations.setdefault(tag, {})[key] = text


def read_texts(making: Making, sheets: Iterable[Sheet], default: str) -> Texts:
    """The languages of a form; `default` is its setting. XLF-026 for one that we cannot name or that is there twice."""
    columns = [(sheet, c) for sheet in sheets for c in sheet.columns if c.name in TRANSLATED]
    names = list(dict.fromkeys(c.language for _, c in columns if c.language))
    plain = any(c == ("label", "") for _, c in columns)
    wanted = language_tag(default)
    known = next((n for n in names if n.casefold() == default.casefold() or (wanted and language_tag(n) == wanted)), "")
    written = known or ("" if plain or not names else names[0])
    language = wanted or language_tag(written) or "en"
    tags: dict[str, str] = {}
    for sheet, column in columns:
        name = column.language
        if not name or name in tags or name == written:
            continue
        tags[name] = language_tag(name)
        if not tags[name]:
            remedy = "Write it as `French (fr)`; its words were left out."
            got = f'the language "{name}"'
            making.say("XLF-026", sheet.name, None, str(column), got, "a language with its tag", remedy)
        elif tags[name] == language:
            got, expected = f'"{name}", which is the language of the form', "another language"
            remedy = "Its words stand only where the form has no others; set default_language."
            making.say("XLF-026", sheet.name, None, str(column), got, expected, remedy)
        elif list(tags.values()).count(tags[name]) > 1:
            got, remedy = f'"{name}", a language that is there twice', "Its words replace those of the other."
            making.say("XLF-026", sheet.name, None, str(column), got, "each language once", remedy)
    return Texts(written, language, tags)


def piped_names(row: Row) -> Iterable[tuple[str, str]]:
    """Column and question, for each text of a row that takes words from an answer."""
    for column, text in row.cells.items():
        if column.name in TRANSLATED:
            for name in PIPED.findall(text):
                yield str(column), name
