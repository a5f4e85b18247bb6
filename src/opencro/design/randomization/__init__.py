"""Randomization: schemes, lists that another program can make, predictability, balance, the test they justify."""

from opencro.design.randomization.assess import (
    RerandomizationTest,
    SchemeProperties,
    assess_lists,
    assess_schemes,
    difference_of_means,
    rerandomization_test,
)
from opencro.design.randomization.lists import RandomizationList, make_list, next_arm
from opencro.design.randomization.minimize import Minimization, minimize
from opencro.design.randomization.schemes import (
    BiasedCoin,
    BigStick,
    PermutedBlocks,
    Scheme,
    SimpleRandomization,
    Urn,
)

__all__ = [
    "BiasedCoin",
    "BigStick",
    "Minimization",
    "PermutedBlocks",
    "RandomizationList",
    "RerandomizationTest",
    "Scheme",
    "SchemeProperties",
    "SimpleRandomization",
    "Urn",
    "assess_lists",
    "assess_schemes",
    "difference_of_means",
    "make_list",
    "minimize",
    "next_arm",
    "rerandomization_test",
]
