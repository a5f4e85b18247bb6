"""Every page that is declared, asked for by every role, at its own site and at a foreign one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from opencro.capture import Role, roles
from tests.app.web.two_sites import BODIES, FOREIGN, OWN, STUDY, TwoSites, plain, work_at

if TYPE_CHECKING:
    from opencro.app.web.access import Route

ROLES = sorted(roles())
LIMITED = [name for name in ROLES if roles()[name].at != "study"]
"""Roles that are held at one site."""
NO_FILE = ("file",)
"""Pages that give back what nobody has put there yet."""
SEARCHES = {"q": ("site", "participant", "query"), "site": ("site",), "participant": ("participant",)}
SEARCHES |= {"user": ("user",), "by": ("user",), "query": ("query",), "text": ("site",)}
"""Names under which pages take a search or a filter, and what of the foreign site is asked for there."""


def _routes() -> list[Route]:
    from opencro.app.web import urls  # noqa: F401  declares the pages
    from opencro.app.web.access import ROUTES

    return list(ROUTES)


def _expected(role: Role, route: Route, method: str = "GET", *, foreign: bool = False) -> set[int]:
    """Which refusals the table of roles asks for; an empty set where the page is open."""
    if route.scope == "participant" and (foreign or "view" not in role.may):
        return {404}
    return set() if role.may & set(route.needs_for(method)) else {403}


@pytest.mark.requirement(18, 21)
@pytest.mark.parametrize("name", ROLES)
def test_every_page_is_open_or_closed_to_a_role_as_the_table_of_roles_says(two: TwoSites, name: str) -> None:
    role, client = roles()[name], two.client(two.people[name])
    for route in _routes():
        for foreign in (False, True):
            if foreign and route.scope == "participant" and role.at == "study":
                continue
            url = two.url(route.pattern, two.foreign if foreign else two.own, route.name)
            for method in route.methods:
                body = BODIES.get(route.name, {})
                answer = client.get(url) if method == "GET" else client.generic(method, url, **_form(body))
                expected = _expected(role, route, method, foreign=foreign)
                if expected:
                    assert answer.status_code in expected, (name, method, url, answer.status_code)
                else:
                    assert answer.status_code < 500, (name, method, url, answer.status_code)
                    if route.name in NO_FILE:
                        continue
                    assert answer.status_code not in (401, 403, 404), (name, method, url, answer.status_code)


def _form(body: dict[str, str]) -> dict[str, str]:
    from urllib.parse import urlencode

    return {"data": urlencode(body), "content_type": "application/x-www-form-urlencoded"}


@pytest.mark.requirement(18)
def test_whoever_is_not_logged_in_or_has_no_role_sees_nothing(two: TwoSites) -> None:
    anybody, nobody = two.client(None), two.client("nobody.here")
    for route in _routes():
        url = two.url(route.pattern, two.own, route.name)
        for method in route.methods:
            answer = anybody.generic(method, url)
            assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/account/login/"), url
            assert anybody.generic(method, url, headers={"HX-Request": "true"}).status_code == 401, url
            assert nobody.generic(method, url).status_code == 404, url


@pytest.mark.requirement(18)
def test_a_method_that_a_page_does_not_declare_is_refused(two: TwoSites) -> None:
    client = two.client(two.people["coordinator"])
    for route in _routes():
        url = two.url(route.pattern, two.own, route.name)
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(route.methods):
            assert client.generic(method, url).status_code == 405, (method, url)


@pytest.mark.requirement(18)
@pytest.mark.parametrize("name", LIMITED)
def test_no_page_changes_by_what_happens_at_a_foreign_site(two: TwoSites, name: str) -> None:
    client = two.client(two.people[name])

    def pages() -> dict[str, str]:
        shown = {}
        for route in _routes():
            if "GET" in route.methods and not _expected(roles()[name], route):
                url = two.url(route.pattern, two.own, route.name)
                shown[url] = plain(client.get(url))
        return shown

    pages()  # what a first visit writes (an export is a fact) is done
    before = pages()
    work_at(two, "zqx77", FOREIGN)
    after = pages()
    for url, text in before.items():
        assert FOREIGN.lower() not in text.lower(), url
        assert after[url] == text, url


@pytest.mark.requirement(18)
@pytest.mark.parametrize("name", LIMITED)
def test_a_search_for_what_is_at_a_foreign_site_answers_as_for_what_is_nowhere(two: TwoSites, name: str) -> None:
    from opencro.app.web.models import QueryRow

    client = two.client(two.people[name])
    query = QueryRow.objects.filter(study=STUDY, participant=two.foreign).first()
    assert query is not None
    there = {"site": FOREIGN, "participant": two.foreign, "query": query.name, "user": "zqx77.coordinator"}
    for route in _routes():
        if route.scope != "study" or "GET" not in route.methods or _expected(roles()[name], route):
            continue
        url = two.url(route.pattern, two.own)
        for asked, known in ((asked, there[what]) for asked, whats in SEARCHES.items() for what in whats):
            unknown = known.translate(str.maketrans("zqxZQX", "jkwJKW"))
            one = plain(client.get(url, {asked: known})).replace(known, "…")
            other = plain(client.get(url, {asked: unknown})).replace(unknown, "…")
            assert one == other, (url, asked, known)


@pytest.mark.requirement(18)
@pytest.mark.parametrize("name", LIMITED)
def test_nothing_that_is_posted_reaches_a_foreign_site_or_names_it(two: TwoSites, name: str) -> None:
    from opencro.app.web.models import QueryRow

    client = two.client(two.people[name])
    before = two.ledger.position
    rows = list(QueryRow.objects.filter(study=STUDY, participant=two.foreign).order_by("pk"))[-2:]
    at = {"participant": two.foreign, "site": FOREIGN, "enrolled_on": "2026-01-31", "form": "VS", "event": "SCREENING"}
    for route in _routes():
        if "POST" not in route.methods:
            continue
        own = two.url(route.pattern, two.own)
        for row in rows:
            for step in ("answer", "close", "cancel", "reopen"):
                answer = client.post(own, {**at, "query": row.name, "step": step, "text": "x"}, follow=True)
                assert FOREIGN.lower() not in _said(plain(answer).lower(), at), own
    written = [f for f in two.ledger.facts(after=before) if f.key.site == FOREIGN]
    assert written == []


@pytest.mark.requirement(18)
def test_pages_outside_of_the_declared_ones_show_no_study_data(two: TwoSites) -> None:
    from django.urls import get_resolver

    from opencro.app.web.access import ROUTES

    declared = {route.view for route in ROUTES}
    anybody, nobody = two.client(None), two.client("nobody.here")
    found = [(pattern, view) for pattern, view in _walk(get_resolver()) if view not in declared]
    assert found
    for pattern, _view in found:
        assert pattern in OUTSIDE or pattern.startswith(("account/", "api/v1/")), (
            f"{pattern} is not declared with `page`"
        )
        if "<" in pattern or "(?P" in pattern:
            continue
        for client in (anybody, nobody):
            text = plain(client.get("/" + pattern))
            assert all(word not in text for word in (STUDY, OWN, FOREIGN, two.own)), pattern


def _said(text: str, sent: dict[str, str]) -> str:
    """A page without the fields that give back what was sent."""
    for value in sent.values():
        text = text.replace(f'value="{value.lower()}"', "")
    return text


OUTSIDE = {"", "healthz", "language", "api/", "api/redcap/", "redcap/api/", "surveys/"}
"""The REDCap-compatible door asks for its own tokens, a survey for the key of its participant."""


def _walk(resolver: Any, before: str = "") -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for part in resolver.url_patterns:
        text = before + str(part.pattern)
        found += _walk(part, text) if hasattr(part, "url_patterns") else [(text, part.callback)]
    return found
