"""Reading `design/*.yaml`. Findings: DES-001 not as documented, DES-002 an assumption that no trial can meet."""

from __future__ import annotations

from pathlib import PurePosixPath

from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails

from opencro.design.errors import DesignError
from opencro.design.trial.model import Means, Proportions, Survival, TrialDesign
from opencro.design.trial.planned import PlannedTrial, plan_trial
from opencro.kernel.finding import Finding, Findings
from opencro.kernel.located import Located
from opencro.study import Study, validation_findings

FOLDER = "design"
ENDPOINTS: dict[str, type[BaseModel]] = {"means": Means, "proportions": Proportions, "survival": Survival}


def read_designs(study: Study) -> tuple[dict[str, PlannedTrial], Findings]:
    """The designs of a study by name (of the file), planned; and what is wrong with the others."""
    planned: dict[str, PlannedTrial] = {}
    findings = Findings()
    for name, document in study.documents.items():
        path = PurePosixPath(name)
        if path.parent != PurePosixPath(FOLDER):
            continue
        try:
            design = TrialDesign.model_validate(document.value)
            planned[path.stem] = plan_trial(path.stem, design)
        except ValidationError as error:
            findings += _misread(error, document)
        except DesignError as error:
            findings += (_impossible(error, document),)
    return planned, findings


def _misread(error: ValidationError, document: Located) -> Findings:
    """Findings at their lines; those of the endpoint by the type that it says it is, which gives suggestions."""
    own: list[InitErrorDetails] = []
    of_endpoint: dict[str, list[InitErrorDetails]] = {}
    for e in error.errors():
        loc = e["loc"]
        tagged = len(loc) > 1 and loc[0] == "endpoint" and str(loc[1]) in ENDPOINTS
        details = InitErrorDetails(
            type=e["type"], loc=loc[2:] if tagged else loc, input=e["input"], ctx=e.get("ctx", {})
        )
        (of_endpoint.setdefault(str(loc[1]), []) if tagged else own).append(details)
    findings = Findings()
    if own:
        again = ValidationError.from_exception_data(error.title, own)
        findings += validation_findings(again, document, "DES-001", model=TrialDesign)
    for tag, details_of in of_endpoint.items():
        again = ValidationError.from_exception_data(error.title, details_of)
        findings += validation_findings(again, document, "DES-001", ("endpoint",), model=ENDPOINTS[tag])
    return findings


def _impossible(error: DesignError, document: Located) -> Finding:
    got = f"{error.got} ({error.code})"
    return Finding("DES-002", document.place(_key(error.code)), got, error.expected, error.remedy)


def _key(code: str) -> str:
    """Where in the file the assumption stands that an error is about."""
    places = {"DES-108": "looks", "DES-109": "alpha", "DES-201": "power", "DES-120": "efficacy", "DES-105": "futility",
              "DES-106": "futility", "DES-110": "futility", "DES-111": "futility"}  # fmt: skip
    return places.get(code, "endpoint")
