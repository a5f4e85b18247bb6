"""Where everything is: accounts under /account/, then one path for each study."""

from __future__ import annotations

from django.urls import include, path

from opencro.app.web.access import study_urls
from opencro.app.web.rest.api import api as rest
from opencro.app.web.views import accounts_review as _accounts_review
from opencro.app.web.views import audit as _audit
from opencro.app.web.views import errors, home, redcap, surveys
from opencro.app.web.views import files as _files
from opencro.app.web.views import form as _form
from opencro.app.web.views import locks as _locks
from opencro.app.web.views import participants as _participants
from opencro.app.web.views import people as _people
from opencro.app.web.views import queries as _queries
from opencro.app.web.views import training as _training
from opencro.app.web.views import work as _work

DECLARING = (_accounts_review, _audit, _files, _form, _locks, _participants, _people, _queries, _training, _work)
"""Modules whose views are declared by `page`; naming them here is what makes them part of the application."""

urlpatterns = [
    path("", home.start, name="start"),
    path("healthz", home.health, name="health"),
    path("language", home.set_language, name="language"),
    path("account/", include("opencro.app.web.account_urls")),
    path("api/v1/", rest.urls),
    path("api/", redcap.api, name="redcap"),
    path("api/redcap/", redcap.api),
    path("redcap/api/", redcap.api),
    path("surveys/", surveys.page, name="surveys"),
    *study_urls(),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.failed
