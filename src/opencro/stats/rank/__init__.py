"""Rank methods: Wilcoxon's tests, Hodges-Lehmann, van Elteren, Kruskal-Wallis, Friedman, Jonckheere-Terpstra."""

from opencro.stats.rank.rank_sum import (
    RankSumTest,
    StratifiedRankTest,
    rank_sum,
    rank_sum_batch,
    rank_sum_exact,
    stratified_rank_sum,
    van_elteren,
)
from opencro.stats.rank.sample import RankTests
from opencro.stats.rank.several import (
    JonckheereTest,
    RankChiSquare,
    friedman,
    jonckheere_terpstra,
    kruskal_wallis,
    kruskal_wallis_batch,
)
from opencro.stats.rank.shift import (
    Shift,
    hodges_lehmann,
    hodges_lehmann_exact,
    hodges_lehmann_paired,
    hodges_lehmann_paired_exact,
)
from opencro.stats.rank.signed_rank import SignedRankTest, signed_rank, signed_rank_exact

__all__ = [
    "JonckheereTest",
    "RankChiSquare",
    "RankSumTest",
    "RankTests",
    "Shift",
    "SignedRankTest",
    "StratifiedRankTest",
    "friedman",
    "hodges_lehmann",
    "hodges_lehmann_exact",
    "hodges_lehmann_paired",
    "hodges_lehmann_paired_exact",
    "jonckheere_terpstra",
    "kruskal_wallis",
    "kruskal_wallis_batch",
    "rank_sum",
    "rank_sum_batch",
    "rank_sum_exact",
    "signed_rank",
    "signed_rank_exact",
    "stratified_rank_sum",
    "van_elteren",
]
