"""Intercurrent events and strategies by the names of ICH E9(R1), turned into what is kept and what is assumed.

Source: ICH E9(R1) addendum on estimands and sensitivity analysis (2019), section A.3.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from opencro.stats.missing.incomplete import ASSUMPTIONS, IncompleteData, with_events
from opencro.stats.result import StatsError

ELSEWHERE = {
    "composite": "Give the outcome after it a value that counts as failure, or analyse response or wins.",
    "while on treatment": "Analyse the last value before the event, or a rate over the time on treatment: `recurrent`.",
    "principal stratum": "Needs a model of who would have the event under each arm; imputation can't give it.",
}


@dataclass(frozen=True)
class Handling:
    """How one kind of intercurrent event is dealt with.

    `strategy`: "treatment policy" (values after the event count, gaps are assumed to be `assumption`) or
    "hypothetical" (values after the event are set aside and imputed as `assumption`, usually MAR: as if it had not
    happened).
    """

    strategy: str
    assumption: str = "MAR"


def handle_intercurrent_events(
    data: IncompleteData,
    event: Sequence[str | None],
    visit: Sequence[str | None],
    handling: Mapping[str, Handling],
) -> IncompleteData:
    """Applies an estimand's strategies to the first intercurrent event of each subject.

    `event`, `visit` (n,): name of the event and the first visit that it affects, None without one; `handling`: event
    to `Handling`, for every event that occurs. Gives the data with values set aside and assumptions in place; for
    treatment policy with assumption "MAR" consider `with_off_treatment_shift`. Errors: STA-600, STA-602 (a strategy
    that is not one of imputation, with the way to go; an event without handling). Source: ICH E9(R1), section A.3.2.
    Example: `handle_intercurrent_events(data, events, visits, {"rescue": Handling("hypothetical"), "stopped":
    Handling("treatment policy", "JR")})`.
    """
    occurring = sorted({e for e in event if e is not None})
    for name in occurring:
        _check_handling(name, handling)
    chosen = ["MAR" if e is None else handling[e].assumption for e in event]
    arranged = with_events(data, visit, chosen)
    if len(event) != len(visit) or any((e is None) != (v is None) for e, v in zip(event, visit, strict=True)):
        raise StatsError(
            "STA-600", "events without a visit, or visits without an event", "both or neither for each subject",
            "Give the first visit that the event affects.",
        )  # fmt: skip
    aside = np.array([e is not None and handling[e].strategy == "hypothetical" for e in event])
    after = np.arange(len(data.visits)) >= arranged.ice[:, None]
    return replace(arranged, outcome=np.where(aside[:, None] & after, np.nan, arranged.outcome))


def _check_handling(event: str, handling: Mapping[str, Handling]) -> None:
    if event not in handling:
        raise StatsError(
            "STA-602", f"the event {event} without a strategy", "one for every event that occurs",
            'Add it, e.g. {"' + event + '": Handling("treatment policy")}.',
        )  # fmt: skip
    chosen = handling[event]
    if chosen.strategy not in ("treatment policy", "hypothetical"):
        remedy = ELSEWHERE.get(chosen.strategy, f"Others of ICH E9(R1): {', '.join(ELSEWHERE)}.")
        raise StatsError(
            "STA-602",
            f"the strategy {chosen.strategy} for {event}",
            "treatment policy or hypothetical to impute",
            remedy,
        )
    if chosen.assumption not in ASSUMPTIONS:
        raise StatsError(
            "STA-602", f"the assumption {chosen.assumption} for {event}", ", ".join(ASSUMPTIONS), "Check the spelling."
        )
