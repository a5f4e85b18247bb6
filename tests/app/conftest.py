"""A small study with records, made once: the starter study, rehearsed and built."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencro.app.build import build
from opencro.app.rehearsal import rehearse_study
from opencro.study import Study, init_study, load_study


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The starter study with 24 virtual participants and a build; do not change it."""
    folder = init_study(tmp_path_factory.mktemp("played") / "STARTER", "STARTER", "A starter study")
    study = load_study(folder)
    rehearse_study(study, participants=24, seed=7)
    build(study)
    return study


@pytest.fixture
def folder(played: Study) -> Path:
    """The folder of the small study."""
    return played.root
