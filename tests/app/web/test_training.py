"""Who is not trained neither enters nor signs; accounts are reviewed on record."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from opencro.ledger import AccountsReviewed, DelegationChanged, TrainingRecorded
from tests.app.web.two_sites import OWN, VALUES, TwoSites, plain

PLAN = """
trainings: {gcp: Good Clinical Practice}
roles:
  coordinator: {trainings: [gcp], delegation: true}
  investigator: {trainings: [gcp]}
"""


@pytest.fixture
def gated(two: TwoSites) -> Iterator[TwoSites]:
    """The study with a plan that asks for a training and a delegation."""
    from opencro.app.web.models import DelegationRow, TrainingRow

    file = two.site.root / "conduct" / "training.yaml"
    _write(two, PLAN)
    yield two
    file.unlink()
    _touch(two)
    TrainingRow.objects.filter(study=two.study.id).delete()
    DelegationRow.objects.filter(study=two.study.id).delete()


def _write(two: TwoSites, text: str) -> None:
    (two.site.root / "conduct" / "training.yaml").write_text(text)
    _touch(two)


def _touch(two: TwoSites) -> None:
    """The study is read again."""
    import os
    import time

    now = time.time() + 5
    os.utime(two.site.root / "study.yaml", (now, now))


@pytest.mark.requirement(22)
def test_nobody_enters_without_training_and_delegation(gated: TwoSites) -> None:
    anna, adam = gated.client("own.coordinator"), gated.client("own.administrator")
    ivo = gated.client("own.investigator")
    url = gated.form_url(gated.own, "VS", "WEEK4")  # nobody froze this one
    before = gated.ledger.position

    def enters() -> int:
        return int(anna.post(url, {**VALUES, "VS[1].WEIGHT": "70.0", "seen:VS[1]": "0"}).status_code)

    assert enters() == 403
    assert "Good Clinical Practice" in plain(anna.post(url, VALUES))
    assert "Good Clinical Practice" in plain(anna.get(gated.base))
    assert 'id="entry"' not in plain(anna.get(url))
    assert ivo.post(url + "sign", {}).status_code == 403
    assert gated.ledger.position == before
    done = {"training": "gcp", "completed_on": "2026-01-01", "valid_until": ""}
    adam.post(gated.base + "training/record", {"user": "own.coordinator", **done})
    assert enters() == 403
    task = {"site": OWN, "task": "enter", "starts_on": "2026-01-01", "ends_on": ""}
    ivo.post(gated.base + "training/delegate", {"user": "own.coordinator", **task})
    assert enters() in (200, 409, 422)
    assert 'id="entry"' in plain(anna.get(url))
    page = plain(adam.get(gated.base + "training/"))
    assert "gcp" in page
    ivo.post(gated.base + "training/delegate", {"user": "own.coordinator", **task, "task": ""})
    assert enters() == 403
    kinds = [f.kind for f in gated.ledger.facts(after=before) if f.kind.startswith(("training", "delegation"))]
    assert kinds == [TrainingRecorded.NAME, DelegationChanged.NAME, DelegationChanged.NAME]
    adam.post(gated.base + "training/record", {"user": "own.investigator", **done})
    assert ivo.post(url + "sign", {}).status_code != 403


@pytest.mark.requirement(22)
def test_an_expired_training_ends_what_it_permitted(gated: TwoSites) -> None:
    ivo, adam = gated.client("own.investigator"), gated.client("own.administrator")
    url = gated.form_url(gated.own, "VS", "SCREENING")
    past = {"user": "own.investigator", "training": "gcp", "completed_on": "2020-01-01", "valid_until": "2021-01-01"}
    adam.post(gated.base + "training/record", past)
    assert ivo.post(url + "sign", {}).status_code == 403


@pytest.mark.requirement(22)
def test_nobody_trains_or_trusts_herself_and_nobody_a_foreign_site(gated: TwoSites) -> None:
    ivo, adam = gated.client("own.investigator"), gated.client("own.administrator")
    before = gated.ledger.position
    done = {"training": "gcp", "completed_on": "2026-01-01", "valid_until": ""}
    task = {"task": "enter", "starts_on": "2026-01-01", "ends_on": ""}
    wrong = [
        (adam, "record", {"user": "own.administrator", **done}),
        (adam, "record", {"user": "own.coordinator", **done, "training": "other"}),
        (adam, "record", {"user": "own.coordinator", **done, "completed_on": "2999-01-01"}),
        (adam, "record", {"user": "nobody.here", **done}),
        (ivo, "delegate", {"user": "own.investigator", "site": OWN, **task}),
        (ivo, "delegate", {"user": "zqx77.coordinator", "site": OWN, **task}),
        (ivo, "delegate", {"user": "zqx77.coordinator", "site": "ZQX77", **task}),
        (ivo, "delegate", {"user": "own.coordinator", "site": OWN, **task, "ends_on": "2020-01-01"}),
    ]
    for client, page, body in wrong:
        client.post(gated.base + f"training/{page}", body)
    assert gated.ledger.position == before
    assert "zqx77" not in plain(ivo.get(gated.base + "training/"))


@pytest.mark.requirement(25, 27)
def test_all_accounts_are_reviewed_on_record_and_access_on_a_day_is_told(two: TwoSites) -> None:
    from datetime import UTC, datetime

    adam = two.client("own.administrator")
    page = plain(adam.get(two.base + "people/review"))
    assert all(user in page for user in two.people.values())
    answer = adam.post(two.base + "people/review", {"note": "All still needed"}, follow=True)
    assert "All still needed" in plain(answer)
    fact = list(two.ledger.facts(kind=AccountsReviewed.NAME))[-1]
    assert (fact.actor, fact.role, fact.payload["note"]) == ("own.administrator", "administrator", "All still needed")
    assert fact.payload["accounts"] >= len(two.people)
    today = datetime.now(UTC).date().isoformat()
    assert "zqx77.monitor" in plain(adam.get(two.base + f"people/review?on={today}"))
    assert "Nobody." in plain(adam.get(two.base + "people/review?on=2020-01-01"))
    assert "YYYY-MM-DD" in plain(adam.get(two.base + "people/review?on=never"))
