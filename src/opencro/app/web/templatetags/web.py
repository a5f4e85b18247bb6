"""What templates need and Django does not bring: addresses of forms, words for states."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from opencro.study import Study, translate

register = template.Library()

STATE_WORDS = {
    "planned": _("not started"),
    "empty": _("empty"),
    "started": _("started"),
    "complete": _("complete"),
    "verified": _("verified"),
    "signed": _("signed"),
    "locked": _("locked"),
    "open": _("open"),
    "answered": _("answered"),
    "closed": _("closed"),
    "cancelled": _("cancelled"),
}


@register.filter
def state_word(state: str) -> object:
    """A state in the reader's language."""
    return STATE_WORDS.get(state, state)


@register.simple_tag
def form_url(study: str, row: Any, name: str = "form") -> str:
    """The address of the page of a form row or query row."""
    where = {"event": row.event or "-", "event_repeat": row.event_repeat}
    more = {"form": row.form, "form_repeat": row.form_repeat, "participant": row.participant}
    return reverse(name, kwargs={"study": study, **where, **more})


@register.simple_tag
def words(study: Study, kind: str, name: str, default: str) -> str:
    """A text of the study in the reader's language: `form`, `visit` or `group` by name."""
    return translate(study, get_language() or "en", f"{kind}.{name}", default)


@register.filter
def local_time(text: str) -> str:
    """`2026-01-31T12:00:00.123Z` as people read it, in any direction of writing; the zone is always said."""
    return format_html("<bdi>{}</bdi>", f"{text[:10]} {text[11:19]} UTC" if len(text) >= 19 else text)
