"""What holds for every answer: headers that forbid foreign code, and the rules of a session.

Sources: OWASP ASVS 5.0 sections 3.4.3 (content security policy) and 7.3 (idle and absolute timeout).
"""

from __future__ import annotations

import time
from collections.abc import Callable

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from opencro.app.web.people import MUST_CHANGE

Handler = Callable[[HttpRequest], HttpResponse]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'; "
    "worker-src 'self'"
)
IDLE_SECONDS = 30 * 60
_SEEN, _BEGUN = "seen_at", "begun_at"
_OPEN_TO_ALL = ("/account/", "/static/", "/language", "/healthz")


def security_headers(get_response: Handler) -> Handler:
    """Middleware: no code but our own files, no page kept by a cache, no frame around us."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        trusted = " ".join(("form-action 'self'", *(one.origin for one in settings.SIGN_ON)))  # type: ignore[misc]
        response.headers.setdefault("Content-Security-Policy", POLICY.replace("form-action 'self'", trusted))
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return handle


def session_rules(get_response: Handler) -> Handler:
    """Middleware: a session ends after a time without a request, and after half a day in any case.

    It gets a new token when the person proves again who she is, and opens nothing while her password is not her own.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        if "\0" in request.path or any("\0" in text for text in request.GET.values()):
            raise SuspiciousOperation("a null character, which PostgreSQL stores nowhere")
        if request.user.is_authenticated:
            now = time.time()
            begun = request.session.setdefault(_BEGUN, now)
            idle = now - request.session.get(_SEEN, now)
            if idle > IDLE_SECONDS or now - begun > settings.SESSION_COOKIE_AGE:
                logout(request)
            elif now - request.session.get(_SEEN, 0) > 30:
                request.session[_SEEN] = now
            if request.session.get(MUST_CHANGE) and not request.path.startswith(_OPEN_TO_ALL):
                messages.info(request, _("Choose a password of your own first."))
                return redirect("account_change_password")
        proven = _proofs(request)
        response = get_response(request)
        if request.user.is_authenticated:
            _renew_when_proven_again(request, proven)
        return response

    return handle


def _proofs(request: HttpRequest) -> list[float]:
    """When the person proved who she is in this session."""
    return [proof["at"] for proof in request.session.get(AUTHENTICATION_METHODS_SESSION_KEY, ())]


def _renew_when_proven_again(request: HttpRequest, proven: list[float]) -> None:
    """A new token for a session in which the person was asked again (ASVS 7.2.4); a login has its own already."""
    if proven and _proofs(request) != proven:
        before = request.session.session_key
        request.session.cycle_key()
        UserSession.objects.filter(session_key=before).update(session_key=request.session.session_key)
