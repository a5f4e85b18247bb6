"""A study with two sites that must not know of each other, and a form with items that not everybody may see.

`ARGUMENTS`, `QUESTIONS` and `BODIES` say how a declared route is asked for; whoever adds a page with a new parameter
says here what stands in its place.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opencro.app.web.site import Site
from opencro.ledger import Act, Actor, Change, QueryRaised, RecordKey, Source
from opencro.study import init_study, load_study
from tests.app.web.conftest import Web

STUDY = "TWOSITES"
OWN, FOREIGN = "OWN01", "ZQX77"
ARM, NAME, RULE = "SECRETARM", "SECRETNAME", "SECRETRULE"
"""What must not be read: the value of a blinded item, of one that identifies, the words of a check on a blinded one."""
ITEMS = """
      - {id: TREAT, label: Kit, blinded: true}
      - {id: TREATUP, label: Kit again, derive: TREAT}
      - {id: INITIALS, label: Initials, sensitive: true}
"""
CHECK = f"""
  - id: VS900
    form: VS
    item: PULSE
    when: TREAT == "{ARM}" and PULSE > 100
    message: {RULE}
  - id: VS901
    form: VS
    item: PULSE
    when: TREAT == "{ARM}" and PULSE > 200
    message: {RULE}
    severity: stop
"""
QUESTIONS = {"history": "?group=VS&repeat=1&item=SYSBP"}
"""What stands after the address of a page that asks for more."""
BODIES: dict[str, dict[str, str]] = {"audit_export": {"site": OWN, "format": "csv"}}
"""What a page is sent, where nothing at all would say nothing about it."""
VALUES = {"VS[1].SYSBP": "120", "VS[1].DIABP": "80", "VS[1].PULSE": "120", "VS[1].VSDAT": "2026-02-01"}
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"')


@dataclass
class TwoSites(Web):
    """The application over this study; `own` and `foreign` are participants, `people` users by role at the own site."""

    own: str = ""
    foreign: str = ""
    people: dict[str, str] = field(default_factory=dict)

    def url(self, pattern: str, participant: str, name: str = "") -> str:
        """The address of a declared route for a participant."""
        said = arguments(participant, OWN if participant == self.own else FOREIGN)
        return self.base + re.sub(r"<\w+:(\w+)>", lambda m: str(said[m[1]]), pattern) + QUESTIONS.get(name, "")


def arguments(participant: str, site: str) -> dict[str, object]:
    """What stands in the place of each parameter of a route."""
    at = {"event": "SCREENING", "event_repeat": 1, "form": "VS", "form_repeat": 1}
    return {"participant": participant, "site": site, **at}


def plain(answer: Any) -> str:
    """An answer's text without what is different each time."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return _TOKEN.sub("", body.decode("utf-8", "replace"))


def make_study(folder: Path) -> None:
    """The starter study, with the items that not everybody may see."""
    init_study(folder, STUDY, "Two sites")
    form, checks = folder / "forms" / "VS.yaml", folder / "forms" / "checks.yaml"
    form.write_text(form.read_text().rstrip() + ITEMS)
    checks.write_text(checks.read_text().rstrip() + CHECK)


def make_site(folder: Path, database: str) -> Site:
    """What is served."""
    shutil.rmtree(folder, ignore_errors=True)
    make_study(folder)
    return Site(folder, database, demo=False, hosts=("localhost",), secret="for tests")


def fill(site: Site) -> TwoSites:
    """People of every role, and one participant at each site with a form, queries and values of every kind."""
    from django.contrib.auth.models import User

    from opencro.app.web.catch_up import catch_up
    from opencro.app.web.people import give_role
    from opencro.capture import roles

    web = TwoSites(site)
    study, system = load_study(site.root), Actor("opencro", "system")
    for at, prefix in ((OWN, "own"), (FOREIGN, "zqx77")):
        for role in roles().values():
            if at == FOREIGN and role.at == "study":
                continue
            user = f"{prefix}.{role.id.replace(' ', '.')}"
            User.objects.get_or_create(username=user)
            give_role(study, user, role.id, at="" if role.at == "study" else at, by=system, source=Source.SYSTEM)
            if at == OWN:
                web.people[role.id] = user
    User.objects.get_or_create(username="nobody.here")
    catch_up(web.ledger)
    web.own, web.foreign = work_at(web, "own", OWN), work_at(web, "zqx77", FOREIGN)
    return web


def work_at(web: TwoSites, prefix: str, site: str) -> str:
    """A new participant of a site with everything that could be told of her."""
    answer = web.client(f"{prefix}.coordinator").post(
        web.base + "participants/enrol", {"site": site, "enrolled_on": "2026-01-31"}
    )
    person = str(answer["Location"]).rstrip("/").rpartition("/")[2]
    url = web.form_url(person, "VS", "SCREENING")
    place = RecordKey(site, person, "SCREENING", 1, "VS", 1, "VS", 1)
    secret = {"TREAT": ARM, "TREATUP": ARM, "INITIALS": NAME}
    asked = [Act(QueryRaised(f"Q{person}{i}", i, "", f"{text} at {site}?"), place) for i, text in secret.items()]
    web.ledger.append(
        [Change(place, secret), *asked],
        actor=Actor("opencro", "system"),
        source=Source.IMPORT,
        definition_version="1",
    )
    assert web.save(f"{prefix}.coordinator", url, VALUES).status_code == 200
    text = {"group": "VS", "repeat": "1", "item": "SYSBP", "text": f"A question of {site}"}
    assert web.client(f"{prefix}.monitor").post(url + "ask", text).status_code == 200
    return person
