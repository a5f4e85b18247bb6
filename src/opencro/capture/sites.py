"""The sites of a study as people know them: their names, and the time zone in which their day passes.

Source: ICH E6(R3) section 4.2.2(d) (times with their zone); zones are those of the IANA time zone database.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
from pydantic import Field, field_validator

from opencro.capture.documents import read_document
from opencro.kernel.finding import Findings
from opencro.study import Part, Study

DOCUMENT = "conduct/sites.yaml"


def _known_zone(zone: str) -> str:
    try:
        pl.select(pl.datetime(2026, 1, 1, time_zone="UTC").dt.convert_time_zone(zone))
    except pl.exceptions.ComputeError:
        raise ValueError("a time zone of the IANA database, e.g. Europe/Berlin") from None
    return zone


class Site(Part):
    """One site: its name and its time zone; the zone of the study where it has none of its own."""

    name: str = ""
    zone: str | None = Field(default=None, description="IANA time zone, e.g. America/New_York")

    @field_validator("zone")
    @classmethod
    def _zone(cls, zone: str | None) -> str | None:
        return None if zone is None else _known_zone(zone)


class Sites(Part):
    """conduct/sites.yaml: the time zone of the study and what is known of each site."""

    zone: str = Field(default="UTC", description="IANA time zone of sites that have none of their own")
    sites: Mapping[str, Site] = {}

    @field_validator("zone")
    @classmethod
    def _zone(cls, zone: str) -> str:
        return _known_zone(zone)

    def zone_of(self, site: str) -> str:
        """The time zone of a site; that of the study for one that is not listed."""
        known = self.sites.get(site)
        return self.zone if known is None or known.zone is None else known.zone


def read_sites(study: Study) -> tuple[Sites, Findings]:
    """The study's conduct/sites.yaml, or UTC for all where it has none; findings SIT-001."""
    read, findings = read_document(study, DOCUMENT, Sites, "SIT-001")
    return read or Sites(), findings
