"""Reports that a project names: a selection of fields, events and records, exported like any other.

Source: REDCap's API, content=report.
"""

from __future__ import annotations

from opencro.app.redcap.exchange import Answer, ApiRefused, Call
from opencro.app.redcap.export_records import export_records
from opencro.app.redcap.session import Session

_TAKEN = (
    "format",
    "returnFormat",
    "rawOrLabel",
    "rawOrLabelHeaders",
    "exportCheckboxLabel",
    "csvDelimiter",
    "decimalCharacter",
)


def export_report(session: Session, call: Call) -> Answer:
    """content=report: the report of that number."""
    session.rights.demand("api_export", "reports")
    reports = session.project.document.reports
    report = reports.get(call.text("report_id"))
    if report is None:
        raise ApiRefused("The report does not exist: the parameter 'report_id' is missing or not valid.")
    parameters = {name: value for name, value in call.parameters.items() if name in _TAKEN}
    known = session.project.fields.keys() | {f"{name}_complete" for name in session.project.instruments}
    parameters |= {f"fields[{at}]": name for at, name in enumerate(report.fields) if name in known}
    parameters |= {f"events[{at}]": name for at, name in enumerate(report.events)}
    if report.filter:
        parameters["filterLogic"] = report.filter
    return export_records(session, Call(parameters))
