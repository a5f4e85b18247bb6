"""Each rule of `check` fires on its positive cases and keeps silent on near misses.

A case is one change to the clean small study: (code, file, old, new, words that are said).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from opencro.kernel.finding import render_finding
from opencro.study import Study, check_study

Edit = Callable[[str, str, str], None]
SCHEDULE, DESIGN, CHECKS = "protocol/schedule.yaml", "protocol/design.yaml", "forms/checks.yaml"
OBJECTIVES, CODELISTS = "protocol/objectives.yaml", "forms/codelists.yaml"
GERMAN = "forms/translations/de.yaml"
VITALS = "visits: [SCREENING, BASELINE, WEEK4, WEEK8]"
AT_WEEK4 = "number: 3, day: 29, window: [-3, 3], epoch: TREATMENT"
AGAIN = "  - {id: AGAIN, name: Again, forms: [VS], visits: [WEEK4]}\n  - id: EVENTS"
LAB = "id: LB\ntitle: x\nsource: transfer\ngroups: [{id: g, items: [{id: A, label: a}]}]\n"
LOG = "participant_level: true\nrepeating: true"

Case = tuple[str, str, str, str, str]

FOUND: list[Case] = [
    ("YML-001", "forms/VS.yaml", "title: Vital", "\ttitle: Vital", "forms/VS.yaml:3"),
    ("YML-002", "forms/EMPTY.yaml", "", "# nothing\n", "forms/EMPTY.yaml"),
    ("YML-003", "forms/VS.yaml", "title: Vital signs", "title: Vital signs\ntitle: Again", "forms/VS.yaml:4"),
    ("STU-003", "form/AE.yaml", "", "id: AE\n", 'Did you mean "forms"?'),
    ("STU-003", "forms/EX.yml", "", "id: EX\n", "Rename it to EX.yaml."),
    ("STU-003", "design.yaml", "", "arms: []\n", "Move it"),
    ("STU-004", "forms/VS.yaml", "title: Vital signs", "title: &a Vital signs", "forms/VS.yaml:3"),
    ("STU-004", "forms/VS.yaml", "title: Vital signs", "title: !!int Vital", "a tag"),
    ("STU-004", "analysis/deep.yaml", "", "a: " + "[" * 60 + "]" * 60, "at most 40"),
    ("STU-005", DESIGN, "    ratio: 1", "    ration: 1", 'Did you mean "ratio"?'),
    ("STU-005", "forms/VS.yaml", "required: true", "requierd: true", "forms/VS.yaml:7"),
    ("STU-005", "study.yaml", "sponsor:", "sponser:", 'Did you mean "sponsor"?'),
    ("STU-006", DESIGN, "    name: Active\n", "", 'key "name" is missing'),
    ("STU-007", "forms/VS.yaml", "type: integer", "type: integr", 'Did you mean "integer"?'),
    ("STU-007", SCHEDULE, "day: 29", "day: soon", "a whole number"),
    ("STU-007", "forms/VS.yaml", "id: VS\n", "id: 9VS\n", "text of the form"),
    ("STU-007", "study.yaml", 'version: "1"', "version: 1", 'Put it between quotes: "...".'),
    ("STU-008", "protocol/usdm.json", "", "{}", "Keep one"),
    ("STU-009", "forms/LIST.yaml", "", "- a\n", "not a mapping"),
    ("STU-101", DESIGN, "id: PLACEBO", "id: Active", 'arm "Active" is given twice, first at protocol/design.yaml:3'),
    ("STU-101", SCHEDULE, "id: WEEK8", "id: WEEK4", 'visit "WEEK4" is given twice'),
    ("STU-101", "forms/VS.yaml", "id: DIABP", "id: SYSBP", 'item "SYSBP" is given twice'),
    ("STU-101", CODELISTS, "value: M,", "value: F,", 'code "F" is given twice in SEX'),
    ("STU-101", CODELISTS, "id: NY", "id: SEX", 'code list "SEX" is given twice'),
    ("STU-101", OBJECTIVES, "id: END2", "id: END1", 'endpoint "END1" is given twice'),
    ("STU-101", CHECKS, "id: AE002", "id: AE001", 'check "AE001" is given twice'),
    ("STU-102", "forms/VS2.yaml", "", "id: VS\ntitle: x\ngroups: [{id: g, items: [{id: A, label: a}]}]\n", "VS.yaml"),
    ("STU-103", DESIGN, "elements: [ACT]", "elements: [ACTT]", 'Did you mean "ACT"?'),
    ("STU-103", DESIGN, "{arm: PLACEBO, epoch: TREATMENT", "{arm: PLACEBO, epoch: TREATMNT", "unknown epoch"),
    ("STU-103", SCHEDULE, "visits: [SCREENING]", "visits: [SCRENING]", 'Did you mean "SCREENING"?'),
    ("STU-103", SCHEDULE, "forms: [DM]", "forms: [DMM]", 'unknown form "DMM"'),
    ("STU-103", SCHEDULE, AT_WEEK4, AT_WEEK4 + ", arms: [ACTIV]", 'Did you mean "ACTIVE"?'),
    ("STU-103", OBJECTIVES, "population: ITT", "population: IIT", 'Did you mean "ITT"?'),
    ("STU-103", OBJECTIVES, "endpoint: END1", "endpoint: END9", 'unknown endpoint "END9"'),
    ("STU-103", "forms/DM.yaml", "codes: SEX", "codes: SEXX", 'unknown code list "SEXX"'),
    ("STU-103", CHECKS, "item: AEENDAT", "item: AEENDT", 'Did you mean "AEENDAT"?'),
    ("STU-103", CHECKS, "form: DM", "form: DEMO", 'unknown form "DEMO"'),
    ("STU-103", "conduct/transfers/VS.yaml", "event: VISIT", "event: VISIT\nitems: {SYSPB: BP}", "unknown item of VS"),
    ("STU-103", "conduct/transfers/VS.yaml", "event: VISIT", "event: VISIT\ngroup: V", "unknown group of VS"),
    ("STU-105", "forms/DM.yaml", "type: choice, codes: SEX,", "type: choice,", "without codes"),
    ("STU-105", "forms/DM.yaml", "type: choice, codes: SEX", "type: text, codes: SEX", "with codes"),
    ("STU-106", "forms/VS.yaml", "minimum: 40, maximum: 300", "minimum: 400, maximum: 300", "minimum 400 is above"),
    ("STU-106", "forms/VS.yaml", "type: decimal", "type: text", "text item with a minimum"),
    ("STU-106", "forms/VS.yaml", "type: decimal", "type: integer", "integer item with decimals"),
    ("STU-106", "forms/VS.yaml", "type: date,", "type: date, normal: [1, 2],", "date item with a normal range"),
    ("STU-106", "forms/VS.yaml", "unit: kg", "unit: kg, normal: [70, 60]", "from 70 to 60"),
    ("STU-106", "forms/VS.yaml", "unit: kg", "unit: kg, normal: [null, null]", "without an end"),
    ("STU-108", GERMAN, "item.DM.SEX:", "item.DM.SEXX:", 'Did you mean "item.DM.SEX"?'),
    ("STU-108", GERMAN, "code.SEX.F:", "code.SEX.X:", "forms/translations/de.yaml:4"),
    ("STU-108", GERMAN, "visit.WEEK4:", "help.DM.SEX:", "unknown text"),
    ("STU-109", "forms/translations/german!.yaml", "", "form.DM: Demografie\n", "a BCP 47 tag"),
    ("STU-109", "forms/translations/EN.yaml", "", "form.DM: Demography\n", "the language of the study"),
    (
        "STU-110",
        "forms/DM.yaml",
        "type: choice, codes: SEX,",
        "type: file, derive: BRTHDAT,",
        "a file item with derive",
    ),
    ("STU-111", "forms/VS.yaml", "unit: kg,", "unit: kg, derive: WEIGHT + 1,", "VS.WEIGHT from VS.WEIGHT"),
    ("STU-111", "forms/VS.yaml", "unit: kg,", "unit: kg, derive: PULSE, show_when: SYSBP > WEIGHT,", "needs itself"),
    (
        "STU-111",
        "forms/VS.yaml",
        "type: integer, unit: mmHg,",
        "type: integer, show_when: SYSBP > 0, derive: DIABP,",
        "VS.SYSBP from VS.SYSBP",
    ),
    ("STU-107", "conduct/transfers/AE.yaml", "skip: [AESPID]", "skip: [TERM]\nitems: {AETERM: TERM}", "is skipped"),
    (
        "STU-107",
        "forms/VS.yaml",
        "groups:",
        "groups:\n  - {id: X, items: [{id: Y, label: y}]}",
        "no group, and VS has 2",
    ),
    ("EXP-002", CHECKS, "when: DIABP >= SYSBP", "when: DIABP >=", "forms/checks.yaml:21"),
    ("EXP-007", CHECKS, "when: DIABP >= SYSBP", "when: DIABP >= SYSPB", 'Did you mean "SYSBP"?'),
    ("EXP-007", "forms/AE.yaml", "'AEONGO ==", "'AEONG ==", "forms/AE.yaml:"),
    ("EXP-007", "protocol/eligibility.yaml", "VS.SYSBP", "VS.SYSPB", 'Did you mean "VS.SYSBP"?'),
    ("EXP-007", "forms/VS.yaml", "unit: kg", "unit: kg, derive: PULS + 1", 'Did you mean "PULSE"?'),
    ("EXP-008", "forms/VS.yaml", "unit: kg", "unit: kg, derive: PULSE > 60", "a boolean value"),
    ("EXP-008", "forms/VS.yaml", "type: date,", "type: date, derive: SYSBP,", "a date value"),
    ("EXP-008", CHECKS, "when: DIABP >= SYSBP", "when: DIABP + SYSBP", "a number value"),
    ("EXP-009", CHECKS, 'AEOUT == "FATAL"', 'AEOUT == ""', "is missing"),
    ("EXP-010", "forms/VS.yaml", "unit: kg", "unit: kg, derive: PULSE at previous", "Only edit checks"),
    ("EXP-011", CHECKS, "DIABP >= SYSBP", "DIABP >= SYSBP at WEK4", 'Did you mean "WEEK4"?'),
    ("EXP-012", CHECKS, "DIABP >= SYSBP", 'DIABP >= SYSBP and AE.AETERM at WEEK4 == "X"', "AE is of none"),
    ("EXP-012", CHECKS, 'AEOUT == "FATAL"', "VS.SYSBP at previous > 90", "Name the visit"),
    ("EXP-012", CHECKS, "DIABP >= SYSBP", 'DIABP >= SYSBP and SEX at WEEK4 == "F"', "asks for DM"),
    ("STU-201", DESIGN, "  - {arm: PLACEBO, epoch: TREATMENT, elements: [PBO]}\n", "", "has no cell for TREATMENT"),
    ("STU-201", DESIGN, "{arm: PLACEBO, epoch: TREATMENT", "{arm: ACTIVE, epoch: TREATMENT", "is given twice"),
    ("STU-202", SCHEDULE, "number: 4", "number: 3", "WEEK8 has number 3, as WEEK4"),
    ("STU-202", SCHEDULE, "number: 4", "number: 2.5", "numbers that rise with the day"),
    ("STU-203", SCHEDULE, "window: [-3, 3]", "window: [-3, 25]", "WEEK4 and WEEK8 overlap by 1 day(s)"),
    ("STU-204", SCHEDULE, "day: 1,", "day: 0,", "The day before day 1 is day -1."),
    ("STU-205", SCHEDULE, "window: [-3, 3]", "window: [1, 3]", "[-before, after]"),
    ("STU-205", SCHEDULE, "day: 29, ", "", "WEEK4 has a window and no day"),
    ("STU-206", SCHEDULE, "    forms: [DM]\n", "", "DM is at no visit"),
    ("STU-207", SCHEDULE, "    " + VITALS + "\n", "", "VITALS has forms and no visits"),
    ("STU-207", SCHEDULE, "  - id: EVENTS", AGAIN, "VS is asked for twice at WEEK4"),
    ("STU-207", "forms/AE.yaml", LOG, "participant_level: true", "AE is entered once per participant"),
    ("STU-208", DESIGN, "", "arms: [{id: A, name: a, ratio: 0}, {id: B, name: b, ratio: 0}]", "2 arms and no arm"),
    ("STU-209", SCHEDULE, AT_WEEK4, AT_WEEK4.replace("TREATMENT", "SCREENING"), "WEEK4 (day 29)"),
    ("STU-210", "conduct/transfers/VS.yaml", "event: VISIT\n", "", "Give event"),
    ("STU-210", "conduct/transfers/AE.yaml", "site: SITEID", "site: SITEID\nevent: VISIT", "AE is a log form"),
    ("STU-210", "forms/LB.yaml", "", LAB, "no transfer fills LB"),
    ("STU-211", "study.yaml", "{site}-{number:04d}", "{center}-{number:04d}", "Use {site}"),
    ("STU-211", "study.yaml", "{study}-{participant}", "{study}-{participnt}", 'Did you mean "participant"?'),
    ("STU-212", OBJECTIVES, "objectives:", "objectives:\n  - {id: O, level: primary, text: x}", "O has no endpoint"),
]

CLEAN: list[tuple[str, str, str]] = [
    (SCHEDULE, "window: [-3, 3]", "window: [-3, 24]"),
    (SCHEDULE, "number: 4", "number: 3.5"),
    (SCHEDULE, "day: 57, window: [-3, 7]", "day: 30"),
    (SCHEDULE, AT_WEEK4, "number: 3, epoch: TREATMENT, unscheduled: true"),
    (SCHEDULE, "day: -7, window: [-7, 6]", "day: -1, window: [-7, 0]"),
    (DESIGN, "    ratio: 1\n  - id: PLACEBO", "    ratio: 2\n  - id: PLACEBO"),
    ("forms/VS.yaml", "minimum: 40, maximum: 300", "minimum: 300, maximum: 300"),
    (CHECKS, "when: DIABP >= SYSBP", 'when: DIABP >= SYSBP and DM.SEX == "M"'),
    (CHECKS, "when: DIABP >= SYSBP", "when: DIABP >= VS.SYSBP"),
    (CHECKS, "when: DIABP >= SYSBP", 'when: DIABP >= SYSBP at previous and SEX at SCREENING == "M"'),
    ("forms/VS.yaml", "unit: kg", "unit: kg, normal: [50, null], help: In light clothes, section: Body"),
    ("forms/VS.yaml", "unit: kg", "unit: kg, derive: 'round(SYSBP / 3 + DIABP, 1)', sensitive: true, blinded: true"),
    ("forms/VS.yaml", "type: date,", "type: date, derive: DM.RFICDAT,"),
    ("forms/VS.yaml", "title: Vital signs", "title: Vital signs\ndouble_entry: true"),
    ("forms/translations/pt-BR.yaml", "", "form.VS: Sinais vitais\n"),
    ("forms/translations/zh-Hant-TW.yaml", "", "form.VS: x\n"),
    ("study.yaml", "{site}-{number:04d}", "{number}"),
    ("conduct/transfers/VS.yaml", "event: VISIT", 'event: "{VISIT}-{REP}"\nwhere: STATUS != "X"\nitems: {SYSBP: BP}'),
    ("analysis/plan.yaml", "", "anything: [goes, here]\n"),
    (".hidden/x.yaml", "", "not: [read\n"),
]


def test_the_small_study_has_no_finding(starter: Path) -> None:
    assert check_study(starter).items == ()
    assert check_study(Study.load(starter)).items == ()


@pytest.mark.parametrize("case", FOUND, ids=[f"{code}-{i}" for i, (code, *_) in enumerate(FOUND)])
def test_a_mistake_is_found_and_explained(starter: Path, edit: Edit, case: Case) -> None:
    code, file, old, new, words = case
    edit(file, old, new)
    said = [render_finding(finding) for finding in check_study(starter) if finding.code == code]
    assert said, [render_finding(f) for f in check_study(starter)]
    assert any(words in line for line in said), said
    assert all(f.remedy and (f.place.file or code == "STU-001") for f in check_study(starter))


@pytest.mark.parametrize(("file", "old", "new"), CLEAN)
def test_a_near_miss_is_not_found(starter: Path, edit: Edit, file: str, old: str, new: str) -> None:
    edit(file, old, new)
    assert [render_finding(finding) for finding in check_study(starter)] == []


def test_nine_mistakes_in_one_form_give_nine_findings_with_their_lines(starter: Path, edit: Edit) -> None:
    lines = [f"      - {{id: I{i}, label: x, typ: text}}" for i in range(9)]
    edit("forms/VS.yaml", "", "id: VS\ntitle: Vital signs\ngroups:\n  - id: VS\n    items:\n" + "\n".join(lines) + "\n")
    found = [f for f in check_study(starter) if f.code == "STU-005"]
    assert [f.place.line for f in found] == [6, 7, 8, 9, 10, 11, 12, 13, 14]


def test_what_names_a_form_that_cannot_be_understood_is_not_wrong(starter: Path, edit: Edit) -> None:
    edit("forms/VS.yaml", "title: Vital signs", "titel: Vital signs")
    assert {f.code for f in check_study(starter)} == {"STU-005", "STU-006"}


def test_a_half_window_counts_over_the_day_that_does_not_exist(starter: Path, edit: Edit) -> None:
    edit("protocol/schedule.yaml", "window: [-7, 6]", "window: [-7, 7]")
    (finding,) = check_study(starter)
    assert finding.code == "STU-203"
    assert "SCREENING and BASELINE overlap by 1 day(s)" in finding.got


def test_a_circle_is_told_by_its_way(starter: Path, edit: Edit) -> None:
    edit("forms/VS.yaml", "label: Systolic blood pressure,", "label: x, derive: DIABP + 1,")
    edit("forms/VS.yaml", "label: Diastolic blood pressure,", "label: x, show_when: PULSE > 1,")
    edit("forms/VS.yaml", "label: Pulse rate,", "label: x, derive: SYSBP + 1,")
    (finding,) = [f for f in check_study(starter) if f.code == "STU-111"]
    assert finding.got == "VS.PULSE needs itself: VS.PULSE from VS.SYSBP from VS.DIABP from VS.PULSE"


def test_a_long_chain_of_derivations_is_checked_at_once(starter: Path) -> None:
    items = "".join(f"      - {{id: I{i}, label: x, type: integer, derive: I{i + 1} + 1}}\n" for i in range(3000))
    last = "      - {id: I3000, label: x, type: integer}\n"
    text = f"id: LONG\ntitle: x\nparticipant_level: true\ngroups:\n  - id: g\n    items:\n{items}{last}"
    (starter / "forms" / "LONG.yaml").write_text(text, encoding="utf-8")
    assert check_study(starter).ok


def test_every_code_has_a_case_and_a_section(root: Path) -> None:
    source = root / "src" / "opencro" / "study"
    files = [p for p in source.rglob("*.py") if "formats" not in p.parts]
    codes = set(re.findall(r'"((?:STU)-\d{3})"', "".join(p.read_text(encoding="utf-8") for p in files)))
    page = (root / "docs" / "study-folder.md").read_text(encoding="utf-8")
    sections = re.findall(r"^### (STU-\d{3})$", page, re.M)
    assert sorted(sections) == sorted(codes)
    tests = "".join(p.read_text(encoding="utf-8") for p in (root / "tests" / "study").glob("*.py"))
    assert [code for code in codes if code not in tests] == []
