"""Who comes in: an administrator makes accounts; every login, failed or not, is a fact of the person's studies."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.core.exceptions import ValidationError
from django.dispatch import receiver
from django.http import HttpRequest

from opencro.app.web.catch_up import catch_up
from opencro.app.web.desk import ledger_of, open_study, site
from opencro.app.web.models import MembershipRow
from opencro.capture import roles
from opencro.kernel.finding import Finding, Place, Refused
from opencro.ledger import Act, Actor, RecordKey, RoleChanged, Source, UserLoggedIn
from opencro.study import Study


class ClosedDoor(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Nobody signs up; an administrator makes the account (21 CFR 11.100(b): identity is verified first)."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002  allauth's signature
        return False


def studies_of(user: str) -> list[Study]:
    """The studies in which somebody has a role."""
    names = set(MembershipRow.objects.filter(user=user).values_list("study", flat=True))
    return [study for study in map(open_study, site().studies()) if study.id in names]


@receiver(user_logged_in)
def _note_login(sender: object, request: HttpRequest, user: User, **_: Any) -> None:  # noqa: ARG001  Django's signature
    _note(user.get_username(), succeeded=True)


@receiver(user_login_failed)
def _note_failure(sender: object, credentials: dict[str, Any], **_: Any) -> None:  # noqa: ARG001  Django's signature
    """Only of names that exist: what else was typed there may be a password."""
    name = str(credentials.get("username", ""))
    if User.objects.filter(username=name).exists():
        _note(name, succeeded=False)


def _note(user: str, *, succeeded: bool) -> None:
    for study in studies_of(user):
        rows = MembershipRow.objects.filter(study=study.id, user=user).order_by("site")
        actor = Actor(user, rows[0].role)
        act = Act(UserLoggedIn(user, succeeded))
        ledger_of(study).append([act], actor=actor, source=Source.UI, definition_version=study.file.version)


def give_role(study: Study, user: str, role: str, *, at: str = "", by: Actor, source: Source = Source.UI) -> None:
    """Give a role at a site ("" for all), or take it ("")."""
    row = MembershipRow.objects.filter(study=study.id, user=user, site=at).first()
    old = row.role if row else ""
    if old != role:
        act = Act(RoleChanged(user, old, role), RecordKey(site=at))
        ledger_of(study).append([act], actor=by, source=source, definition_version=study.file.version)


def make_account(user: str, password: str, full_name: str, role: str, at: str, study: str | None) -> list[str]:
    """Make an account and give it a role in a study, or in all that are served; the ids of those studies.

    Refused (WEB-004) for a name that is taken, a weak password, an unknown role or study.
    """
    first, _, last = full_name.partition(" ")
    person = User(username=user, first_name=first, last_name=last)
    studies = [s for s in map(open_study, site().studies()) if study in (None, s.id)]
    try:
        person.full_clean(exclude=["password"])
        validate_password(password, person)
    except ValidationError as refused:
        raise Refused([_no_account(" ".join(refused.messages), "a free name and a strong password")]) from None
    if role not in roles():
        raise Refused([_no_account(f'role "{role}"', ", ".join(roles()))])
    if not studies:
        raise Refused([_no_account(f'study "{study}"', ", ".join(open_study(f).id for f in site().studies()))])
    person.set_password(password)
    person.save()
    for one in studies:
        give_role(one, user, role, at=at, by=Actor("opencro", "system"), source=Source.SYSTEM)
        catch_up(ledger_of(one))
    return [one.id for one in studies]


def _no_account(got: str, expected: str) -> Finding:
    return Finding("WEB-004", Place(), got, expected, "Choose another.")
