"""How an item is filled of which the study says nothing: by its type, bounds, code list and SDTM annotation."""

from __future__ import annotations

from collections.abc import Mapping

from opencro.rehearsal.cohort import Cohort
from opencro.rehearsal.model import LEAVING, Episodes, FormPlan, Number, Row, Value
from opencro.study import CodeList, Form, Item

WORDS = {
    "Headache": 5.0,
    "Nausea": 4.0,
    "Dizziness": 4.0,
    "Fatigue": 3.0,
    "Cough": 3.0,
    "Back pain": 3.0,
    "Common cold": 3.0,
    "Diarrhoea": 2.0,
    "Itching": 2.0,
    "Sleeplessness": 2.0,
    "Fall": 1.0,
    "Toothache": 1.0,
}
REMARKS = {"as described by the participant": 3.0, "see source": 2.0, "nothing to add": 1.0}
SELDOM = 0.02
_DATES = {
    "RFICDTC": "consent",
    "BRTHDTC": "birth",
    "RFSTDTC": "first_dose",
    "RFENDTC": "end",
    "EXSTDTC": "first_dose",
    "EXENDTC": "last_dose",
    "DSSTDTC": "end",
}
_ARMS = ("ARM", "ARMCD", "ACTARM", "ACTARMCD", "EXTRT")


def default_plan(form: Form, log: bool) -> FormPlan:
    """How a form is filled of which the study says nothing: exposure by period, disposition at the end."""
    variables = {item.sdtm.partition(".")[2] or item.id for group in form.groups for item in group.items}
    if "DSDECOD" in variables:
        return FormPlan(at=(LEAVING,), rows=(Row(at=(LEAVING,)),) if log else ())
    if "EXTRT" in variables and log:
        return FormPlan(who="randomized", rows=(Row(),))
    return FormPlan(episodes=Episodes()) if log else FormPlan()


def default_value(item: Item, codelists: Mapping[str, CodeList], cohort: Cohort, log: bool) -> Value:
    """Where the values of an item come from when the study does not say."""
    variable = item.sdtm.partition(".")[2] or item.id
    missing = 0.0 if item.required else SELDOM
    if item.codes is not None and item.codes in codelists:
        codes = [code.value for code in codelists[item.codes].codes]
        return _role(variable, codes, cohort) or _choice(item, codes, missing, log)
    if item.type in ("date", "partial-date", "datetime", "partial-datetime"):
        return _date(item, variable, missing, log)
    if variable == "AGE" and item.type in ("integer", "decimal"):
        return Value(person="age")
    if item.type in ("integer", "decimal"):
        return Value(number=_number(item), missing=missing)
    if item.type == "time":
        return Value(
            choice={f"{h:02d}:{m:02d}": 1 for h in range(8, 17) for m in (0, 10, 20, 30, 40, 50)}, missing=missing
        )
    if item.type == "file":
        return Value(text="{participant}-{n}.pdf", missing=missing)
    if variable in ("SITEID", "SUBJID", "USUBJID"):
        return Value(person={"SITEID": "site", "SUBJID": "number", "USUBJID": "usubjid"}[variable])  # type: ignore[arg-type]
    return Value(choice=_words(item, variable), missing=missing)


def _words(item: Item, variable: str) -> dict[str, float]:
    words = WORDS if variable.endswith(("TERM", "TRT", "DECOD")) else REMARKS
    length = item.length or 200
    return {word[:length].strip(): weight for word, weight in words.items()}


def _role(variable: str, codes: list[str], cohort: Cohort) -> Value | None:
    """What is known of the person, where the code list has all of its answers."""
    known = set(codes)
    if variable == "SEX" and set(cohort.sex) <= known:
        return Value(person="sex")
    if variable in _ARMS and cohort.arms and set(cohort.arms) <= known:
        return Value(person="arm")
    if variable == "DSDECOD" and set(cohort.reasons) <= known:
        return Value(person="reason")
    return None


def _choice(item: Item, codes: list[str], missing: float, log: bool) -> Value:
    if set(codes) == {"Y", "N"} and log and item.id.endswith(("ONGO", "ONG", "ONGOING")):
        return Value(ongoing=("Y", "N"))
    if set(codes) >= {"Y", "N"}:
        return Value(choice={"N": 0.9, "Y": 0.1}, missing=missing)
    # The first answers of a code list are the usual ones, the last ones the grave or rare ones.
    return Value(choice={code: 1 / (1 + i) for i, code in enumerate(codes)}, missing=missing)


def _date(item: Item, variable: str, missing: float, log: bool) -> Value:
    if variable in _DATES:
        return Value(date=_DATES[variable])
    if log and variable.endswith(("STDTC", "STDAT")):
        return Value(date="start", partial=0.05 if item.type.startswith("partial") else 0)
    if log and variable.endswith(("ENDTC", "ENDAT")):
        return Value(date="stop", partial=0.02 if item.type.startswith("partial") else 0)
    if variable in ("DTHDTC", "DTHDAT"):
        return Value(date="end", missing=1.0)
    return Value(date="visit", missing=missing)


def _number(item: Item) -> Number:
    """Around the middle of the permitted range, and well inside of it; a person keeps most of the deviation."""
    decimals = item.decimals if item.decimals is not None else 0 if item.type == "integer" else 1
    low, high = item.minimum, item.maximum
    if low is None and high is None:
        low, high = 0.0, 100.0
    elif low is None:
        low = min(0.0, (high or 0.0) - 100)
    elif high is None:
        high = low + 100
    assert low is not None
    assert high is not None
    middle, width = (low + high) / 2, high - low
    return Number(mean=middle, sd=width / 30, person_sd=width / 15, minimum=low, maximum=high, decimals=decimals)
