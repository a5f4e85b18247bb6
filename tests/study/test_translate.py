"""Texts are found under their keys, in the language asked for, or as they stand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from opencro.study import Study, check_study, diff_studies, is_language, text_keys, translate
from opencro.study.check.circles import derivation_order

Edit = Callable[[str, str, str], None]


def test_a_text_is_given_in_the_language_that_was_asked_for(starter: Path) -> None:
    study = Study.load(starter)
    assert study.translations["de"]["item.DM.SEX"] == "Geschlecht"
    assert translate(study, "de", "item.DM.SEX", "Sex") == "Geschlecht"
    assert translate(study, "DE-at", "item.DM.SEX", "Sex") == "Geschlecht"
    assert translate(study, "fr", "item.DM.SEX", "Sex") == "Sex"
    assert translate(study, "de", "item.DM.BRTHDAT", "Date of birth") == "Date of birth"


def test_a_region_goes_before_its_language(starter: Path, edit: Edit) -> None:
    edit("forms/translations/de-CH.yaml", "", "item.DM.SEX: Gschlächt\n")
    study = Study.load(starter)
    assert translate(study, "de-CH", "item.DM.SEX", "") == "Gschlächt"
    assert translate(study, "de-CH", "code.SEX.F", "") == "Weiblich"


def test_every_text_has_a_key(starter: Path, edit: Edit) -> None:
    edit("forms/VS.yaml", "label: Weight", "label: Weight, help: In light clothes, section: Body")
    edit("forms/VS.yaml", "- id: VS", "- id: VS\n    label: Seated")
    keys = text_keys(Study.load(starter))
    assert keys["form.VS"] == "Vital signs"
    assert keys["group.VS.VS"] == "Seated"
    assert keys["item.VS.WEIGHT"] == "Weight"
    assert keys["help.VS.WEIGHT"] == "In light clothes"
    assert keys["section.VS.WEIGHT"] == "Body"
    assert keys["code.SEX.F"] == "Female"
    assert {"check.VS001", "visit.WEEK4"} <= set(keys)
    assert "help.VS.PULSE" not in keys


@pytest.mark.parametrize("tag", ["de", "pt-BR", "zh-Hant-TW", "es-419", "sl-rozaj-biske", "de-CH-1996", "en-x-site"])
def test_tags_that_are_well_formed(tag: str) -> None:
    assert is_language(tag)


@pytest.mark.parametrize("tag", ["", "german", "d", "de_DE", "de-", "de-DE-de", "1e", "de DE"])
def test_tags_that_are_not(tag: str) -> None:
    assert not is_language(tag)


def test_a_translation_of_a_form_that_cannot_be_understood_is_not_wrong(starter: Path, edit: Edit) -> None:
    edit("forms/DM.yaml", "title: ", "titel: ")
    assert "STU-108" not in check_study(starter).codes()


def test_an_amendment_says_which_words_changed_and_what_they_reach(starter: Path, edit: Edit) -> None:
    before = Study.load(starter)
    edit("forms/translations/de.yaml", "item.DM.SEX: Geschlecht", "item.DM.SEX: Biologisches Geschlecht")
    diff = diff_studies(before, Study.load(starter))
    (change,) = diff.changes
    assert (change.kind, change.id, change.field) == ("translation", "de", "item.DM.SEX")
    assert (change.before, change.after) == ("Geschlecht", "Biologisches Geschlecht")
    assert diff.touched.items == ("DM.SEX",)
    edit("forms/translations/fr.yaml", "", "form.VS: Signes vitaux\ncode.NY.Y: Oui\n")
    added = diff_studies(before, Study.load(starter))
    assert {"AE", "VS"} <= set(added.touched.forms)
    assert "AE.AESER" in added.touched.items


def test_derived_items_come_after_those_that_they_need(starter: Path, edit: Edit) -> None:
    edit("forms/VS.yaml", "label: Pulse rate,", "label: Pulse rate, derive: WEIGHT * 2,")
    edit("forms/VS.yaml", "label: Weight,", "label: Weight, derive: SYSBP - DIABP,")
    assert derivation_order(Study.load(starter)) == ("VS.WEIGHT", "VS.PULSE")
    edit("forms/VS.yaml", "derive: SYSBP - DIABP", "derive: SYSBP - PULSE")
    assert derivation_order(Study.load(starter)) == ()
