"""Who comes from a trusted OpenID provider is let in as the account that fits, or not at all; none is ever made.

An account fits when its verified e-mail address does, or when `sso.yaml` names the provider's subject.
"""

from __future__ import annotations

import logging
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.shortcuts import render

from opencro.app.web.desk import site
from opencro.app.web.sign_on import read_sign_on

log = logging.getLogger("opencro.access")


class OnlyKnown(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Connects what comes from a provider with an account that is there; refuses everybody else."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:  # noqa: ARG002
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        account = sociallogin.account
        user = (
            sociallogin.user
            if sociallogin.is_existing
            else find_account(account.provider, account.uid, _mail(sociallogin))
        )
        if user is None or not user.is_active:
            log.warning("login through %s failed: no account fits", account.provider)
            raise ImmediateHttpResponse(render(request, "socialaccount/authentication_error.html", status=403))
        if not sociallogin.is_existing:
            sociallogin.connect(request, user)


def find_account(provider: str, subject: str, mails: list[str]) -> User | None:
    """The only account of a subject, or of one of the verified e-mail addresses; None where none or several fit."""
    named = {one.id: one.subjects for one in read_sign_on(site().root)}.get(provider, {}).get(subject)
    if named is not None:
        return User.objects.filter(username=named).first()
    found = [user for mail in mails if mail for user in User.objects.filter(email__iexact=mail)]
    return found[0] if len({user.pk for user in found}) == 1 else None


def _mail(sociallogin: Any) -> list[str]:
    return [one.email for one in sociallogin.email_addresses if one.verified]
