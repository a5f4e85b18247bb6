"""Mixed models for repeated measures beside R's mmrm: an unstructured covariance on two data sets; 1,000 bootstraps.

sim_2000x10 (17,273 values, 10 visits) and fev_data (537 values, 4 visits), from the table to coefficients with degrees
of freedom. The limit is one QR decomposition of the model matrix. Each runs on one core. Needs ../shared/data; R is
measured where Rscript finds the package mmrm.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks._process import cpu_seconds, run_alone
from opencro.stats.mmrm import fit_mmrm, refit_mmrm_batch

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "analysis" / "mmrm"
SIM = "y ~ base + sex + arm * visit"
FEV = "FEV1 ~ RACE + SEX + ARMCD * AVISIT"
REPLICATES = 1000
Row = tuple[str, float, float, float, float]
SCRIPT = """
library(mmrm)
once <- function(work) sum(system.time(work())[c("user.self", "sys.self")])
cpu <- function(times, work) min(sapply(seq_len(times), function(i) once(work)))
sim <- read.csv(file.path("{folder}", "sim_2000x10.csv"))
for (v in c("id", "visit", "arm", "sex")) sim[[v]] <- factor(sim[[v]])
fev <- read.csv(file.path("{folder}", "fev_data.csv"))
for (v in c("USUBJID", "AVISIT", "ARMCD", "RACE", "SEX")) fev[[v]] <- factor(fev[[v]])
one <- function(d, f, ...) function() summary(mmrm(f, d, ...))
big <- y ~ base + sex + arm * visit + us(visit | id)
small <- FEV1 ~ RACE + SEX + ARMCD * AVISIT + us(AVISIT | USUBJID)
linear <- list(method = "Kenward-Roger", vcov = "Kenward-Roger-Linear")
fast <- cpu(5, one(fev, small))
cat(sprintf('{{"sim satterthwaite": %f, "sim kenward-roger-linear": %f, "fev satterthwaite": %f,
"fev kenward-roger-linear": %f, "bootstrap": %f}}',
  cpu(1, one(sim, big)), cpu(1, do.call(one, c(list(sim, big), linear))), fast,
  cpu(5, do.call(one, c(list(fev, small), linear))), {replicates} * fast))
"""


def measure() -> list[Row]:
    """(name, ours, peer, ratio peer/ours, limit) in CPU seconds; peer and ratio are NaN where R has no mmrm."""
    ours, peer = run_alone("benchmarks.mmrm"), _measure_r()
    limits = {"sim": ours["limit sim"], "fev": ours["limit fev"], "bootstrap": REPLICATES * ours["limit fev"]}
    names = {
        "sim satterthwaite": "mmrm us, 2,000 subjects x 10 visits, Satterthwaite: CPU s",
        "sim kenward-roger-linear": "mmrm us, 2,000 subjects x 10 visits, Kenward-Roger linear: CPU s",
        "fev satterthwaite": "mmrm us, FEV1, Satterthwaite: CPU s",
        "fev kenward-roger-linear": "mmrm us, FEV1, Kenward-Roger linear: CPU s",
        "bootstrap": "mmrm us, FEV1, 1,000 bootstraps: CPU s",
    }
    return [
        (title, ours[key], peer.get(key, math.nan), peer.get(key, math.nan) / ours[key], limits[key.split()[0]])
        for key, title in names.items()
    ]


def main() -> None:
    """Prints our numbers as JSON."""
    sim = pl.read_csv(FOLDER / "sim_2000x10.csv", schema_overrides={"arm": pl.String})
    fev = pl.read_csv(FOLDER / "fev_data.csv", null_values=["NA"])
    found = {}
    for df in ("satterthwaite", "kenward-roger-linear"):
        found[f"sim {df}"] = _best(lambda df=df: fit_mmrm(SIM, sim, subject="id", visit="visit", df=df))
        found[f"fev {df}"] = _best(lambda df=df: fit_mmrm(FEV, fev, subject="USUBJID", visit="AVISIT", df=df))
    fit = fit_mmrm(FEV, fev, subject="USUBJID", visit="AVISIT")
    whole = fit_mmrm(SIM, sim, subject="id", visit="visit")
    matrix = fit.formula_matrix()
    seen = fev.filter(matrix.keep)
    draws = np.random.default_rng(1).multinomial(fit.subjects, np.full(fit.subjects, 1 / fit.subjects), REPLICATES)
    found["bootstrap"] = _best(
        lambda: refit_mmrm_batch(matrix.x, matrix.response, seen["USUBJID"], seen["VISITN"], draws), 2
    )
    found["limit fev"] = _best(lambda: np.linalg.qr(matrix.x), 50)
    found["limit sim"] = _best(lambda: np.linalg.qr(whole.formula_matrix().x))
    print(json.dumps(found))


def _measure_r() -> dict[str, float]:
    if shutil.which("Rscript") is None:
        return {}
    script = SCRIPT.format(folder=FOLDER.as_posix(), replicates=REPLICATES)
    done = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True)
    return dict(json.loads(done.stdout)) if done.returncode == 0 else {}


def _best(work: Callable[[], object], times: int = 5) -> float:
    return min(cpu_seconds(work) for _ in range(times))


if __name__ == "__main__":
    main()
