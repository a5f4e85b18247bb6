"""The listing of queries, and steps taken with many at once."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from opencro.app.web.access import page
from opencro.app.web.desk import Desk
from opencro.app.web.models import QueryRow
from opencro.app.web.sight import mask_queries, readable_queries, seen_queries
from opencro.app.web.views.form import NO_VISIT
from opencro.app.web.views.participants import at_my_sites
from opencro.app.web.views.work import take_query_step

PER_PAGE = 50
FILTERS = ("state", "site", "form", "rule", "q")


@page("queries/", needs="view", name="queries")
def queries(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Queries of one's sites, fifty at a time."""
    asked = {name: request.GET.get(name, "").strip() for name in FILTERS}
    rows = seen_queries(desk, at_my_sites(desk, QueryRow.objects.order_by("-changed_at", "name")))
    choices = {
        n: sorted(set(rows.order_by().values_list(n, flat=True).distinct()) - {""}) for n in ("site", "form", "rule")
    }
    rows = rows.filter(state=asked["state"]) if asked["state"] else rows.filter(state__in=("open", "answered"))
    for name in ("site", "form", "rule"):
        rows = rows.filter(**{name: asked[name]}) if asked[name] else rows
    if asked["q"]:
        said = readable_queries(desk, rows.filter(text__icontains=asked["q"]))
        rows = rows.filter(Q(participant__icontains=asked["q"]) | Q(pk__in=said.order_by().values("pk")))
    shown = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    shown.object_list = mask_queries(desk, shown.object_list)
    may = {p: desk.may(p) for p in ("answer", "close", "ask")}
    context = {"desk": desk, "study": desk.study, "page": shown, "choices": choices, "may": may, "tab": "queries"}
    return render(request, "web/queries.html", {**context, "no_visit": NO_VISIT, **asked})


@page("queries/bulk", needs=("close", "ask"), name="queries_bulk", methods=("POST",))
def bulk(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Close or cancel the queries that were ticked; each that cannot be is named."""
    step, text = request.POST.get("step", ""), request.POST.get("text", "").strip()
    rows = seen_queries(desk, at_my_sites(desk, QueryRow.objects.filter(name__in=request.POST.getlist("query"))))
    problems = [problem for row in rows if (problem := take_query_step(desk, row, step, text))]
    done = len(rows) - len(problems)
    if done:
        messages.success(request, _("%(count)d done.") % {"count": done})
    for problem in problems[:5]:
        messages.error(request, problem)
    return redirect("queries", study=desk.study.id)
