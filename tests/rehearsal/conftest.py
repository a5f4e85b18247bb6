"""Studies, rehearsed once per session: the starter with and without its plan, a small run of the pilot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from opencro.ledger import Ledger, create_ledger
from opencro.rehearsal import RehearsalReport, VirtualClock, rehearse
from opencro.study import Study, init_study, load_study


@dataclass(frozen=True)
class Played:
    """A study, the ledger that its rehearsal filled, and the report."""

    study: Study
    ledger: Ledger
    report: RehearsalReport


def play(study: Study, folder: Path, participants: int, seed: int = 1) -> Played:
    """Rehearse into a new ledger in a folder."""
    clock = VirtualClock()
    folder.mkdir(parents=True, exist_ok=True)
    ledger = create_ledger(str(folder / "ledger.sqlite"), study=study.id, purpose="rehearsal", clock=clock)
    report = rehearse(study, ledger, participants=participants, seed=seed, clock=clock)
    return Played(study, ledger, report)


@pytest.fixture(scope="session")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return load_study(init_study(tmp_path_factory.mktemp("starter") / "study", "ABC", "A starter study"))


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The starter without a plan: all of it is filled by the types of items."""
    folder = init_study(tmp_path_factory.mktemp("bare") / "study", "BARE", "A starter study")
    (folder / "conduct" / "rehearsal.yaml").unlink()
    return load_study(folder)


@pytest.fixture(scope="session")
def pilot(root: Path) -> Study:
    return load_study(root / "studies" / "cdiscpilot01")


@pytest.fixture(scope="session")
def played_pilot(pilot: Study, tmp_path_factory: pytest.TempPathFactory) -> Played:
    return play(pilot, tmp_path_factory.mktemp("pilot"), 60)


@pytest.fixture(scope="session")
def played_starter(starter: Study, tmp_path_factory: pytest.TempPathFactory) -> Played:
    return play(starter, tmp_path_factory.mktemp("played"), 50)


@pytest.fixture(scope="session")
def played_bare(bare: Study, tmp_path_factory: pytest.TempPathFactory) -> Played:
    return play(bare, tmp_path_factory.mktemp("played_bare"), 50)


@pytest.fixture(scope="session")
def player() -> Callable[..., Played]:
    return play
