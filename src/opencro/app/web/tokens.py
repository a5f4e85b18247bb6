"""Keys for programs: shown once, kept as their SHA-256; a key permits what its owner may and its scopes name.

Source: 21 CFR 11.10(d) and (g); EMA guideline on computerised systems (2023), section 4.5.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from django.contrib.auth.models import User
from django.utils import timezone

from opencro.app.web.models import MembershipRow, Token
from opencro.capture import permissions
from opencro.kernel.finding import Finding, Place, Refused, suggest
from opencro.kernel.hashing import sha256_hex

ANY_STUDY = ""
"""The study of a key that makes projects and opens none."""


def issue_token(user: User, study: str, title: str, scopes: Iterable[str] | None = None) -> str:
    """A new key of a user in a study; `scopes` left out permits all that the user may. It cannot be shown again."""
    text = secrets.token_hex(16).upper() if study else secrets.token_hex(32).upper()
    given = sorted(permissions() if scopes is None else scopes)
    Token.objects.create(user=user, study=study, title=title, digest=sha256_hex(text.encode()), scopes=given)
    return text


def find_token(text: str) -> Token | None:
    """The key that a program shows, if its owner may still come in; when it was used is noted."""
    found = Token.objects.select_related("user").filter(digest=sha256_hex(text.encode())).first() if text else None
    if found is None or not found.user.is_active:
        return None
    now = timezone.now()
    if found.used_at is None or (now - found.used_at).total_seconds() > 60:
        Token.objects.filter(pk=found.pk).update(used_at=now)
    return found


def give_token(user: str, study: str, title: str, scopes: tuple[str, ...] = ()) -> str:
    """A key for an account that exists, in a study in which it has a role. Refused: WEB-005."""
    owner = User.objects.filter(username=user, is_active=True).first()
    if owner is None:
        raise Refused([_no_token(f'user "{user}"', "an account", "Make it with `opencro account`.")])
    if study and not MembershipRow.objects.filter(study=study, user=user).exists():
        raise Refused([_no_token(f"{user} has no role in {study or 'it'}", "a role", "Give a role first.")])
    for scope in scopes:
        if scope not in permissions():
            remedy = suggest(scope, permissions()) or f"Use one of {', '.join(permissions())}."
            raise Refused([_no_token(f'scope "{scope}"', "a permission", remedy)])
    return issue_token(owner, study, title, scopes or None)


def _no_token(got: str, expected: str, remedy: str) -> Finding:
    return Finding("WEB-005", Place(), got, expected, remedy)
