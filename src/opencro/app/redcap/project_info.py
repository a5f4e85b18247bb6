"""What a project is called and how it is set up.

Source: REDCap's API, content=project, project_settings, version. A setting that only REDCap knows is kept as it was
given.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

from opencro.app.redcap.definition import Definition
from opencro.app.redcap.exchange import Answer, ApiRefused, Call
from opencro.app.redcap.metadata import require_redcap_structure
from opencro.app.redcap.rows import flatten, parse_rows, render_count, render_one, render_text
from opencro.app.redcap.session import Session

VERSION = "14.5.5"
"""The version of REDCap whose API is spoken here."""

SETTINGS = {
    "purpose": ("Purpose", "0"),
    "purpose_other": ("PurposeOther", ""),
    "project_notes": ("ProjectNotes", ""),
    "custom_record_label": ("CustomRecordLabel", ""),
    "secondary_unique_field": ("SecondaryUniqueField", ""),
    "surveys_enabled": ("SurveysEnabled", "0"),
    "scheduling_enabled": ("SchedulingEnabled", "0"),
    "record_autonumbering_enabled": ("RecordAutonumberingEnabled", "0"),
    "randomization_enabled": ("RandomizationEnabled", "0"),
    "display_today_now_button": ("DisplayTodayNowButton", "1"),
    "missing_data_codes": ("MissingDataCodes", ""),
    "bypass_branching_erase_field_prompt": ("PreventBranchingEraseValues", "0"),
    "project_irb_number": ("", ""),
    "project_grant_number": ("", ""),
    "project_pi_firstname": ("", ""),
    "project_pi_lastname": ("", ""),
    "ddp_enabled": ("", "0"),
    "external_modules": ("", ""),
}
"""Setting in the API -> its element in a project XML, and what it is where nobody said."""
_ORDER = (
    *("project_id", "project_title", "creation_time", "production_time", "in_production", "project_language"),
    *("purpose", "purpose_other", "project_notes", "custom_record_label", "secondary_unique_field", "is_longitudinal"),
    *("has_repeating_instruments_or_events", "surveys_enabled", "scheduling_enabled", "record_autonumbering_enabled"),
    *("randomization_enabled", "ddp_enabled", "project_irb_number", "project_grant_number", "project_pi_firstname"),
    *("project_pi_lastname", "display_today_now_button", "missing_data_codes", "external_modules"),
    "bypass_branching_erase_field_prompt",
)
_NUMBERS = (
    *("purpose", "surveys_enabled", "scheduling_enabled", "record_autonumbering_enabled", "randomization_enabled"),
    *("ddp_enabled", "display_today_now_button", "bypass_branching_erase_field_prompt"),
)


def export_project(session: Session, call: Call) -> Answer:
    """content=project."""
    session.rights.demand("api_export")
    project = session.project
    said = project.document.settings
    created = next(iter(session.ledger.facts(until=1)), None)
    row: dict[str, object] = {name: _setting(said, name) for name in SETTINGS}
    row |= {
        "project_id": project_number(project.study.id),
        "project_title": project.study.file.title,
        "creation_time": created.recorded_at.replace("T", " ")[:19] if created else "",
        "production_time": "",
        "in_production": 0,
        "project_language": _languages().get(project.study.file.language, project.study.file.language),
        "is_longitudinal": int(project.longitudinal),
        "has_repeating_instruments_or_events": int(project.has_repeats),
    }
    return render_one({name: row[name] for name in _ORDER}, call.format)


def project_number(study: str) -> int:
    """A number for a study, the same for ever."""
    return 1 + zlib.crc32(study.encode()) % 999_999


def _languages() -> Mapping[str, str]:
    return {"en": "English", "de": "German", "fr": "French", "es": "Spanish", "ar": "Arabic"}


def _setting(said: Mapping[str, str], name: str) -> str | int:
    element, otherwise = SETTINGS[name]
    text = said.get(name, said.get(element, otherwise) if element else otherwise)
    return int(text) if name in _NUMBERS and text.isdigit() else text


def import_settings(session: Session, call: Call) -> Answer:
    """content=project_settings: those that are named change; the answer counts them."""
    session.rights.demand("api_import", "design")
    rows = parse_rows(call.text("data"), call.format)
    given = {name: flatten(value) for row in rows for name, value in row.items()}
    known = {name: text for name, text in given.items() if name in SETTINGS}
    if "is_longitudinal" in given or "project_title" in given:
        require_redcap_structure(session)
    document = session.project.document
    update: dict[str, object] = {"settings": {**document.settings, **known}}
    if "is_longitudinal" in given:
        update["longitudinal"] = given["is_longitudinal"] == "1"
    counted = len(known) + sum(name in given for name in ("is_longitudinal", "project_title"))
    title = given.get("project_title") or None
    session.redefine(Definition(document=document.model_copy(update=update), title=title))
    return render_count(counted, call.return_format)


def export_version(session: Session, call: Call) -> Answer:
    """content=version."""
    if not (session.rights.may("api_export") or session.rights.may("api_import")):
        raise ApiRefused("You do not have permissions to use the API", 403)
    return render_text(VERSION, call.parameters.get("format") or "csv")
