"""Facts about users, folded into their rows: roles, logins, trainings, delegations."""

from __future__ import annotations

from typing import Any

from opencro.app.web.models import AccountRow, DelegationRow, MembershipRow, TrainingRow
from opencro.ledger import DelegationChanged, Fact, RoleChanged, TrainingRecorded, UserLoggedIn


def follow_user(study: str, fact: Fact) -> None:
    """Fold one fact; those that are about no user change nothing."""
    what, site = fact.what, fact.key.site
    if isinstance(what, RoleChanged):
        _follow_role(study, site, what, fact.recorded_at)
    elif isinstance(what, UserLoggedIn):
        _follow_login(study, what, fact.recorded_at)
    elif isinstance(what, TrainingRecorded):
        values = {"completed_on": what.completed_on, "valid_until": what.valid_until}
        TrainingRow.objects.update_or_create(study=study, user=what.user, training=what.training, defaults=values)
    elif isinstance(what, DelegationChanged):
        said: dict[str, Any] = {"tasks": what.tasks, "starts_on": what.starts_on, "ends_on": what.ends_on}
        DelegationRow.objects.update_or_create(study=study, site=site, user=what.user, defaults=said)


def _follow_role(study: str, site: str, what: RoleChanged, at: str) -> None:
    AccountRow.objects.get_or_create(study=study, user=what.user)
    here: dict[str, Any] = {"study": study, "user": what.user, "site": site}
    if what.new_role:
        MembershipRow.objects.update_or_create(**here, defaults={"role": what.new_role, "since": at})
    else:
        MembershipRow.objects.filter(**here).delete()


def _follow_login(study: str, what: UserLoggedIn, at: str) -> None:
    row, _made = AccountRow.objects.get_or_create(study=study, user=what.user)
    if what.succeeded:
        row.last_login_at, row.failed_since = at, 0
    else:
        row.last_failed_at, row.failed_since = at, row.failed_since + 1
    row.save()
