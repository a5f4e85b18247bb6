"""People for a demonstration: one of every role, with a password that the login page shows. Never for real data."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User

from opencro.app.web.catch_up import catch_up
from opencro.app.web.desk import ledger_of
from opencro.app.web.models import Participant
from opencro.app.web.people import give_role
from opencro.capture import roles
from opencro.ledger import Actor, Source
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
    Person("carl", "Carl Coder", "coder"),
    Person("bea", "Bea Biostatistician", "biostatistician"),
    Person("uma", "Uma Unblinded", "unblinded statistician"),
    Person("sara", "Sara Safety", "safety"),
    Person("sven", "Sven Sponsor", "sponsor"),
    Person("ines", "Ines Inspector", "inspector"),
    Person("adam", "Adam Administrator", "administrator"),
)


def bring_people(study: Study) -> None:
    """Make the accounts, and give each its role in the study: site roles at the first site, the others everywhere."""
    catch_up(ledger_of(study))
    sites = Participant.objects.filter(study=study.id).order_by("site").values_list("site", flat=True)
    first = sites[0] if sites else "001"
    for person in PEOPLE:
        user, made = User.objects.get_or_create(username=person.username)
        if made:
            user.first_name, _, user.last_name = person.name.partition(" ")
            user.set_password(PASSWORD)
            user.save()
        at = first if roles()[person.role].at == "site" else ""
        give_role(study, person.username, person.role, at=at, by=SYSTEM, source=Source.SYSTEM)
    catch_up(ledger_of(study))
