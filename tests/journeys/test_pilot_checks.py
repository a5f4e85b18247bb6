"""Every edit check of the pilot study speaks where something is wrong and is silent where it is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencro.kernel.expression import Expression, evaluate, parse_expression
from opencro.study import Study, check_study, item_types, load_study, study_types

Row = dict[str, str]
EVENT = {"AEYN": "Y", "AETERM": "COUGH", "AESEV": "1", "AEREL": "1", "AESTDAT": "02-JAN-2014"}
CASES: dict[str, tuple[Row, Row]] = {
    "DM001": ({"AGE": "49"}, {"AGE": "50"}),
    "DM002": ({"AGE": "96"}, {"AGE": "95"}),
    "DM003": ({"RACE": "CA,HP", "ETHNIC": "NOT HISPANIC OR LATINO"}, {"RACE": "CA,HP", "ETHNIC": "HISPANIC OR LATINO"}),
    "DM004": ({"RACE": "CA", "ETHNIC": "HISPANIC OR LATINO"}, {"RACE": "CA", "ETHNIC": "NOT HISPANIC OR LATINO"}),
    "DM005": ({"AGE": "60"}, {"DMDAT": "26-DEC-2013"}),
    "AE001": (
        {"AESTDAT": "02-JAN-2014", "AEENDAT": "01-JAN-2014"},
        {"AESTDAT": "JAN-2014", "AEENDAT": "01-JAN-2014"},
    ),
    "AE002": ({"AESTDAT": "02-JAN-2014", "AEDAT": "01-JAN-2014"}, {"AESTDAT": "01-JAN-2014", "AEDAT": "01-JAN-2014"}),
    "AE003": ({"AEYN": "Y"}, EVENT),
    "AE004": ({"AEYN": "N", "AETERM": "COUGH"}, {"AEYN": "N"}),
    "AE005": ({**EVENT, "AESEV": ""}, EVENT),
    "AE006": ({**EVENT, "AEREL": ""}, EVENT),
    "AE007": ({"AESER": "No", "AESHOSP": "Y"}, {"AESER": "4", "AESHOSP": "Y"}),
    "AE008": ({"AEOUT": "FATAL", "AESDTH": "N"}, {"AEOUT": "FATAL", "AESDTH": "Y"}),
    "AE009": ({"AEOUT": "RECOVERED/RESOLVED", "AESDTH": "Y"}, {"AEOUT": "FATAL", "AESDTH": "Y"}),
    "AE010": ({"AEONGO": "N"}, {"AEONGO": "N", "AEENDAT": "2014"}),
    "AE011": ({"AEONGO": "Y", "AEENDAT": "2014"}, {"AEONGO": "Y"}),
    "AE012": ({"AEOUT": "RECOVERED/RESOLVED"}, {"AEOUT": "RECOVERED/RESOLVED", "AEENDAT": "JAN-2014"}),
    "AE013": ({**EVENT, "AESTDAT": ""}, EVENT),
    "CM001": ({"CMSTDAT": "02-JAN-2014", "CMENDAT": "01-JAN-2014"}, {"CMSTDAT": "2014", "CMENDAT": "01-JAN-2014"}),
    "CM002": ({"CMONGO": "N"}, {"CMONGO": "Y"}),
    "CM003": ({"CMDOSE": "0"}, {"CMDOSE": "0.02"}),
    "CM004": ({"CMDOSE": "5"}, {"CMDOSE": "5", "CMDOSU": "mg"}),
    "CM005": (
        {"CMSTDAT": "02-JAN-2014", "VISDAT": "01-JAN-2014"},
        {"CMSTDAT": "01-JAN-2014", "VISDAT": "01-JAN-2014"},
    ),
    "DS001": (
        {"DSSTDAT": "03-AUG-2013", "DSDAT": "02-AUG-2013"},
        {"DSSTDAT": "02-AUG-2013", "DSDAT": "03-AUG-2013"},
    ),
    "DS002": ({"DSDECOD": "DEATH"}, {"DSDECOD": "DEATH", "DTHDAT": "02-AUG-2013"}),
    "DS003": ({"DSDECOD": "COMPLETED", "DTHDAT": "02-AUG-2013"}, {"DSDECOD": "DEATH", "DTHDAT": "02-AUG-2013"}),
    "DS004": ({"DSDECOD": "ADVERSE EVENT"}, {"DSDECOD": "ADVERSE EVENT", "DSSPID": "24"}),
    "EX001": (
        {"EXSTDAT": "02-JAN-2014", "EXENDAT": "01-JAN-2014"},
        {"EXSTDAT": "02-JAN-2014", "EXENDAT": "02-JAN-2014"},
    ),
    "EX002": ({"EXSTDAT": "02-JAN-2014"}, {"EXENDAT": "02-JAN-2014"}),
    "EX003": ({"EXTRT": "PLACEBO", "EXDSTXT": "54"}, {"EXTRT": "PLACEBO", "EXDSTXT": "0"}),
    "EX004": ({"EXTRT": "XANOMELINE", "EXDSTXT": "108"}, {"EXTRT": "XANOMELINE", "EXDSTXT": "81"}),
    "MH001": ({"MHSTDAT": "27-DEC-2013", "MHDAT": "26-DEC-2013"}, {"MHSTDAT": "1986", "MHDAT": "26-DEC-2013"}),
    "MH002": (
        {"MHCAT": "SIGNIFICANT PRE-EXISTING CONDITION"},
        {"MHCAT": "SIGNIFICANT PRE-EXISTING CONDITION", "MHSEV": "1"},
    ),
    "VS001": ({"DIABP_VSORRES": "131", "SYSBP_VSORRES": "064"}, {"DIABP_VSORRES": "064", "SYSBP_VSORRES": "131"}),
    "VS002": ({"PULSE_VSORRES": "039"}, {"PULSE_VSORRES": "057"}),
    "VS003": (
        {"TEMP_VSORRES": "36.9", "TEMP_VSORRESU": "F"},
        {"TEMP_VSORRES": "36.9", "TEMP_VSORRESU": "C"},
    ),
    "VS004": ({"SYSBP_VSSTAT": "NOT DONE", "SYSBP_VSORRES": "120"}, {"SYSBP_VSSTAT": "NOT DONE"}),
    "VS005": ({"WEIGHT_VSORRES": "119.0"}, {"WEIGHT_VSORRES": "119.0", "WEIGHT_VSORRESU": "LB"}),
    "VS006": (
        {"SYSBP_VSTPTNUM": "815", "SYSBP_VSPOS": "STANDING"},
        {"SYSBP_VSTPTNUM": "816", "SYSBP_VSPOS": "STANDING"},
    ),
    "DS005": (
        {"DSDECOD": "COMPLETED", "DSSTDAT": "01-JAN-2014", "EX.EXSTDAT at BL": "02-JAN-2014"},
        {"DSDECOD": "COMPLETED", "DSSTDAT": "02-JUL-2014", "EX.EXSTDAT at BL": "02-JAN-2014"},
    ),
    "EX005": (
        {"EXSTDAT": "15-JAN-2014", "EXENDAT at previous": "16-JAN-2014"},
        {"EXSTDAT": "16-JAN-2014", "EXENDAT at previous": "15-JAN-2014"},
    ),
    "EX006": ({"EXTRT": "PLACEBO", "EXTRT at first": "XANOMELINE"}, {"EXTRT": "PLACEBO", "EXTRT at first": "PLACEBO"}),
    "VS007": (
        {
            "WEIGHT_VSORRES": "123.0",
            "WEIGHT_VSORRESU": "LB",
            "WEIGHT_VSORRES at previous": "096.0",
            "WEIGHT_VSORRESU at previous": "LB",
        },
        {
            "WEIGHT_VSORRES": "105.0",
            "WEIGHT_VSORRESU": "LB",
            "WEIGHT_VSORRES at previous": "096.0",
            "WEIGHT_VSORRESU at previous": "LB",
        },
    ),
    "VS008": ({"WEIGHT_VSORRESU": "kg", "WEIGHT_VSORRESU at first": "LB"}, {"WEIGHT_VSORRESU": "kg"}),
    "VS009": (
        {"VISDAT": "15-JAN-2014", "VISDAT at previous": "16-JAN-2014"},
        {"VISDAT": "16-JAN-2014", "VISDAT at previous": "16-JAN-2014"},
    ),
    "VS010": (
        {"SYSBP_VSORRES": "96", "SYSBP_VSORRES at previous": "160"},
        {"SYSBP_VSORRES": "100", "SYSBP_VSORRES at previous": "160"},
    ),
    "LB001": ({"LBORNRLO": "4.9", "LBORNRHI": "3.3"}, {"LBORNRLO": "3.3", "LBORNRHI": "4.9"}),
    "LB002": ({"LBTESTCD": "ALB"}, {"LBTESTCD": "ALB", "LBORRES": "3.8"}),
    "QS001": ({"QSTESTCD": "ACITM08"}, {"QSTESTCD": "ACITM08", "QSORRES": "0"}),
}


@pytest.fixture(scope="module")
def study(root: Path) -> Study:
    return load_study(root / "studies" / "cdiscpilot01")


def test_the_study_holds_together(root: Path) -> None:
    findings = check_study(root / "studies" / "cdiscpilot01")
    assert findings.ok, findings


def test_every_check_has_a_case_and_every_case_a_check(study: Study) -> None:
    assert {check.id for check in study.checks} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_a_check_speaks_where_something_is_wrong_and_is_silent_where_it_is_right(name: str, study: Study) -> None:
    check = next(c for c in study.checks if c.id == name)
    condition = parse_expression(check.when)
    assert isinstance(condition, Expression)
    types = {**study_types(study), **item_types(study.forms[check.form])}
    wrong, right = CASES[name]
    assert set(wrong) | set(right) <= {*types, *condition.names()}, "a case names items that the check can see"
    assert evaluate(condition, wrong, types) is True
    assert evaluate(condition, right, types) is False
