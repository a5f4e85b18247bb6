"""Who signs proves who he is: name and password every time, and the second factor at the first signing of a session.

Sources: 21 CFR 11.200(a)(1); requirements 14 and 15. A token of a program never signs.
"""

from __future__ import annotations

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext as _

from opencro.app.web.desk import memberships_of
from opencro.capture import role_for

_SIGNED = "signed_in_this_session"
_ATTEMPTS, _PAUSE_SECONDS = 5, 900


class SignatureRefused(Exception):
    """The person did not prove who he is; the text says what is wanted."""


def prove_identity(request: HttpRequest) -> str:
    """The printed name of the person who signs; SignatureRefused."""
    user = request.user
    if not isinstance(user, User):
        raise SignatureRefused(_("Log in to sign."))
    key = f"signing:{user.pk}"
    if cache.get(key, 0) >= _ATTEMPTS:
        raise SignatureRefused(_("Too many attempts. Try again in a quarter of an hour."))
    if request.POST.get("username", "") != user.get_username() or not user.check_password(
        request.POST.get("password", "")
    ):
        cache.set(key, cache.get(key, 0) + 1, _PAUSE_SECONDS)
        raise SignatureRefused(_("User name or password is not right. Nothing was signed."))
    if not request.session.get(_SIGNED) and not _second_factor(request, user, request.POST.get("code", "").strip()):
        cache.set(key, cache.get(key, 0) + 1, _PAUSE_SECONDS)
        raise SignatureRefused(_("The code of your second factor is needed for the first signature of a session."))
    cache.delete(key)
    request.session[_SIGNED] = True
    return user.get_full_name() or user.get_username()


def _second_factor(request: HttpRequest, user: User, code: str) -> bool:
    """True when no second factor is set up, the code is right, or a passkey was used in this session."""
    kinds = {a.type: a for a in Authenticator.objects.filter(user=user)}
    if not kinds:
        return True
    totp, spare = kinds.get(Authenticator.Type.TOTP), kinds.get(Authenticator.Type.RECOVERY_CODES)
    if code and totp is not None and TOTP(totp).validate_code(code):
        return True
    if code and spare is not None and RecoveryCodes(spare).validate_code(code):
        return True
    return totp is None and any(one.get("method") == "mfa" for one in get_authentication_records(request))


def prove_second(request: HttpRequest, study: str, site: str) -> str:
    """The name of a second person who may lock here and agrees with a password; SignatureRefused."""
    name = request.POST.get("second", "").strip()
    other = User.objects.filter(username=name, is_active=True).first()
    key = f"agreeing:{name[:150]}"
    if cache.get(key, 0) >= _ATTEMPTS:
        raise SignatureRefused(_("Too many attempts. Try again in a quarter of an hour."))
    if other is None or not other.check_password(request.POST.get("second_password", "")):
        cache.set(key, cache.get(key, 0) + 1, _PAUSE_SECONDS)
        raise SignatureRefused(_("A second person has to agree with name and password."))
    if other == request.user:
        raise SignatureRefused(_("The second person is somebody else than you."))
    if role_for(memberships_of(study, name), "lock", site or None) is None:
        raise SignatureRefused(_("The second person may not lock here."))
    cache.delete(key)
    return name
