"""Survival methods beside R's survival: 10,000 simulated trials of 600 people, and one Cox model of a million rows.

Stratified log-rank test (4 strata), Cox regression with those strata and with two covariates beside, RMST, Kaplan-Meier
at a landmark; times are simulated beforehand. R fits each trial by itself, as its functions do; it is timed on fewer
trials and scaled up. The limit is one sort of the same times by NumPy. Each runs on one core.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from collections.abc import Callable

import numpy as np

from benchmarks._process import cpu_seconds, run_alone
from opencro.stats import survival as sv

TRIALS, SIZE, STRATA = 10_000, 600, 4
MANY, COVARIATES = 1_000_000, 5
Row = tuple[str, float, float, float, float]
SCRIPT = """
library(survival)
set.seed(1)
n <- {size}; arm <- rep(0:1, n / 2); stratum <- sample({strata}, n, TRUE); x <- matrix(rnorm(2 * n), n)
draw <- function(i) {{
  time <- rexp(n); left <- runif(n, 0.2, 2); data.frame(time = pmin(time, left), event = time <= left)
}}
cpu <- function(work) sum(system.time(work())[c("user.self", "sys.self")])
each <- function(times, work) {{
  trials <- lapply(seq_len(times), draw)
  cpu(function() for (d in trials) work(d)) / times * {trials}
}}
log_rank <- each(300, function(d) survdiff(Surv(time, event) ~ arm + strata(stratum), d))
cox <- each(300, function(d) coxph(Surv(time, event) ~ arm + strata(stratum), d))
adjusted <- each(300, function(d) coxph(Surv(time, event) ~ arm + x + strata(stratum), d))
landmark <- each(300, function(d) summary(survfit(Surv(time, event) ~ arm, d), times = 1))
mean <- each(300, function(d) summary(survfit(Surv(time, event) ~ arm, d), rmean = 1.5)$table)
n <- {many}; x <- matrix(rnorm({covariates} * n), n); d <- draw(1)
million <- cpu(function() coxph(Surv(time, event) ~ x, d))
cat(sprintf('{{"log-rank": %f, "cox": %f, "adjusted": %f, "landmark": %f, "mean": %f, "million": %f}}',
  log_rank, cox, adjusted, landmark, mean, million))
"""


def measure() -> list[Row]:
    """(name, ours, peer, ratio peer/ours, limit) in CPU seconds; peer and ratio are NaN without R survival."""
    ours, peer = run_alone("benchmarks.survival"), _measure_r()
    names = {
        "log-rank": "stratified log-rank, 10,000 trials of 600: CPU s",
        "cox": "Cox with strata, 10,000 trials of 600: CPU s",
        "adjusted": "Cox with strata and 2 covariates, 10,000 trials of 600: CPU s",
        "landmark": "Kaplan-Meier at a landmark, 10,000 trials of 600: CPU s",
        "mean": "restricted mean, 10,000 trials of 600: CPU s",
        "million": "Cox, 1,000,000 rows, 5 covariates: CPU s",
    }
    return [
        (
            title if peer else f"{title} (R survival not installed)", ours[key], peer.get(key, math.nan),
            peer.get(key, math.nan) / ours[key], ours["limit million" if key == "million" else "limit"],
        )
        for key, title in names.items()
    ]  # fmt: skip


def main() -> None:
    """Prints our numbers as JSON."""
    rng = np.random.default_rng(1)
    onset, left = rng.exponential(1, (TRIALS, SIZE)), rng.uniform(0.2, 2, (TRIALS, SIZE))
    time, event = np.minimum(onset, left), onset <= left
    arm, stratum = np.arange(SIZE) % 2, rng.integers(0, STRATA, (TRIALS, SIZE))
    x = rng.normal(size=(TRIALS, SIZE, 2))
    found = {
        "log-rank": _best(lambda n: sv.stratified_log_rank_batch(time[:n], event[:n], arm, stratum[:n])),
        "cox": _best(lambda n: sv.cox_batch(time[:n], event[:n], arm, stratum=stratum[:n])),
        "adjusted": _best(lambda n: sv.cox_batch(time[:n], event[:n], arm, stratum=stratum[:n], covariates=x[:n])),
        "landmark": _best(lambda n: sv.kaplan_meier_at_batch(time[:n], event[:n], arm, [1.0])),
        "mean": _best(lambda n: sv.rmst_batch(time[:n], event[:n], arm, tau=1.5)),
        "limit": _best(lambda n: np.sort(time[:n], axis=1)),
    }
    onset, left = rng.exponential(1, MANY), rng.uniform(0.2, 2, MANY)
    time, event, x = np.minimum(onset, left), onset <= left, rng.normal(size=(MANY, COVARIATES))
    found["million"] = _best(lambda n: sv.fit_cox(time[: 100 * n], event[: 100 * n], x[: 100 * n]))
    found["limit million"] = _best(lambda n: np.sort(time[: 100 * n]))
    print(json.dumps(found))


def _best(work: Callable[[int], object], times: int = 3) -> float:
    """CPU seconds of the fastest of some calls; a small one before them compiles."""
    work(2)
    return min(cpu_seconds(lambda: work(TRIALS)) for _ in range(times))


def _measure_r() -> dict[str, float]:
    program = shutil.which("Rscript")
    if program is None:
        return {}
    script = SCRIPT.format(size=SIZE, strata=STRATA, trials=TRIALS, many=MANY, covariates=COVARIATES)
    done = subprocess.run([program, "-e", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if done.returncode:
        return {}
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


if __name__ == "__main__":
    main()
