"""What is settled before the first value is drawn: the study, its plan, the people, their visits, what befalls them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from opencro.rehearsal.cohort import Cohort, person_texts
from opencro.rehearsal.defaults import default_plan
from opencro.rehearsal.draws import Draws, Flags, Ints
from opencro.rehearsal.episodes import EpisodeTable, simulate_episodes
from opencro.rehearsal.model import LEAVING, FormPlan, RehearsalPlan, Terms
from opencro.rehearsal.visits import VisitTable
from opencro.study import Form, Study

Texts = NDArray[np.object_]
NO_TERMS = Terms(columns=("weight",), rows=((1,),))


@dataclass(frozen=True)
class World:
    """The settled facts; `texts` are the fields of persons, `episodes` those of each form that has any."""

    study: Study
    plan: RehearsalPlan
    draws: Draws
    cohort: Cohort
    visits: VisitTable
    texts: Mapping[str, Texts]
    episodes: Mapping[str, EpisodeTable]
    plans: Mapping[str, FormPlan]
    asked: Mapping[str, frozenset[int]]
    """Form: indices of the visits at which it is filled."""

    sites: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Scene:
    """The records that are being made of one form: who, at which visit, on which day, for which episode.

    `row` is the row of the visit table (-1: none), `n` the number of the record within person or visit.
    """

    person: Ints
    row: Ints
    day: Ints
    n: Ints
    start: Ints | None = None
    stop: Ints | None = None
    term: Ints | None = None
    fatal: Flags | None = None

    def __len__(self) -> int:
        return len(self.person)

    def take(self, chosen: Flags | Ints) -> Scene:
        """The chosen records."""
        return Scene(
            self.person[chosen],
            self.row[chosen],
            self.day[chosen],
            self.n[chosen],
            None if self.start is None else self.start[chosen],
            None if self.stop is None else self.stop[chosen],
            None if self.term is None else self.term[chosen],
            None if self.fatal is None else self.fatal[chosen],
        )


def build_world(study: Study, plan: RehearsalPlan, cohort: Cohort, visits: VisitTable, draws: Draws) -> World:
    """Settle what the forms have in common."""
    plans = {form.id: _form_plan(form, plan) for form in study.forms.values()}
    episodes: dict[str, EpisodeTable] = {}
    cause: dict[int, str] = {}
    for form in study.forms.values():
        wanted = plans[form.id].episodes
        if wanted is not None:
            terms = plan.lists.get(wanted.list, NO_TERMS)
            who = chosen_people(plans[form.id], cohort)
            table = simulate_episodes(form.id, wanted, terms, cohort, visits, who, draws)
            episodes[form.id] = table
            if wanted.leads_to_leaving:
                cause.update(zip(table.person[table.cause].tolist(), map(str, table.number[table.cause]), strict=True))
    fields = person_texts(cohort, {p: f"{int(n):02d}" for p, n in cause.items()})
    texts = {name: np.array([t or None for t in values], dtype=object) for name, values in fields.items()}
    asked = {form.id: _asked(study, form, plans[form.id], plan) for form in study.forms.values()}
    return World(study, plan, draws, cohort, visits, texts, episodes, plans, asked, cohort.sites.ids)


def chosen_people(plan: FormPlan, cohort: Cohort) -> Flags:
    """Of whom a form is asked; `chance` is drawn elsewhere."""
    return {
        "screened": np.ones(len(cohort), dtype=bool),
        "failed": ~cohort.randomized if cohort.arms else np.zeros(len(cohort), dtype=bool),
        "randomized": cohort.randomized,
        "leavers": cohort.reason > 1,
        "caused": cohort.by_event & (cohort.reason > 1),
    }[plan.who]


def is_log(form: Form) -> bool:
    """Whether a form is a log: of the participant, with several records."""
    return form.participant_level and (form.repeating or any(group.repeating for group in form.groups))


def _form_plan(form: Form, plan: RehearsalPlan) -> FormPlan:
    usual = default_plan(form, is_log(form))
    given = plan.forms.get(form.id, usual)
    if given.episodes is None and not given.rows and is_log(form):
        return given.model_copy(update={"episodes": usual.episodes, "rows": usual.rows})
    return given


def _asked(study: Study, form: Form, form_plan: FormPlan, plan: RehearsalPlan) -> frozenset[int]:
    visits = study.protocol.schedule.visits
    scheduled = {v for a in study.protocol.schedule.activities if form.id in a.forms for v in a.visits}
    wanted = set(form_plan.at) - {LEAVING} if form_plan.at else scheduled
    wanted |= {v for row in form_plan.rows for v in row.at if v != LEAVING}
    often = len(scheduled) >= 3 and form.source == "site" and not form.participant_level
    unscheduled = form.id in plan.visits.unscheduled_forms or (often and not plan.visits.unscheduled_forms)
    return frozenset(i for i, v in enumerate(visits) if v.id in wanted or (v.unscheduled and unscheduled))
