"""The API: every call shows a key (`opencro token`), sees what its owner sees, and is written under the owner's role.

Nothing is signed, locked or unblinded by a key (requirement 15).
"""

from __future__ import annotations

import secrets
from datetime import date
from itertools import islice
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from ninja import NinjaAPI, Path, Query
from ninja.errors import HttpError, ValidationError
from ninja.security import HttpBearer

from opencro.app.web.desk import Desk, NotAllowed, find_study, ledger_of, memberships_of
from opencro.app.web.models import FormRow, Participant, QueryRow, Token
from opencro.app.web.rest import schemas as s
from opencro.app.web.saving import Outcome, Posted, save, why_closed
from opencro.app.web.sight import Sight, count_seen, mask_queries, seen_queries, sight_of
from opencro.app.web.tokens import find_token
from opencro.app.web.views.audit import readable
from opencro.app.web.views.form import find_place
from opencro.app.web.views.participants import at_my_sites, enrol_next
from opencro.app.web.views.work import take_query_step
from opencro.capture import TypedRecord
from opencro.kernel.finding import Finding, Findings, Place, Refused
from opencro.ledger import Fact, Source

MOST = 500


class Key(HttpBearer):
    """`Authorization: Bearer KEY`."""

    def authenticate(self, request: HttpRequest, token: str) -> Token | None:  # noqa: ARG002  ninja's signature
        """The key, where it opens a study."""
        found = find_token(token)
        return found if found is not None and found.study else None


api = NinjaAPI(
    title="openCRO",
    version="1",
    description="A study's data for programs. Make a key with `opencro token`.",
    auth=Key(),
    urls_namespace="rest",
    docs_url=None,
)
Limit = Annotated[int, Query(ge=1, le=MOST)]
Offset = Annotated[int, Query(ge=0, le=10**12)]
Repeat = Annotated[int, Path(ge=0, le=9_999)]
Answers = dict[int, Any]
REFUSALS: Answers = dict.fromkeys((400, 401, 403, 404, 422), s.Problem)


