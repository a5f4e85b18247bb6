"""Many at once, and the plug pulled: no update is lost, and nothing that was acknowledged is gone."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from opencro.ledger import RecordChanged, open_ledger
from opencro.study import Study
from tests.app.web.served import Visitor, copy_study, serve

FORM = "forms/SCREENING/1/VS/1/"


def _enrol(visitor: Visitor, study: str) -> str:
    _, page = visitor.get(f"/{study}/participants/enrol")
    site = re.findall(r"<option[^>]*>([^<]+)</option>", page.partition('id="site"')[2])[0]
    _, shown = visitor.post(f"/{study}/participants/enrol", {"site": site, "enrolled_on": "2026-01-31"})
    found = re.search(r"<title>\s*([\w-]+)", shown)
    assert found, shown[:500]
    return f"/{study}/participants/{found[1]}/"


@pytest.mark.requirement(29)
def test_fifty_saves_of_one_form_at_once_lose_no_update(played: Study, tmp_path: Path) -> None:
    served = serve(copy_study(played.root, tmp_path / "STARTER"))
    try:
        anna = Visitor(served, "anna")
        url = _enrol(anna, played.id) + FORM
        anna.post(url, {"seen:VS[1]": "0", "VS[1].PULSE": "60"})
        seen = anna.seen(url)

        def save(number: int) -> int:
            values = {"VS[1].PULSE": str(60 + number), "reason": f"save {number}"}
            return anna.post(url, {**seen, **values})[0]

        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(save, range(1, 51)))
    finally:
        served.kill()
    assert set(answers) <= {200, 409}
    with open_ledger(served.folder / "ledger.sqlite") as ledger:
        person = url.split("/")[3]
        changes = list(ledger.facts(participant=person, kind=RecordChanged.NAME))[1:]
        assert len(changes) == answers.count(200) == 1
        assert ledger.verify().ok


@pytest.mark.requirement(42)
def test_killing_the_server_loses_no_save_that_was_acknowledged(played: Study, tmp_path: Path) -> None:
    folder = copy_study(played.root, tmp_path / "STARTER")
    served = serve(folder)
    acknowledged: list[tuple[str, int]] = []
    stop = threading.Event()
    people = []
    try:
        anna = Visitor(served, "anna")
        people = [_enrol(anna, played.id) for _ in range(4)]

        def work(person: str) -> None:
            visitor = Visitor(served, "anna")
            number = 20
            while not stop.is_set():
                number += 1
                try:
                    values = {"VS[1].PULSE": str(number), "reason": f"save {number}"}
                    status, _ = visitor.post(person + FORM, {**visitor.seen(person + FORM), **values})
                except OSError:
                    return
                if status == 200:
                    acknowledged.append((person, number))

        threads = [threading.Thread(target=work, args=(person,)) for person in people]
        for thread in threads:
            thread.start()
        while len(acknowledged) < 12 and any(thread.is_alive() for thread in threads):
            stop.wait(0.05)
    finally:
        served.kill()
        stop.set()
    for thread in threads:
        thread.join()
    assert len(acknowledged) >= 12
    with open_ledger(folder / "ledger.sqlite") as ledger:
        assert ledger.verify().ok
        for person, number in acknowledged:
            facts = ledger.facts(participant=person.split("/")[3], kind=RecordChanged.NAME)
            assert any(fact.payload["items"]["PULSE"][1] == str(number) for fact in facts), (person, number)
    again = serve(folder)
    try:
        assert Visitor(again, "anna").get(people[0] + FORM)[0] == 200
    finally:
        again.kill()
