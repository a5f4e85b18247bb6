"""Which call is answered by whom: one table of content and action, one place where refusals become REDCap's errors."""

from __future__ import annotations

from collections.abc import Callable

from opencro.app.redcap import (
    delete_records,
    export_project_xml,
    export_records,
    files,
    found,
    import_records,
    log,
    metadata,
    paper,
    project_info,
    record_names,
    reports,
    structure,
    surveys,
    users,
)
from opencro.app.redcap.exchange import Answer, ApiRefused, Call
from opencro.app.redcap.rows import render_error, render_text
from opencro.app.redcap.session import Office, Session
from opencro.kernel.finding import Refused, render_finding

Handler = Callable[[Session, Call], Answer]


def _next_name(session: Session, call: Call) -> Answer:
    session.rights.demand("api_export")
    return render_text(record_names.next_number(session), call.parameters.get("format") or "csv")


HANDLERS: dict[tuple[str, str], Handler] = {
    ("record", "export"): export_records.export_records,
    ("record", "import"): import_records.take_records,
    ("record", "delete"): delete_records.delete_records,
    ("record", "rename"): delete_records.rename_record,
    ("generateNextRecordName", "export"): _next_name,
    ("metadata", "export"): metadata.export_metadata,
    ("metadata", "import"): metadata.import_metadata,
    ("exportFieldNames", "export"): metadata.export_field_names,
    ("instrument", "export"): metadata.export_instruments,
    ("arm", "export"): structure.export_arms,
    ("arm", "import"): structure.import_arms,
    ("arm", "delete"): structure.delete_arms,
    ("event", "export"): structure.export_events,
    ("event", "import"): structure.import_events,
    ("event", "delete"): structure.delete_events,
    ("formEventMapping", "export"): structure.export_mapping,
    ("formEventMapping", "import"): structure.import_mapping,
    ("repeatingFormsEvents", "export"): structure.export_repeating,
    ("repeatingFormsEvents", "import"): structure.import_repeating,
    ("project", "export"): project_info.export_project,
    ("project_xml", "export"): export_project_xml.export_project_xml,
    ("project_settings", "import"): project_info.import_settings,
    ("version", "export"): project_info.export_version,
    ("user", "export"): users.export_users,
    ("user", "import"): users.import_users,
    ("user", "delete"): users.delete_users,
    ("userRole", "export"): users.export_roles,
    ("userRole", "import"): users.import_roles,
    ("userRole", "delete"): users.delete_roles,
    ("userRoleMapping", "export"): users.export_role_mapping,
    ("userRoleMapping", "import"): users.import_role_mapping,
    ("dag", "export"): users.export_groups,
    ("dag", "import"): users.import_groups,
    ("dag", "delete"): users.delete_groups,
    ("dag", "switch"): users.switch_group,
    ("userDagMapping", "export"): users.export_group_mapping,
    ("userDagMapping", "import"): users.import_group_mapping,
    ("file", "export"): files.export_file,
    ("file", "import"): files.import_file,
    ("file", "delete"): files.delete_file,
    ("fileRepository", "createFolder"): files.create_folder,
    ("fileRepository", "list"): files.list_repository,
    ("fileRepository", "export"): files.export_repository_file,
    ("fileRepository", "import"): files.import_repository_file,
    ("fileRepository", "delete"): files.delete_repository_file,
    ("log", "export"): log.export_log,
    ("report", "export"): reports.export_report,
    ("pdf", "export"): paper.export_pdf,
    ("surveyLink", "export"): surveys.export_link,
    ("surveyQueueLink", "export"): surveys.export_queue_link,
    ("surveyAccessCode", "export"): surveys.export_access_code,
    ("surveyReturnCode", "export"): surveys.export_return_code,
    ("participantList", "export"): surveys.export_participants,
}


def answer(call: Call, office: Office) -> Answer:
    """The answer to any call; every refusal has REDCap's shape."""
    try:
        return _answer(call, office)
    except ApiRefused as refused:
        return render_error(refused.message, refused.status, call.return_format)
    except Refused as refused:
        message = "\n".join(render_finding(finding) for finding in refused.findings)
        return render_error(message, 400, call.return_format)


def _answer(call: Call, office: Office) -> Answer:
    token, content = call.text("token"), call.text("content")
    session = office.session(token)
    if session is None:
        founder = office.founder(token)
        if founder is None:
            raise ApiRefused("You do not have permissions to use the API", 403)
        if content != "project" or not call.text("data"):
            raise ApiRefused("This token makes projects: content=project with data.", 403)
        return found.found_project(founder, call)
    action = call.text("action") or ("import" if call.text("data") else "export")
    if content not in {known for known, _ in HANDLERS}:
        raise ApiRefused('The value of the parameter "content" is not valid')
    handler = HANDLERS.get((content, action))
    if handler is None:
        raise ApiRefused(f'The value of the parameter "action" is not valid for "{content}"')
    return handler(session, call)
