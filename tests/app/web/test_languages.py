"""The application speaks three languages, one from right to left; what is shipped compiled is what was written."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

import pytest

from tests.app.web.conftest import Web

LOCALE = Path(__file__).resolve().parents[3] / "src/opencro/app/web/locale"
_ENTRY = re.compile(r'^msgid (".*")\n(?:msgid_plural (".*")\n)?((?:msgstr.*\n?)+)', re.MULTILINE)


def _unquoted(text: str) -> str:
    return text[1:-1].replace('\\"', '"').replace("\\\\", "\\")


@pytest.mark.parametrize("language", ["de", "ar"])
def test_every_text_is_translated_and_compiled(language: str) -> None:
    folder = LOCALE / language / "LC_MESSAGES"
    entries = _ENTRY.findall((folder / "django.po").read_text(encoding="utf-8"))
    with (folder / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert len(entries) > 200
    for msgid, plural, translated in entries[1:]:
        words = [_unquoted(line.split(" ", 1)[1]) for line in translated.splitlines() if line.startswith("msgstr")]
        assert all(words), msgid
        if not plural:
            assert compiled.gettext(_unquoted(msgid)) == words[0]
        else:
            assert compiled.ngettext(_unquoted(msgid), _unquoted(plural), 5) in words
        marks = re.findall(r"%\(\w+\)[sd]", msgid)
        assert all(sorted(re.findall(r"%\(\w+\)[sd]", word)) == sorted(marks) for word in words), msgid


@pytest.mark.parametrize(("language", "word", "direction"), [("de", "Teilnehmer", "ltr"), ("ar", "المشاركون", "rtl")])
def test_a_person_chooses_the_language(web: Web, language: str, word: str, direction: str) -> None:
    anna = web.client("anna")
    anna.post("/language", {"language": language, "next": web.base})
    shown = anna.get(web.base).content.decode()
    assert word in shown
    assert f'<html lang="{language}" dir="{direction}">' in shown
    away = anna.post("/language", {"language": language, "next": "https://elsewhere.example/"})
    assert away["Location"] == "/"


def test_a_form_is_asked_in_the_words_of_the_study_for_the_language(web: Web) -> None:
    folder = web.site.root / "forms" / "translations"
    folder.mkdir(exist_ok=True)
    file = folder / "de.yaml"
    file.write_text("item.VS.SYSBP: Systolischer Blutdruck\nform.VS: Vitalzeichen\n", encoding="utf-8")
    try:
        person = web.enrol()
        anna = web.client("anna")
        anna.post("/language", {"language": "de", "next": "/"})
        shown = anna.get(web.form_url(person, "VS", "SCREENING")).content.decode()
        assert "Systolischer Blutdruck" in shown
        assert "Vitalzeichen" in shown
        assert "Diastolic blood pressure" in shown
    finally:
        file.unlink()
