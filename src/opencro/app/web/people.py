"""Who comes in: an administrator makes accounts; every login, failed or not, is a fact of the person's studies."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.signals import password_changed
from allauth.mfa.signals import authentication_failed
from django.contrib import messages
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.core.exceptions import ValidationError
from django.db.models import ProtectedError
from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext as _t

from opencro.app.web.catch_up import catch_up
from opencro.app.web.desk import ledger_of, open_study, site
from opencro.app.web.models import AccountRow, FirstPassword, MembershipRow
from opencro.capture import roles
from opencro.kernel.finding import Finding, Place, Refused
from opencro.ledger import Act, Actor, RecordKey, RoleChanged, Source, UserLoggedIn
from opencro.study import Study

log = logging.getLogger("opencro.access")
MUST_CHANGE = "password_must_change"


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
    _tell_failures(request, user)
    if FirstPassword.objects.filter(user=user).exists():
        request.session[MUST_CHANGE] = True
    _note(user.get_username(), succeeded=True)


@receiver(user_login_failed)
def _note_failure(sender: object, credentials: dict[str, Any], **_: Any) -> None:  # noqa: ARG001  Django's signature
    """Only of names that exist: what else was typed there may be a password."""
    name = str(credentials.get("username", ""))
    if User.objects.filter(username=name).exists():
        _note(name, succeeded=False)
        log.warning("login failed for %s", name)
    else:
        log.warning("login failed for a name that no account has")


@receiver(authentication_failed)
def _note_wrong_factor(sender: object, user: User, **_: Any) -> None:  # noqa: ARG001  allauth's signature
    """A wrong code of a second factor is a failed login too."""
    _note(user.get_username(), succeeded=False)
    log.warning("second factor failed for %s", user.get_username())


@receiver(password_changed)
def _forget_first_password(sender: object, request: HttpRequest, user: User, **_: Any) -> None:  # noqa: ARG001
    FirstPassword.objects.filter(user=user).delete()
    request.session.pop(MUST_CHANGE, None)


@receiver(pre_delete, sender=User)
def _keep_account(sender: object, instance: User, **_: Any) -> None:  # noqa: ARG001  Django's signature
    """What somebody signed stays attributable, and the name is never given again (21 CFR 11.100(a), 11.300(a))."""
    raise ProtectedError("An account is closed, never deleted.", {instance})


def is_taken(name: str) -> bool:
    """Whether a user name stands for somebody, or ever stood in a study; letters count alike in both cases."""
    return User.objects.filter(username__iexact=name).exists() or AccountRow.objects.filter(user__iexact=name).exists()


def _tell_failures(request: HttpRequest, user: User) -> None:
    """The person learns at her login what was tried in her name since the last one."""
    rows = AccountRow.objects.filter(user=user.get_username(), failed_since__gt=0)
    worst = rows.order_by("-failed_since").first()
    if worst is not None:
        said = _t(
            "Since your last login, somebody tried %(count)d times in vain to log in with your name, last at %(at)s."
        )
        more = _t("If it was not you, change your password and tell your administrator.")
        at = f"{worst.last_failed_at[:10]} {worst.last_failed_at[11:16]} UTC"
        text = said % {"count": worst.failed_since, "at": at}
        messages.warning(request, f"{text} {more}", fail_silently=True)


def _note(user: str, *, succeeded: bool) -> None:
    for study in studies_of(user):
        rows = MembershipRow.objects.filter(study=study.id, user=user).order_by("site")
        actor = Actor(user, rows[0].role)
        act = Act(UserLoggedIn(user, succeeded))
        ledger = ledger_of(study)
        ledger.append([act], actor=actor, source=Source.UI, definition_version=study.file.version)
        catch_up(ledger)


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
    if is_taken(user):
        raise Refused([_no_account(f'user name "{user}"', "a name that was never given")])
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
