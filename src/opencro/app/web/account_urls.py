"""The pages of an account, under /account/: log in and out, password, second factors, sessions.

Nobody signs up, sets a password by e-mail, or lets an e-mail stand for a factor: the addresses which the library would
have for that answer 404. Most keep their names, since its own pages ask for their addresses.
"""

from __future__ import annotations

from allauth.account import views as account
from allauth.socialaccount import views as foreign
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from opencro.app.web.views import account as own


def closed(request: HttpRequest, **_: object) -> HttpResponse:  # noqa: ARG001  Django's signature
    """What is not offered here."""
    raise Http404


CLOSED = {
    "signup/": "account_signup",
    "email/": "account_email",
    "confirm-email/": "account_email_verification_sent",
    "confirm-email/<str:key>/": "account_confirm_email",
    "password/set/": "account_set_password",
    "password/reset/done/": "account_reset_password_done",
    "password/reset/key/<str:uidb36>-<str:key>/": "account_reset_password_from_key",
    "password/reset/key/done/": "account_reset_password_from_key_done",
    "reauthenticate/code/": "account_request_reauthentication_code",
    "reauthenticate/code/confirm/": "account_confirm_reauthentication_code",
    "login/code/confirm/": "account_confirm_login_code",
    "3rdparty/signup/": "socialaccount_signup",
    "3rdparty/": "socialaccount_connections",
}

urlpatterns: list[URLPattern | URLResolver] = [
    path("", own.sessions, name="sessions"),
    path("sessions/end", own.end_session, name="end_session"),
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("2fa/", include("allauth.mfa.urls")),
    path("3rdparty/login/cancelled/", foreign.login_cancelled, name="socialaccount_login_cancelled"),
    path("3rdparty/login/error/", foreign.login_error, name="socialaccount_login_error"),
    path("", include("allauth.socialaccount.providers.openid_connect.urls")),
    *(path(pattern, closed, name=name) for pattern, name in CLOSED.items()),
]
