"""Every page of the application is declared here with what it needs, so that one test can walk all of them.

A view gets the request and a `Desk`. Pages of `scope="participant"` get the participant too, and ask for the permission
at the participant's site. A foreign site is answered as if it did not exist (404), a missing permission with 403.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import URLPattern, path

from opencro.app.web.desk import Desk, NotAllowed, find_study, ledger_of, memberships_of
from opencro.app.web.models import Participant

Scope = Literal["study", "participant"]
View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Route:
    """A page: where, under which name, what it needs (one of these permissions), of what scope, by which methods."""

    pattern: str
    name: str
    needs: tuple[str, ...]
    scope: Scope
    methods: tuple[str, ...]
    view: View


ROUTES: list[Route] = []


def page(
    pattern: str,
    *,
    needs: str | tuple[str, ...],
    name: str,
    scope: Scope = "study",
    methods: tuple[str, ...] = ("GET",),
) -> Callable[[View], View]:
    """Declare a view at `<study>/<pattern>`; the first of `needs` that the person has lets it in."""
    wanted = (needs,) if isinstance(needs, str) else needs

    def declare(view: View) -> View:
        guarded = _guard(view, wanted, scope, methods)
        ROUTES.append(Route(pattern, name, wanted, scope, methods, guarded))
        return guarded

    return declare


def study_urls() -> list[URLPattern]:
    """The declared pages as Django's patterns."""
    return [path(f"<str:study>/{route.pattern}", route.view, name=route.name) for route in ROUTES]


def desk_for(request: HttpRequest, name: str) -> Desk:
    """The desk of the logged-in person in a study; 404 for a study that is not there or not hers."""
    study = find_study(name)
    if study is None:
        raise Http404
    desk = Desk(study, ledger_of(study), request.user.get_username(), (), request_id=secrets.token_hex(8))
    desk.position  # noqa: B018  the tables are brought up to the ledger before roles are read
    memberships = memberships_of(study.id, desk.user)
    if not memberships:
        raise Http404
    return Desk(study, desk.ledger, desk.user, memberships, request_id=desk.request_id)


def _guard(view: View, needs: tuple[str, ...], scope: Scope, methods: tuple[str, ...]) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, study: str, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return _ask_to_log_in(request)
        if request.method not in (*methods, "HEAD"):
            return HttpResponseNotAllowed(methods)
        desk = desk_for(request, study)
        if scope == "participant":
            kwargs["participant"] = _participant(desk, kwargs["participant"])
        here = kwargs["participant"].site if scope == "participant" else None
        if not any(desk.may(permission, here) for permission in needs):
            return refuse_page(request)
        try:
            return view(request, desk, **kwargs)
        except NotAllowed:
            return refuse_page(request)

    return guarded


def _participant(desk: Desk, name: str) -> Participant:
    """A participant whom the person may see at all; everybody else is not there."""
    found = Participant.objects.filter(study=desk.study.id, participant=name).first()
    if found is None or not desk.may("view", found.site):
        raise Http404
    return found


def _ask_to_log_in(request: HttpRequest) -> HttpResponse:
    """A page sends to the login; a request from within a page says so, and what was typed stays where it is."""
    if request.headers.get("HX-Request") or request.headers.get("X-Requested-With"):
        return HttpResponse("Your session has ended. Log in again; what you typed is kept.", status=401)
    return redirect_to_login(request.get_full_path())


def refuse_page(request: HttpRequest) -> HttpResponse:
    """403 in words."""
    return HttpResponseForbidden(render(request, "web/refused.html").content)
