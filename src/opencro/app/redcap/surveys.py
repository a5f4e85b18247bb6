"""Links and codes by which a participant comes to a form without an account.

Source: REDCap's API, content=surveyLink, surveyQueueLink, surveyAccessCode, surveyReturnCode, participantList. A link
says which form it opens and is sealed with the server's secret: who has not got it cannot make one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass

from opencro.app.redcap.exchange import Answer, ApiRefused, Call
from opencro.app.redcap.lines import Lines, read_lines
from opencro.app.redcap.project import CLASSIC_EVENT
from opencro.app.redcap.rows import render_rows, render_text
from opencro.app.redcap.session import Session

_SIGNS = "ACDEFHJKLMNPRTWXY34679"
"""Signs that nobody mistakes for another."""
_COLUMNS = (
    *("email", "email_occurrence", "identifier", "record", "invitation_sent_status", "invitation_send_time"),
    *("response_status", "survey_access_code", "survey_link", "survey_queue_link"),
)


@dataclass(frozen=True, slots=True)
class SurveyPlace:
    """What a link opens: a form of a record, or ("" for instrument) the record's queue."""

    study: str
    record: str
    event: str
    instrument: str
    instance: int


def seal(secret: bytes, place: SurveyPlace) -> str:
    """The part of a link behind `?s=`."""
    parts = [place.study, place.record, place.event, place.instrument, place.instance]
    text = base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")
    return f"{text}.{_mac(secret, 'link', text)[:24]}"


def open_seal(secret: bytes, sealed: str) -> SurveyPlace | None:
    """What a link names, or None where its seal is not this server's."""
    text, _, mark = sealed.partition(".")
    if not hmac.compare_digest(mark, _mac(secret, "link", text)[:24]):
        return None
    return SurveyPlace(*json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))


def _mac(secret: bytes, purpose: str, text: str) -> str:
    return hmac.new(secret, f"{purpose}|{text}".encode(), hashlib.sha256).hexdigest()


def code_of(session: Session, place: SurveyPlace, purpose: str, length: int) -> str:
    """A code of a place, as long as asked, that only this server can make."""
    number = int(_mac(session.secret, purpose, seal(session.secret, place)), 16)
    signs = []
    for _ in range(length):
        number, at = divmod(number, len(_SIGNS))
        signs.append(_SIGNS[at])
    return "".join(signs)


def _link(session: Session, place: SurveyPlace) -> str:
    return f"{session.address}/surveys/?{'s' if place.instrument else 'sq'}={seal(session.secret, place)}"


def _place(session: Session, call: Call) -> SurveyPlace:
    """The form that the parameters name; refused where it is no survey or the record is not there."""
    session.rights.demand("api_export", "manage_survey_participants")
    if not session.secret:
        raise ApiRefused("This server has no secret to seal survey links with.", 501)
    project = session.project
    instrument, record = call.text("instrument"), call.text("record")
    event = call.text("event") if project.longitudinal else CLASSIC_EVENT
    if instrument not in project.instruments:
        raise ApiRefused(f"The instrument '{instrument}' does not exist.")
    if instrument not in project.document.surveys:
        raise ApiRefused(f"The instrument '{instrument}' has not been enabled as a survey.")
    if (event, instrument) not in project.mapped:
        raise ApiRefused("The event is missing, or the instrument does not belong to it.")
    if record:
        _lines(session, record)
    return SurveyPlace(project.study.id, record, event, instrument, call.number("repeat_instance") or 1)


def _lines(session: Session, record: str) -> Lines:
    lines = read_lines(session.project, session.ledger, [record], session.rights.sites)
    if record not in lines.sites:
        raise ApiRefused(f'The record "{record}" does not exist')
    return lines


def _of_record(session: Session, call: Call) -> SurveyPlace:
    if not call.text("record"):
        raise ApiRefused("The parameter 'record' is missing.")
    return _place(session, call)


def export_link(session: Session, call: Call) -> Answer:
    """content=surveyLink."""
    return render_text(_link(session, _of_record(session, call)))


def export_queue_link(session: Session, call: Call) -> Answer:
    """content=surveyQueueLink."""
    session.rights.demand("api_export", "manage_survey_participants")
    if not session.project.document.surveys:
        raise ApiRefused("The project has no surveys.")
    _lines(session, call.text("record"))
    return render_text(_link(session, SurveyPlace(session.study.id, call.text("record"), "", "", 1)))


def export_access_code(session: Session, call: Call) -> Answer:
    """content=surveyAccessCode: nine signs."""
    return render_text(code_of(session, _of_record(session, call), "access", 9))


def export_return_code(session: Session, call: Call) -> Answer:
    """content=surveyReturnCode: eight signs, where a survey may be left and come back to."""
    place = _of_record(session, call)
    if session.project.document.surveys[place.instrument].get("save_and_return") != "1":
        raise ApiRefused("The survey does not let participants save and return.")
    return render_text(code_of(session, place, "return", 8))


def export_participants(session: Session, call: Call) -> Answer:
    """content=participantList: every record of the event's arm with its link."""
    whole = _place(session, call)
    project = session.project
    lines = read_lines(project, session.ledger, None, session.rights.sites)
    arm = project.events[whole.event].arm
    mine = dict.fromkeys(line.record for line in lines.lines if project.events[line.event].arm == arm)
    email_field = project.document.settings.get("SurveyInvitationEmailField", "")
    rows = []
    for record in mine:
        place = SurveyPlace(whole.study, record, whole.event, whole.instrument, 1)
        held = lines.of(record)
        here = next((x for x in held if x.event == whole.event and whole.instrument in x.touched), None)
        status = here.values.get(f"{whole.instrument}_complete", "0") if here else ""
        emails = [x.values[email_field] for x in held if x.values.get(email_field)]
        rows.append(
            {
                "email": emails[0] if emails else "",
                "email_occurrence": 1,
                "identifier": "",
                "record": record,
                "invitation_sent_status": 0,
                "invitation_send_time": "",
                "response_status": {"": 0, "0": 1, "1": 1}.get(status, 2),
                "survey_access_code": code_of(session, place, "access", 9),
                "survey_link": _link(session, place),
                "survey_queue_link": _link(session, SurveyPlace(whole.study, record, "", "", 1)),
            }
        )
    return render_rows(rows, _COLUMNS, call.format, outer="participants")
