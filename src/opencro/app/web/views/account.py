"""A person's own account: where she is logged in, and how to end it there."""

from __future__ import annotations

import re

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

_DEVICES = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = ("iPhone", "iPad", "Android", "Windows", "Macintosh", "Linux")


@require_safe
@login_required
def sessions(request: HttpRequest) -> HttpResponse:
    """Every session of the person, this one first."""
    found = UserSession.objects.purge_and_list(request.user)
    here = request.session.session_key
    lines = [
        {
            "number": one.pk,
            "device": name_device(one.user_agent),
            "address": one.ip,
            "begun": one.created_at,
            "current": one.session_key == here,
        }
        for one in found
    ]
    lines.sort(key=lambda line: (not line["current"], -line["begun"].timestamp()))
    return render(request, "web/sessions.html", {"sessions": lines})


@require_POST
@login_required
def end_session(request: HttpRequest) -> HttpResponse:
    """End one of the person's other sessions, or all of them."""
    asked = request.POST.get("session", "")
    others = UserSession.objects.filter(user=request.user).exclude(session_key=request.session.session_key)
    if asked != "others":
        others = others.filter(pk=int(asked)) if asked.isdecimal() else others.none()
    count = 0
    for one in others:
        one.end()
        count += 1
    if count:
        messages.success(request, _("Ended."))
    else:
        messages.error(request, _("There is no such session."))
    return redirect("sessions")


def name_device(agent: str) -> str:
    """`Chrome, Windows` from what a browser says of itself; "" stands for one that says nothing known."""
    browser = next((name for sign, name in _DEVICES if sign in agent), "")
    system = next((name for name in _SYSTEMS if re.search(name, agent)), "")
    return ", ".join(part for part in (browser, system) if part) or _("unknown device")
