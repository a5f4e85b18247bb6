"""Forecasts: enrolment over sites, events of those at risk."""

from opencro.design.forecast.enrolment import (
    Enrolment,
    EnrolmentForecast,
    EventForecast,
    forecast_enrolment,
    forecast_events,
)

__all__ = ["Enrolment", "EnrolmentForecast", "EventForecast", "forecast_enrolment", "forecast_events"]
