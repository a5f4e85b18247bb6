"""People for a demonstration: one of every role, with a password that the login page shows. Never for real data."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Count

from opencro.app.web.catch_up import catch_up, work_of
from opencro.app.web.desk import ledger_of
from opencro.app.web.models import FormRow, MembershipRow, Participant
from opencro.app.web.people import give_role
from opencro.app.web.saving import new_query_name
from opencro.capture import roles
from opencro.kernel.finding import Finding, Place, Refused
from opencro.ledger import Act, Actor, QueryAnswered, QueryRaised, RecordKey, Source, SourceVerified
from opencro.study import Study

PASSWORD = "one small step at a time"  # noqa: S105  shown to everybody, on made-up data
SYSTEM = Actor("opencro", "system")


@dataclass(frozen=True)
class Person:
    """Somebody made up."""

    username: str
    name: str
    role: str

    @property
    def title(self) -> str:
        """The role in words."""
        return roles()[self.role].title


PEOPLE = (
    Person("anna", "Anna Coordinator", "coordinator"),
    Person("ibrahim", "Ibrahim Investigator", "investigator"),
    Person("mona", "Mona Monitor", "monitor"),
    Person("dana", "Dana Datamanager", "data manager"),
    Person("dirk", "Dirk Datamanager", "data manager"),
    Person("carl", "Carl Coder", "coder"),
    Person("bea", "Bea Biostatistician", "biostatistician"),
    Person("uma", "Uma Unblinded", "unblinded statistician"),
    Person("sara", "Sara Safety", "safety"),
    Person("sven", "Sven Sponsor", "sponsor"),
    Person("ines", "Ines Inspector", "inspector"),
    Person("adam", "Adam Administrator", "administrator"),
)


def bring_people(study: Study) -> None:
    """Make the accounts, and give each its role in the study: site roles at the first site, the others everywhere.

    Refused (WEB-003) for a ledger that is not one of a rehearsal.
    """
    if ledger_of(study).purpose != "rehearsal":
        place = Place(str(study.root))
        remedy = "Serve it without --demo; accounts of real people are made with `opencro account`."
        raise Refused([Finding("WEB-003", place, "a live ledger", "the ledger of a rehearsal", remedy)])
    catch_up(ledger_of(study))
    fresh = not MembershipRow.objects.filter(study=study.id, user=PEOPLE[0].username).exists()
    first = _busiest_site(study)
    for person in PEOPLE:
        user, made = User.objects.get_or_create(username=person.username)
        if made:
            user.first_name, _, user.last_name = person.name.partition(" ")
            user.set_password(PASSWORD)
            user.save()
        at = first if roles()[person.role].at == "site" else ""
        give_role(study, person.username, person.role, at=at, by=SYSTEM, source=Source.SYSTEM)
    if fresh:
        bring_work(study, first)
    catch_up(ledger_of(study))


def _busiest_site(study: Study) -> str:
    """The site with most forms that wait for somebody."""
    waiting = FormRow.objects.filter(study=study.id, state="complete").values_list("site")
    sites = waiting.annotate(n=Count("id")).order_by("-n", "site")
    enrolled = Participant.objects.filter(study=study.id).order_by("site").values_list("site", flat=True)
    return sites[0][0] if sites else enrolled[0] if enrolled else "001"


QUESTIONS = (
    ("Please check this value against the source.", "As in the source; the participant was measured twice."),
    ("The date differs from the visit date. Please confirm.", ""),
    ("Is the unit right?", "Corrected at the next visit; the unit is right."),
    ("Please give the missing detail or say that it is unknown.", ""),
    ("This differs much from the visit before. Please confirm.", "Confirmed by the investigator."),
)


def bring_work(study: Study, first: str) -> None:
    """What a monitor left behind at the first site: verified forms, questions, some of them answered."""
    catch_up(ledger_of(study))
    rows = list(FormRow.objects.filter(study=study.id, site=first, state="complete").order_by("-last_saved_at")[:60])
    entries: list[tuple[Person, Act]] = []
    mona, anna = PEOPLE[2], PEOPLE[0]
    for number, row in enumerate(rows):
        place = RecordKey(row.site, row.participant, row.event, row.event_repeat, row.form, row.form_repeat)
        for record, items in work_of(row).filled.items():
            group, _, repeat = record.rstrip("]").partition("[")
            at = place._replace(group=group, group_repeat=int(repeat))
            if number % 2 == 0:
                entries.append((mona, Act(SourceVerified(list(items)), at)))
            elif number % 4 == 1 and repeat == "1":
                entries += _question(mona, anna, at, items[-1], number // 4)
    for person, act in entries:
        actor = Actor(person.username, person.role)
        ledger_of(study).append([act], actor=actor, source=Source.REHEARSAL, definition_version=study.file.version)


def _question(mona: Person, anna: Person, at: RecordKey, item: str, number: int) -> list[tuple[Person, Act]]:
    text, answer = QUESTIONS[number % len(QUESTIONS)]
    name = new_query_name()
    asked = [(mona, Act(QueryRaised(name, item, "", text), at))]
    return [*asked, (anna, Act(QueryAnswered(name, answer), at))] if answer else asked
