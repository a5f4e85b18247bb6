"""Whether a study holds together: references (resolve) and the plan that they make (plan)."""

from opencro.study.check.whole import check_study

__all__ = ["check_study"]
