"""The periodic review of all accounts, and who had access on a day; that it was done is a fact.

Sources: 21 CFR 11.300(b) (passwords and names are reviewed periodically); ICH E6(R3) section 4.2.2(a)(i).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from opencro.app.web.access import page
from opencro.app.web.desk import Desk
from opencro.app.web.models import AccountRow, MembershipRow
from opencro.capture import access_on, roles
from opencro.ledger import AccountsReviewed, Act


@page("people/review", needs="people", name="review_accounts", methods=("GET", "POST"))
def review(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Show every account that ever had a role, or put on record that they were reviewed."""
    lines = _lines(desk)
    if request.method == "POST":
        note = request.POST.get("note", "").strip()
        act = Act(AccountsReviewed(len(lines), desk.ledger.position, note))
        desk.act(act, desk.actor_for("people"))
        messages.success(request, _("The review is on record."))
        return redirect("review_accounts", study=desk.study.id)
    past = list(desk.ledger.facts(kind=AccountsReviewed.NAME))
    context: dict[str, Any] = {"desk": desk, "study": desk.study, "tab": "people", "lines": lines}
    context |= {"last": past[-1] if past else None, **_access(desk, request.GET.get("on", "").strip())}
    return render(request, "web/accounts_review.html", context)


def _lines(desk: Desk) -> list[dict[str, Any]]:
    held: dict[str, list[str]] = {}
    for row in MembershipRow.objects.filter(study=desk.study.id).order_by("site"):
        title = roles()[row.role].title if row.role in roles() else row.role
        held.setdefault(row.user, []).append(f"{title} ({row.site})" if row.site else title)
    rows = list(AccountRow.objects.filter(study=desk.study.id).order_by("user"))
    people = {user.username: user for user in User.objects.filter(username__in=[row.user for row in rows])}
    factors = set(Authenticator.objects.values_list("user__username", flat=True))
    return [
        {"row": row, "person": people.get(row.user), "roles": held.get(row.user, []), "second": row.user in factors}
        for row in rows
    ]


def _access(desk: Desk, day: str) -> dict[str, Any]:
    """Who could see what on a day."""
    if not day:
        return {"on": "", "access": []}
    try:
        asked = date.fromisoformat(day)
    except ValueError:
        return {"on": "", "access": [], "problem": _("Give the date as YYYY-MM-DD, such as 2026-01-31.")}
    return {"on": day, "access": access_on(desk.ledger, asked).to_dicts()}
