"""What every page knows: the person's studies, where in the navigation it stands, which languages there are."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from opencro.app.web.demo import PASSWORD, PEOPLE
from opencro.app.web.desk import site
from opencro.app.web.people import studies_of


def site_context(request: HttpRequest) -> dict[str, Any]:
    """For the frame around all pages."""
    user = getattr(request, "user", None)
    name = user.get_username() if user is not None and user.is_authenticated else ""
    context: dict[str, Any] = {"site_demo": site().demo, "my_studies": studies_of(name) if name else []}
    if not name:
        ways = [(one.name, reverse("openid_connect_login", kwargs={"provider_id": one.id})) for one in settings.SIGN_ON]  # type: ignore[misc]
        context["single_sign_on"] = [{"name": title, "url": url} for title, url in ways]
    if site().demo and not name:
        context |= {"demo_people": PEOPLE, "demo_password": PASSWORD}
    return context
