"""Translations are in languages that exist and name texts that the study has (STU-108, STU-109)."""

from __future__ import annotations

from collections.abc import Iterator

from opencro.kernel.finding import Finding, suggest
from opencro.study.check.subject import Subject
from opencro.study.translate import is_language, text_keys

_KINDS = ("form", "group", "item", "help", "section", "code", "check", "visit")


def translation_findings(subject: Subject) -> Iterator[Finding]:
    """Every finding about the files of translations."""
    study = subject.study
    known = text_keys(study)
    for language, words in study.translations.items():
        file = f"forms/translations/{language}.yaml"
        if not is_language(language):
            remedy = "Call the file like the language, e.g. de.yaml or pt-BR.yaml."
            yield subject.finding("STU-109", (file, ()), f'language "{language}"', "a BCP 47 tag", remedy)
        elif language.casefold() == study.file.language.casefold():
            remedy = "Write these words where the text stands, or correct language in study.yaml."
            got = f'"{language}" is the language of the study'
            yield subject.finding("STU-109", (file, ()), got, "another language", remedy)
        for key in words:
            if key not in known and not _unread(subject, key):
                alike = [name for name in known if name.split(".")[0] == key.split(".")[0]]
                remedy = suggest(key, alike or known) or f"Keys begin with {', '.join(_KINDS)} and name a text."
                yield subject.finding("STU-108", (file, (key,)), f'unknown text "{key}"', "a text of the study", remedy)


def _unread(subject: Subject, key: str) -> bool:
    """A text of a file that exists but could not be understood is not called unknown."""
    kind, _, rest = key.partition(".")
    checks = kind == "check" and "checks" in subject.unread
    return checks or (kind == "code" and "codelists" in subject.unread) or rest.split(".")[0] in subject.unread
