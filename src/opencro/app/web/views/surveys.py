"""Pages for participants without an account: a survey behind a sealed link, a queue, the door for a code."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from opencro.app.redcap.exchange import ApiRefused
from opencro.app.redcap.session import Session
from opencro.app.redcap.survey_page import find_by_code, queue, survey_page, survey_session, take_answers
from opencro.app.redcap.surveys import SurveyPlace, open_seal, seal
from opencro.app.redcap.values import SEPARATOR
from opencro.app.web.desk import site
from opencro.app.web.redcap_office import open_session, served_studies

_START = "f:"


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """What the address names: a survey (`?s=`), a queue (`?sq=`), or the door where a code is typed."""
    secret = site().secret.encode()
    sealed, queued = request.GET.get("s", ""), request.GET.get("sq", "")
    if not sealed and not queued:
        return _door(request, secret)
    place = open_seal(secret, sealed or queued)
    session = open_session(place.study) if place else None
    if place is None or session is None or bool(place.instrument) != bool(sealed):
        raise Http404
    session = survey_session(session, place.record)
    if queued:
        return render(request, "web/survey.html", {"links": queue(session, place.record), "title": place.record})
    try:
        return _survey(request, session, place)
    except ApiRefused:
        raise Http404 from None


def _survey(request: HttpRequest, session: Session, place: SurveyPlace) -> HttpResponse:
    code = request.POST.get("code", "")
    typed = {
        name.removeprefix(_START): SEPARATOR.join(text for text in map(str, values) if text)
        for name, values in request.POST.lists()
        if name.startswith(_START)
    }
    problems: list[str] = []
    if typed:
        problems = take_answers(session, place, typed, code=code, finish="later" not in request.POST)
        if not problems and "later" in request.POST:
            begun = survey_page(session, place)
            shown = {"page": begun, "title": begun.title, "kept": True}
            return render(request, "web/survey.html", shown)
    shown_page = survey_page(session, place, code, typed if problems else None)
    context = {"page": shown_page, "title": shown_page.title, "problems": problems, "code": code}
    return render(request, "web/survey.html", context, status=422 if problems else 200)


def _door(request: HttpRequest, secret: bytes) -> HttpResponse:
    """An access code opens its survey; a code that is nobody's says no more than that."""
    code = request.POST.get("access", "").strip().upper()
    for study in served_studies() if len(code) == 9 else ():
        session = open_session(study.id)
        place = find_by_code(session, code) if session else None
        if place is not None:
            return redirect(f"{request.path}?s={seal(secret, place)}")
    return render(
        request, "web/survey.html", {"door": True, "title": "openCRO", "wrong": bool(code)}, status=404 if code else 200
    )