class _Problem(Exception):
    def __init__(self, status: int, detail: str, findings: Findings | None = None, theirs: Any = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.findings, self.theirs = status, detail, findings or Findings(), theirs or {}


def _render(problem: _Problem) -> dict[str, Any]:
    found = [
        {"code": f.code, "path": f.place.path, "got": f.got, "expected": f.expected, "remedy": f.remedy}
        for f in problem.findings
    ]
    return {"detail": problem.detail, "findings": found, "theirs": dict(problem.theirs)}


@api.exception_handler(_Problem)
def _on_problem(request: HttpRequest, problem: _Problem) -> Any:
    return api.create_response(request, _render(problem), status=problem.status)


@api.exception_handler(NotAllowed)
def _on_not_allowed(request: HttpRequest, problem: NotAllowed) -> Any:
    said = _Problem(403, f'Neither your role nor your key permits "{problem}" here.')
    return api.create_response(request, _render(said), status=403)


@api.exception_handler(Refused)
def _on_refused(request: HttpRequest, refused: Refused) -> Any:
    return api.create_response(request, _render(_Problem(422, "Refused.", refused.findings)), status=422)


@api.exception_handler(ValidationError)
def _on_invalid(request: HttpRequest, wrong: ValidationError) -> Any:
    remedy = "Compare with /api/v1/openapi.json."
    found = [
        Finding("WEB-009", Place(path=".".join(map(str, e["loc"]))), str(e.get("type", "")), str(e["msg"]), remedy)
        for e in wrong.errors
    ]
    said = _Problem(422, "The call is not as described.", Findings(tuple(found)))
    return api.create_response(request, _render(said), status=422)


@api.exception_handler(HttpError)
def _on_http(request: HttpRequest, wrong: HttpError) -> Any:
    return api.create_response(request, _render(_Problem(wrong.status_code, str(wrong))), status=wrong.status_code)


@api.exception_handler(Http404)
def _on_missing(request: HttpRequest, _: Http404) -> Any:
    return api.create_response(request, _render(_Problem(404, "There is nothing here for you.")), status=404)


def _desk(request: HttpRequest, study: str) -> Desk:
    key: Token = request.auth  # type: ignore[attr-defined]
    found = find_study(study) if key.study == study else None
    if found is None:
        raise Http404
    desk = Desk(found, ledger_of(found), key.user.get_username(), (), source=Source.API)
    desk.position  # noqa: B018  the tables are brought up to the ledger before roles are read
    held = memberships_of(found.id, desk.user)
    scopes = frozenset(key.scopes)
    return Desk(found, desk.ledger, desk.user, held, secrets.token_hex(8), source=Source.API, scopes=scopes)


def _person(desk: Desk, name: str) -> Participant:
    found = Participant.objects.filter(study=desk.study.id, participant=name).first()
    if found is None or not desk.may("view", found.site):
        raise Http404
    return found


def _need(desk: Desk, permission: str, site: str | None = None) -> None:
    desk.actor_for(permission, site)


@api.get("/{study}/definition", response={200: s.DefinitionOut, **REFUSALS})
def definition(request: HttpRequest, study: str) -> Any:
    """Forms, code lists and visits."""
    desk = _desk(request, study)
    _need(desk, "view")
    whole = desk.study
    return {
        "study": whole.id,
        "version": whole.file.version,
        "forms": [form.model_dump(mode="json") for form in whole.forms.values()],
        "codelists": [codes.model_dump(mode="json") for codes in whole.codelists.values()],
        "visits": [visit.model_dump(mode="json") for visit in whole.protocol.schedule.visits],
    }


@api.get("/{study}/participants", response={200: list[s.ParticipantOut], **REFUSALS})
def participants(
    request: HttpRequest,
    study: str,
    site: str = "",
    limit: Limit = MOST,
    offset: Offset = 0,
) -> Any:
    """Participants of the owner's sites."""
    desk = _desk(request, study)
    _need(desk, "view")
    rows = at_my_sites(desk, Participant.objects.order_by("site", "participant"))
    return list((rows.filter(site=site) if site else rows)[offset : offset + limit])


@api.post("/{study}/participants", response={201: s.ParticipantOut, **REFUSALS})
def enrol(request: HttpRequest, study: str, body: s.EnrolIn) -> Any:
    """Enrol a participant under the site's next number."""
    desk = _desk(request, study)
    _need(desk, "enrol", body.site)
    try:
        date.fromisoformat(body.enrolled_on)
    except ValueError:
        raise _Problem(422, f'"{body.enrolled_on}" is no date.') from None
    return 201, Participant.objects.get(study=study, participant=enrol_next(desk, body.site, body.enrolled_on))


@api.get("/{study}/participants/{participant}/forms", response={200: list[s.FormOut], **REFUSALS})
def forms(request: HttpRequest, study: str, participant: str) -> Any:
    """How far the forms of a participant have come."""
    desk = _desk(request, study)
    person = _person(desk, participant)
    rows = FormRow.objects.filter(study=study, participant=person.participant).order_by("event", "form", "form_repeat")
    return [{**vars(row), "signature_holds": row.state == "signed"} for row in count_seen(desk, rows)]


@api.get("/{study}/participants/{participant}/records", response={200: list[s.RecordOut], **REFUSALS})
def records(request: HttpRequest, study: str, participant: str, form: str = "") -> Any:
    """Records as they stand, without what is not for the owner of the key."""
    desk = _desk(request, study)
    person = _person(desk, participant)
    sight = sight_of(desk, person.site)
    return [
        {**r.key._asdict(), "values": _shown(sight, r.key.form, r.values), "fact": r.last_fact}
        for r in desk.ledger.standing(person.participant, form or None)
    ]


def _shown(sight: Sight, form: str, values: Any) -> dict[str, str]:
    return {item: text for item, text in values.items() if sight.reads(form, item)}


@api.put(
    "/{study}/participants/{participant}/forms/{event}/{event_repeat}/{form}/{form_repeat}",
    response={200: s.SavedOut, 409: s.Problem, **REFUSALS},
)
def save_form(
    request: HttpRequest,
    study: str,
    participant: str,
    event: str,
    event_repeat: Repeat,
    form: str,
    form_repeat: Repeat,
    body: s.SaveIn,
) -> Any:
    """Save a form as a page would: judged, merged, with its queries; `event` is `-` for a form of no visit."""
    desk = _desk(request, study)
    person = _person(desk, participant)
    definition, place = find_place(desk, person, event, event_repeat, form, form_repeat)
    _need(desk, "enter", person.site)
    closed = why_closed(desk, definition, place)
    if closed is not None:
        raise _Problem(409, "The form takes no values.", Findings((closed,)))
    typed = tuple(TypedRecord(r.group, r.repeat, r.values, r.seen_fact, r.removed) for r in body.records)
    values = {f"{r.group}[{r.repeat}].{item}": text for r in body.records for item, text in r.values.items()}
    outcome = save(desk, definition, place, Posted(values, typed, body.reason.strip(), body.complete))
    if not outcome.saved:
        raise _unsaved(outcome)
    return {"position": desk.ledger.position, "queries": outcome.queries}


def _unsaved(outcome: Outcome) -> _Problem:
    if outcome.theirs:
        return _Problem(409, "Somebody else saved the form meanwhile.", theirs=outcome.theirs)
    if outcome.needs_reason:
        return _Problem(422, "A saved value changes: give the reason.")
    return _Problem(422, "Nothing was saved.", outcome.findings)


@api.get("/{study}/queries", response={200: list[s.QueryOut], **REFUSALS})
def queries(
    request: HttpRequest,
    study: str,
    state: str = "",
    limit: Limit = MOST,
    offset: Offset = 0,
) -> Any:
    """Queries of the owner's sites, newest change first."""
    desk = _desk(request, study)
    _need(desk, "view")
    rows = seen_queries(desk, at_my_sites(desk, QueryRow.objects.order_by("-changed_at", "name")))
    return mask_queries(desk, (rows.filter(state=state) if state else rows)[offset : offset + limit])


@api.post("/{study}/queries/{name}", response={200: s.QueryOut, 409: s.Problem, **REFUSALS})
def query_step(request: HttpRequest, study: str, name: str, body: s.QueryStepIn) -> Any:
    """Answer, close, reopen or cancel a query."""
    desk = _desk(request, study)
    _need(desk, "view")
    row = seen_queries(desk, at_my_sites(desk, QueryRow.objects.filter(name=name))).first()
    if row is None:
        raise Http404
    problem = take_query_step(desk, row, body.step, body.text.strip())
    if problem:
        raise _Problem(409, problem)
    row.refresh_from_db()
    return mask_queries(desk, [row])[0]


@api.get("/{study}/participants/{participant}/audit", response={200: list[s.FactOut], **REFUSALS})
def audit(
    request: HttpRequest,
    study: str,
    participant: str,
    after: Offset = 0,
    limit: Limit = MOST,
) -> Any:
    """The audit trail of a participant, oldest first; `after` is the last fact that is known."""
    desk = _desk(request, study)
    person = _person(desk, participant)
    _need(desk, "audit", person.site)
    facts = readable(desk, desk.ledger.facts(participant=person.participant, after=after))
    return [_fact(fact) for fact in islice(facts, limit)]


def _fact(fact: Fact) -> dict[str, Any]:
    names = ("seq", "kind", "actor", "role", "reason", "source", "recorded_at", "payload")
    return {**fact.key._asdict(), **{name: getattr(fact, name) for name in names}}
