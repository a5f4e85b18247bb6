"""The file that is the value of an item: always as an attachment, never shown inside our pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse

from opencro.app.web.access import page
from opencro.app.web.desk import Desk
from opencro.app.web.models import Participant
from opencro.app.web.sight import sight_of
from opencro.app.web.views.form import HERE, find_place
from opencro.capture.uploads import file_digest, file_name, read_upload, sniff_type


@page(HERE + "file", needs="view", name="file", scope="participant")
def file(request: HttpRequest, desk: Desk, participant: Participant, **where: Any) -> HttpResponse:
    """The bytes of a file item as it stands."""
    form, place = find_place(desk, participant, **where)
    group, repeat, item = (request.GET.get(name, "") for name in ("group", "repeat", "item"))
    if not repeat.isdecimal() or not sight_of(desk, place.site).reads(form.id, item):
        raise Http404
    key = place._replace(group=group, group_repeat=int(repeat))
    files = {i.id for g in form.groups if g.id == group for i in g.items if i.type == "file"}
    standing = next((r for r in desk.ledger.standing(place.participant, form.id) if r.key == key), None)
    stored = standing.values.get(item, "") if standing and item in files else ""
    content = read_upload(desk.study.root, file_digest(stored)) if stored else None
    if content is None:
        raise Http404
    answer = HttpResponse(content, content_type=sniff_type(content) or "application/octet-stream")
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file_name(stored))}"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer
