"""The REDCap-compatible API: a key stands for a login, the answer is made without the framework."""

from __future__ import annotations

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from opencro.app.redcap.dispatch import answer
from opencro.app.redcap.exchange import Call, Upload
from opencro.app.web.redcap_office import WebOffice


@csrf_exempt
@require_POST
def api(request: HttpRequest) -> HttpResponse:
    """Any call; there is no cookie in it that another page could misuse."""
    files = {
        name: Upload(file.name or "", file.read())
        for name, file in request.FILES.items()
        if isinstance(file, UploadedFile)
    }
    call = Call({name: str(value) for name, value in request.POST.items()}, files)
    made = answer(call, WebOffice(request.build_absolute_uri("/").rstrip("/")))
    response = HttpResponse(made.body, status=made.status, content_type=made.content_type)
    response["Cache-Control"] = "no-store"
    return response
