"""People: who has which role where; accounts are made here, and roles given and taken."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from opencro.app.web.access import page
from opencro.app.web.catch_up import catch_up
from opencro.app.web.desk import Desk
from opencro.app.web.models import FirstPassword, MembershipRow
from opencro.app.web.people import give_role, is_taken
from opencro.capture import roles
from opencro.kernel.finding import Refused


@page("people/", needs="people", name="people")
def people(request: HttpRequest, desk: Desk) -> HttpResponse:
    """All roles of the study."""
    rows = MembershipRow.objects.filter(study=desk.study.id).order_by("user", "site")
    names = {u.username: u for u in User.objects.filter(username__in=[r.user for r in rows])}
    lines = [(row, roles()[row.role].title if row.role in roles() else row.role, names.get(row.user)) for row in rows]
    context = {"desk": desk, "study": desk.study, "lines": lines, "roles": roles().values(), "tab": "people"}
    return render(request, "web/people.html", context)


@page("people/role", needs="people", name="give_role", methods=("POST",))
def change_role(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Give a role or take it; nobody changes her own."""
    user, role, at = (request.POST.get(n, "").strip() for n in ("user", "role", "site"))
    problem = _problem(desk, user, role, at)
    if not problem:
        try:
            give_role(desk.study, user, role, at=at, by=desk.actor_for("people"))
            catch_up(desk.ledger)
        except Refused as refused:
            problem = str(refused)
    if problem:
        messages.error(request, problem)
    else:
        messages.success(request, _("The role is changed."))
    return redirect("people", study=desk.study.id)


def _problem(desk: Desk, user: str, role: str, at: str) -> str:
    if user == desk.user:
        return _("Somebody else changes your own role.")
    if not User.objects.filter(username=user).exists():
        return _("There is no account %(user)s. Make it first.") % {"user": user}
    if not role:
        return ""
    if role not in roles():
        return _("There is no such role.")
    if roles()[role].at == "site" and not at:
        return _("This role is held at a site: name the site.")
    return _("This role holds for the whole study: leave the site empty.") if roles()[role].at == "study" and at else ""


@page("people/account", needs="people", name="make_account", methods=("POST",))
def make_account(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Make an account with a first password; a name that was ever used is never given again."""
    name, password = request.POST.get("username", "").strip(), request.POST.get("password", "")
    user = User(
        username=name,
        first_name=request.POST.get("first_name", ""),
        last_name=request.POST.get("last_name", ""),
        email=request.POST.get("email", "").strip(),
    )
    try:
        if is_taken(name):
            raise ValidationError(
                _("The name %(name)s was given before; a name is never given again.") % {"name": name}
            )
        user.full_clean(exclude=["password"])
        validate_password(password, user)
    except ValidationError as refused:
        for message in refused.messages:
            messages.error(request, message)
        return redirect("people", study=desk.study.id)
    user.set_password(password)
    user.save()
    FirstPassword.objects.create(user=user)
    messages.success(request, _("Account %(name)s is made.") % {"name": name})
    return redirect("people", study=desk.study.id)


@page("people/active", needs="people", name="set_active", methods=("POST",))
def set_active(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Close an account, or open it again; its sessions end at once, what it signed stays signed."""
    user = User.objects.filter(username=request.POST.get("user", "")).first()
    if user is None or user.get_username() == desk.user:
        messages.error(request, _("Choose somebody else's account."))
    else:
        user.is_active = not user.is_active
        user.save(update_fields=["is_active"])
        messages.success(request, _("Account opened.") if user.is_active else _("Account closed."))
    return redirect("people", study=desk.study.id)
