"""The application's name for Django."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    """openCRO's pages."""

    name = "opencro.app.web"
    label = "web"
