"""Why shares of a part are far from the nominal one: properties of the methods, with their sources."""

from __future__ import annotations

NOTES = {
    "gaps": """\
Where a reference-based assumption holds, Rubin's variance is larger than the variance of the estimate over
repeated trials, so that its interval covers too often and its test rejects too seldom; the jackknife of
conditional means is the frequentist variance (Seaman, White and Leacy 2014; Wolbers et al. 2022). Under MAR
both mean the same.
""",
    "models": """\
A continuous covariate with a slope of its own at each threshold makes predictors cross in many small trials; there
is then no maximum, no interval (note STA-206), and the trial counts as not covered. Exact limits cover more.
""",
    "agreements": """\
Limits of Youden's index add those of sensitivity and specificity (as R epiR does) and are too wide by
construction. Limits of the intercept by Passing and Bablok (1983) follow from those of the slope alone and
leave out the spread of the median.
""",
    "beliefs": """\
A credible interval holds its level on average over its prior, not at each value: an informative prior covers
more where the history is right and less where it is wrong, and a decision errs more often in the second case.
No borrowing method can control the type-I error over all values and gain power (Kopp-Schneider, Calderazzo and
Wiesenfarth 2020). The robust prior gives way when data disagree, more so the larger the trial. Two trials in
conflict with shared tau pull each other.
""",
    "doses": """\
Tests are one-sided at 2.5 %. The estimate of ED50 is skew at this size, a symmetric interval covers less than
it says.
""",
    "tables": """\
Scaled limits of bioequivalence widen with an estimated variability: at 1.25 and a variability near the switch
at 30 % they err more often than 5 % (Wonnemann, Froemke and Koch 2015; Labes and Schuetz 2016), a property of
the rules. Benjamini and Hochberg control the false discovery rate, which is the family-wise error where all are
true. The weights of the stratified Wilson interval are by default estimated from the same events and favour
strata with few of them, so that it covers less than with weights fixed beforehand (0.942 with the sizes of the
strata, here).
""",
}
