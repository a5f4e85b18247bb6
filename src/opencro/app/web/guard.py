"""What holds for every answer: headers that forbid foreign code, and the rules of a session.

Sources: OWASP ASVS 5.0 sections 3.4.3 (content security policy) and 7.3 (idle and absolute timeout).
"""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], HttpResponse]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'; "
    "worker-src 'self'"
)
IDLE_SECONDS = 30 * 60
_SEEN, _BEGUN = "seen_at", "begun_at"


def security_headers(get_response: Handler) -> Handler:
    """Middleware: no code but our own files, no page kept by a cache, no frame around us."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return handle


def session_rules(get_response: Handler) -> Handler:
    """Middleware: a session ends after a time without a request, and after half a day in any case."""

    def handle(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = time.time()
            begun = request.session.setdefault(_BEGUN, now)
            idle = now - request.session.get(_SEEN, now)
            if idle > IDLE_SECONDS or now - begun > settings.SESSION_COOKIE_AGE:
                logout(request)
            elif now - request.session.get(_SEEN, 0) > 30:
                request.session[_SEEN] = now
        return get_response(request)

    return handle
