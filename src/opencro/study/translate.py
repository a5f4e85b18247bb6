"""The texts of a study that people read, each under a key, and what they are in other languages.

Source: BCP 47 (RFC 5646, section 2.1) for tags of languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from opencro.study.model.form import Form, Item
from opencro.study.model.whole import Study

_TAG = re.compile(
    r"[a-z]{2,3}(-[a-z]{3}){0,3}(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(-x(-[a-z0-9]{1,8})+)?",
    re.IGNORECASE,
)


def is_language(tag: str) -> bool:
    """Whether a tag is well-formed: language, then script, region, variants and private use where they are needed."""
    return _TAG.fullmatch(tag) is not None


def translate(study: Study, language: str, key: str, default: str) -> str:
    """The words of a text in a language.

    `key` is one of `text_keys`; a tag that has no words for it is tried without its last part (`de-AT`, then `de`),
    capitals don't matter. `default` is given back where there are none.
    """
    by_tag = {tag.casefold(): words for tag, words in study.translations.items()}
    tag = language.casefold()
    while tag:
        words = by_tag.get(tag, {}).get(key)
        if words:
            return words
        tag = tag.rpartition("-")[0]
    return default


def text_keys(study: Study) -> dict[str, str]:
    """Key -> text in the language of the study, of every text that can be translated, in the order of the study."""
    found: dict[str, str] = {}
    for form in study.forms.values():
        found |= dict(_form(form))
    for codelist in study.codelists.values():
        found |= {f"code.{codelist.id}.{code.value}": code.label or code.value for code in codelist.codes}
    found |= {f"check.{check.id}": check.message for check in study.checks}
    return found | {f"visit.{visit.id}": visit.name for visit in study.protocol.schedule.visits}


def _form(form: Form) -> Iterator[tuple[str, str]]:
    yield f"form.{form.id}", form.title
    for group in form.groups:
        if group.label:
            yield f"group.{form.id}.{group.id}", group.label
        for item in group.items:
            yield from _item(form, item)


def _item(form: Form, item: Item) -> Iterator[tuple[str, str]]:
    yield f"item.{form.id}.{item.id}", item.label
    if item.help:
        yield f"help.{form.id}.{item.id}", item.help
    if item.section:
        yield f"section.{form.id}.{item.id}", item.section
