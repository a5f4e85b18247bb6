"""Every page of the application is declared here with what it needs, so that one test can walk all of them.

A view gets the request and a `Desk`. Pages of `scope="participant"` get the participant too, and ask for the permission
at the participant's site. A foreign site is answered as if it did not exist (404), a missing permission with 403.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Literal

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import URLPattern, path

from opencro.app.web.desk import Desk, NotAllowed, find_study, ledger_of, memberships_of
from opencro.app.web.models import Participant
from opencro.kernel.finding import Refused

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
    posting: tuple[str, ...] = ()
    """What a request that writes needs, where fewer people may write than read."""

    def needs_for(self, method: str) -> tuple[str, ...]:
        """One of these permissions lets a request of this method in."""
        return self.posting if self.posting and method not in ("GET", "HEAD") else self.needs


ROUTES: list[Route] = []


def page(
    pattern: str,
    *,
    needs: str | tuple[str, ...],
    name: str,
    scope: Scope = "study",
    methods: tuple[str, ...] = ("GET",),
    posting: str | tuple[str, ...] = (),
) -> Callable[[View], View]:
    """Declare a view at `<study>/<pattern>`; the first of `needs` (`posting`, where it writes) lets a person in."""
    wanted = (needs,) if isinstance(needs, str) else needs
    writing = (posting,) if isinstance(posting, str) else posting

    def declare(view: View) -> View:
        route = Route(pattern, name, wanted, scope, methods, view, writing)
        guarded = _guard(route)
        ROUTES.append(replace(route, view=guarded))
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


def _guard(route: Route) -> View:
    @wraps(route.view)
    def guarded(request: HttpRequest, study: str, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return _ask_to_log_in(request)
        if request.method not in (*route.methods, "HEAD"):
            return HttpResponseNotAllowed(route.methods)
        desk = desk_for(request, study)
        if route.scope == "participant":
            kwargs["participant"] = _participant(desk, kwargs["participant"])
        here = kwargs["participant"].site if route.scope == "participant" else None
        if not any(desk.may(permission, here) for permission in route.needs_for(request.method)):
            return refuse_page(request, desk)
        try:
            return route.view(request, desk, **kwargs)
        except NotAllowed:
            return refuse_page(request, desk)
        except Refused as refused:
            return render(request, "web/findings.html", {"findings": refused.findings}, status=409)

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


def refuse_page(request: HttpRequest, desk: Desk | None = None) -> HttpResponse:
    """403 in words, with what the person lacks for what her role would permit."""
    return HttpResponseForbidden(render(request, "web/refused.html", {"missing": desk.missing if desk else []}).content)
