"""Outside any study: where to start, whether the server lives, in which language it speaks."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST, require_safe

from opencro.app.web.people import studies_of


@require_safe
@login_required
def start(request: HttpRequest) -> HttpResponse:
    """The person's only study, or the list of them."""
    studies = studies_of(request.user.get_username())
    if len(studies) == 1:
        return redirect("home", study=studies[0].id)
    return render(request, "web/studies.html", {"studies": studies})


@require_safe
def health(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  Django's signature
    """For whoever watches the server."""
    return JsonResponse({"ok": True})


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Remember the language that was chosen."""
    response = HttpResponseRedirect(_safe(request, request.POST.get("next", "/")))
    language = request.POST.get("language", "")
    if check_for_language(language):
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=31_536_000, samesite="Lax")
    return response


def _safe(request: HttpRequest, url: str) -> str:
    return url if url_has_allowed_host_and_scheme(url, {request.get_host()}) else "/"
