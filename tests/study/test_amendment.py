"""An amendment as a diff: what changed, what it touches, and the way there and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencro.kernel.finding import Refused
from opencro.study import (
    Downstream,
    Study,
    StudyDiff,
    amend_folder,
    apply_diff,
    declared_mentions,
    diff_studies,
    render_diff,
    revert_diff,
)
from opencro.study.amendment.patch import diff_texts

Edit = Callable[[str, str, str], None]
VS = """\
domain: VS
sources: [{form: VS}]
variables:
  VSDTC: {datetime: [VSDAT]}
  VSORRES: {unpivoted: "PULSE, SYSBP"}
  VSPOS: {constant: SITTING}
"""
SCHEDULE, DESIGN, CODES = "protocol/schedule.yaml", "protocol/design.yaml", "forms/codelists.yaml"
CASES: list[tuple[str, str, str, tuple[str, str, str], str, dict[str, tuple[str, ...]]]] = [
    (SCHEDULE, "window: [-3, 3]", "window: [-5, 5]", ("changed", "visit", "WEEK4"), "window",
     {"visits": ("WEEK4",), "forms": ("AE", "VS")}),
    (SCHEDULE, "visits: [SCREENING]", "visits: [SCREENING, WEEK8]", ("changed", "activity", "DEMOGRAPHY"), "visits",
     {"visits": ("WEEK8",), "forms": ("DM",)}),
    (DESIGN, "ratio: 1", "ratio: 2", ("changed", "arm", "ACTIVE"), "ratio", {"datasets": ("TA",)}),
    ("forms/VS.yaml", "label: Pulse rate", "label: Heart rate", ("changed", "item", "VS.PULSE"), "label",
     {"forms": ("VS",), "items": ("VS.PULSE",), "datasets": ("VS.VSORRES",), "analyses": ("t1",)}),
    ("forms/VS.yaml", "id: PULSE", "id: HR", ("removed", "item", "VS.PULSE"), "",
     {"items": ("VS.HR", "VS.PULSE"), "datasets": ("VS.VSORRES",)}),
    (CODES, "      - {value: FATAL, label: Fatal}\n", "", ("removed", "code", "OUT/FATAL"), "",
     {"forms": ("AE",), "items": ("AE.AEOUT",), "datasets": ()}),
    (CODES, "label: Mild", "label: Light", ("changed", "code", "AESEV/MILD"), "label", {"items": ("AE.AESEV",)}),
    ("forms/checks.yaml", "DIABP >= SYSBP", "DIABP > SYSBP", ("changed", "check", "VS001"), "when", {"forms": ("VS",)}),
    ("protocol/eligibility.yaml", ">= 18", ">= 21", ("changed", "criterion", "IN01"), "rule",
     {"items": ("DM.BRTHDAT", "DM.RFICDAT")}),
    ("tabulation/VS.yaml", "SITTING", "STANDING", ("changed", "variable", "VS.VSPOS"), "constant",
     {"datasets": ("VS.VSPOS",), "analyses": ("t1",), "forms": ()}),
    ("analysis/t1.yaml", "by: arm", "by: site", ("changed", "analysis", "t1"), "by", {"analyses": ("t1",)}),
    ("conduct/transfers/VS.yaml", "VS.csv", "VS.zip", ("changed", "transfer", "VS"), "file", {"forms": ("VS",)}),
    ("study.yaml", "phase: Phase II", "phase: Phase III", ("changed", "study", "ABC-1"), "phase", {"forms": ()}),
    ("protocol/objectives.yaml", "population: ITT", "population: SAFETY", ("changed", "estimand", "EST1"), "population",
     {}),
]  # fmt: skip


def _later_stages(edit: Edit) -> None:
    edit("tabulation/VS.yaml", "", VS)
    edit("analysis/t1.yaml", "", "id: t1\ndataset: VS\nby: arm\n")


def _asked(forms: Iterable[str], visits: Iterable[str]) -> list[str]:
    return [f"has-{form}" for form in forms] + [f"before-{visit}" for visit in visits]


def _design(study: Study, kind: str) -> list[str]:
    return ["TA"] if kind == "arm" else []


DOWNSTREAM = Downstream(touches_design=_design, in_flight=_asked)


@pytest.mark.parametrize(("file", "old", "new", "what", "field", "touched"), CASES)
def test_a_change_is_named_with_what_it_touches(
    starter: Path,
    edit: Edit,
    file: str,
    old: str,
    new: str,
    what: tuple[str, str, str],
    field: str,
    touched: dict[str, tuple[str, ...]],
) -> None:
    _later_stages(edit)
    before = Study.load(starter)
    edit(file, old, new)
    diff = diff_studies(before, Study.load(starter), DOWNSTREAM)
    assert (*what, field) in [(c.action, c.kind, c.id, c.field) for c in diff.changes]
    assert [change.name for change in diff.files] == [file]
    assert {name: getattr(diff.touched, name) for name in touched} == touched
    asked = _asked(diff.touched.forms, diff.touched.visits)
    assert diff.touched.participants == tuple(sorted(asked))


def test_nothing_changed_is_an_empty_diff(starter: Path) -> None:
    diff = diff_studies(Study.load(starter), Study.load(starter), DOWNSTREAM)
    assert (diff.changes, diff.files, diff.touched.forms) == ((), (), ())
    assert render_diff(diff) == "Nothing changed.\n"


def test_a_new_form_is_added_whole_and_a_comment_touches_nothing(starter: Path, edit: Edit) -> None:
    before = Study.load(starter)
    edit("forms/LB.yaml", "", "id: LB\ntitle: Lab\ngroups: [{id: g, items: [{id: ALT, label: ALT}]}]\n")
    edit("forms/VS.yaml", "id: VS\n", "# why\nid: VS\n")
    diff = diff_studies(before, Study.load(starter))
    assert [(c.action, c.kind, c.id) for c in diff.changes] == [
        ("added", "form", "LB"),
        ("added", "group", "LB.g"),
        ("added", "item", "LB.ALT"),
    ]
    assert diff.touched.forms == ("LB",)


def test_the_order_of_questions_is_a_change_of_their_group_and_an_insertion_is_not(starter: Path, edit: Edit) -> None:
    before = Study.load(starter)
    edit("forms/DM.yaml", "      - {id: SEX,", "      - {id: NEW, label: New}\n      - {id: SEX,")
    inserted = Study.load(starter)
    assert [(c.action, c.id) for c in diff_studies(before, inserted).changes] == [("added", "DM.NEW")]
    edit("forms/DM.yaml", "      - {id: NEW, label: New}\n", "")
    edit("forms/DM.yaml", "    items:\n", "    items:\n      - {id: NEW, label: New}\n")
    (change,) = diff_studies(inserted, Study.load(starter)).changes
    assert (change.kind, change.id, change.field) == ("group", "DM.DM", "order")


def test_declarations_are_read_by_names_not_by_letters(starter: Path, edit: Edit) -> None:
    _later_stages(edit)
    edit(
        "tabulation/AE.yaml", "", "domain: AE\nsources: [{form: AE}]\nvariables:\n  AEX: {compute: PULSE + VS.PULSE}\n"
    )
    study = Study.load(starter)
    assert declared_mentions(study, "VS", "PULSE") == ["AE.AEX", "VS.VSORRES"]
    assert declared_mentions(study, "VS", "PULS") == []
    assert declared_mentions(study, "AE", "AETERM") == []


def test_an_unpivoted_item_is_found_by_its_role(starter: Path, edit: Edit) -> None:
    rows = "sources: [{form: VS, unpivot: {tests: [SYS, DIA], items: {RESULT: '{test}BP', UNIT: '{test}U'}}}]"
    edit(
        "tabulation/VS.yaml",
        "",
        f"domain: VS\n{rows}\nvariables:\n  VSORRES: {{assign: RESULT}}\n  VSU: {{assign: UNIT}}\n",
    )
    study = Study.load(starter)
    assert declared_mentions(study, "VS", "SYSBP") == ["VS.VSORRES"]
    assert declared_mentions(study, "VS", "PULSE") == []


@pytest.mark.parametrize("text", ["sources: 3", "sources: [3]", "variables: [a]", "variables: 3", "domain: 3"])
def test_a_declaration_that_is_not_one_mentions_nothing(starter: Path, edit: Edit, text: str) -> None:
    edit("tabulation/VS.yaml", "", text)
    study = Study.load(starter)
    assert declared_mentions(study, "VS", "SYSBP") == []
    assert diff_studies(study, study).changes == ()


def test_a_diff_is_told_in_words_and_as_json(starter: Path, edit: Edit) -> None:
    before = Study.load(starter)
    edit("study.yaml", 'version: "1"', 'version: "2"')
    edit(SCHEDULE, "window: [-3, 3]", "window: [-5, 5]")
    diff = diff_studies(before, Study.load(starter), DOWNSTREAM)
    text = render_diff(diff)
    assert text.startswith("Version 1 -> 2: 1 change in 2 files\n\nvisit\n  ~ WEEK4 window: [-3, 3] -> [-5, 5]\n")
    assert "  participants in flight: before-WEEK4, has-AE, has-VS\n" in text
    assert json.loads(json.dumps(diff.as_dict()))["touched"]["visits"] == ["WEEK4"]


def test_an_amendment_of_a_folder_is_applied_and_reverted_to_the_letter(starter: Path, edit: Edit) -> None:
    before = Study.load(starter)
    edit("forms/LB.yaml", "", "id: LB\r\ntitle: Lab\r\ngroups: [{id: g, items: [{id: ALT, label: ALT}]}]")
    edit("forms/VS.yaml", "Pulse rate", "Heart rate")
    (starter / "conduct" / "transfers" / "VS.yaml").unlink()
    after = Study.load(starter)
    diff = diff_studies(before, after)
    amend_folder(starter, revert_diff(after.texts, diff))
    assert Study.load(starter) == before
    amend_folder(starter, apply_diff(before.texts, diff))
    assert Study.load(starter) == after


def test_an_amendment_that_does_not_fit_is_refused(starter: Path, edit: Edit) -> None:
    before = Study.load(starter)
    edit("forms/VS.yaml", "Pulse rate", "Heart rate")
    diff = diff_studies(before, Study.load(starter))
    other = {**before.texts, "forms/VS.yaml": before.texts["forms/VS.yaml"] + "\n"}
    with pytest.raises(Refused) as refused:
        apply_diff(other, diff)
    assert [(f.code, f.place.file) for f in refused.value.findings] == [("STU-401", "forms/VS.yaml")]


lines = st.lists(st.sampled_from(["a", "b", "", "x\r", "ä: 1", "  - y"]), max_size=12).map("\n".join)
folders = st.dictionaries(st.sampled_from(["a.yaml", "b.yaml", "c/d.yaml"]), lines)


@given(folders, folders)
def test_applied_and_reverted_is_the_identity(before: dict[str, str], after: dict[str, str]) -> None:
    diff = StudyDiff("1", "2", files=diff_texts(before, after))
    assert apply_diff(before, diff) == after
    assert revert_diff(after, diff) == before
    assert revert_diff(apply_diff(before, diff), diff) == before
