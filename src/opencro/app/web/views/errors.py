"""When something goes wrong: words for the person, nothing of the inside."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """400."""
    return render(request, "web/error.html", {"code": 400}, status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """403."""
    return render(request, "web/refused.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """404."""
    return render(request, "web/error.html", {"code": 404}, status=404)


def failed(request: HttpRequest) -> HttpResponse:
    """500; the log has the trace."""
    return render(request, "web/error.html", {"code": 500}, status=500)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  Django's signature
    """The page is older than the session: 403, and how to go on."""
    return render(request, "web/error.html", {"code": "csrf"}, status=403)
