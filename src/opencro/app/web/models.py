"""Tables of the web application. All but drafts and tokens repeat what the ledger says, up to `Progress.position`.

They can be dropped and are made again from the facts (`catch_up.py`); nothing is true because it stands here.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Progress(models.Model):
    """Up to which fact the tables of a study repeat its ledger."""

    study = models.CharField(max_length=64, primary_key=True)
    position = models.BigIntegerField(default=0)


class Participant(models.Model):
    """A participant of a study."""

    study = models.CharField(max_length=64)
    site = models.CharField(max_length=64)
    participant = models.CharField(max_length=64)
    enrolled_on = models.CharField(max_length=32, blank=True)
    withdrawn_on = models.CharField(max_length=32, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["study", "participant"], name="one_participant"),)
        indexes = (models.Index(fields=["study", "site", "participant"]),)


class Place(models.Model):
    """Where in a study: a form of a participant at a visit."""

    study = models.CharField(max_length=64)
    site = models.CharField(max_length=64)
    participant = models.CharField(max_length=64)
    event = models.CharField(max_length=64, blank=True)
    event_repeat = models.IntegerField(default=0)
    form = models.CharField(max_length=64)
    form_repeat = models.IntegerField(default=1)

    class Meta:
        abstract = True


class FormRow(Place):
    """A form that something happened to; `work` is its `FormWork` as JSON, the columns beside it are for lists."""

    state = models.CharField(max_length=16, default="empty")
    stale = models.BooleanField(default=False)
    frozen = models.BooleanField(default=False)
    locked = models.BooleanField(default=False)
    flagged = models.BooleanField(default=False)
    open_queries = models.IntegerField(default=0)
    answered_queries = models.IntegerField(default=0)
    last_saved_at = models.CharField(max_length=32, blank=True)
    work = models.JSONField(default=dict)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["study", "participant", "event", "event_repeat", "form", "form_repeat"], name="one_form"
            ),
        )
        indexes = (models.Index(fields=["study", "site", "state"]),)


class QueryRow(Place):
    """A query."""

    name = models.CharField(max_length=32)
    group = models.CharField(max_length=64, blank=True)
    group_repeat = models.IntegerField(default=0)
    item = models.CharField(max_length=64, blank=True)
    rule = models.CharField(max_length=64, blank=True)
    text = models.TextField(blank=True)
    state = models.CharField(max_length=16, default="open")
    raised_at = models.CharField(max_length=32)
    raised_by = models.CharField(max_length=64)
    changed_at = models.CharField(max_length=32)
    answer = models.TextField(blank=True)
    reopened = models.TextField(blank=True)
    last_fact = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["study", "name"], name="one_query"),)
        indexes = (
            models.Index(fields=["study", "state", "site"]),
            models.Index(fields=["study", "participant", "form"]),
        )


class LockRow(models.Model):
    """A lock or freeze of a place wider than a form; empty parts stand for all."""

    study = models.CharField(max_length=64)
    site = models.CharField(max_length=64, blank=True)
    participant = models.CharField(max_length=64, blank=True)
    event = models.CharField(max_length=64, blank=True)
    event_repeat = models.IntegerField(default=0)
    level = models.CharField(max_length=8)

    class Meta:
        indexes = (models.Index(fields=["study", "site", "participant"]),)


class MembershipRow(models.Model):
    """A user's role at a site, or at all ("")."""

    study = models.CharField(max_length=64)
    user = models.CharField(max_length=150)
    site = models.CharField(max_length=64, blank=True)
    role = models.CharField(max_length=64)
    since = models.CharField(max_length=32)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["study", "user", "site"], name="one_membership"),)
        indexes = (models.Index(fields=["study", "user"]),)


class AccountRow(models.Model):
    """What a study's facts say of a user's logins; a name that stands here was used, and is never given again."""

    study = models.CharField(max_length=64)
    user = models.CharField(max_length=150)
    last_login_at = models.CharField(max_length=32, blank=True)
    failed_since = models.IntegerField(default=0)
    """Failed logins since the last one that succeeded."""
    last_failed_at = models.CharField(max_length=32, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["study", "user"], name="one_account"),)
        indexes = (models.Index(fields=["user"]),)


class TrainingRow(models.Model):
    """A user's newest record of a training; dates are ISO 8601, an empty `valid_until` stands for ever."""

    study = models.CharField(max_length=64)
    user = models.CharField(max_length=150)
    training = models.CharField(max_length=64)
    completed_on = models.CharField(max_length=10)
    valid_until = models.CharField(max_length=10, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["study", "user", "training"], name="one_training"),)


class DelegationRow(models.Model):
    """What is delegated to a user at a site ("": everywhere): permissions, and the days between which it holds."""

    study = models.CharField(max_length=64)
    site = models.CharField(max_length=64, blank=True)
    user = models.CharField(max_length=150)
    tasks = models.JSONField(default=list)
    starts_on = models.CharField(max_length=10)
    ends_on = models.CharField(max_length=10, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["study", "site", "user"], name="one_delegation"),)


class FirstPassword(models.Model):
    """The user still has the password that an administrator gave: it opens nothing but the page that changes it."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True)


class Draft(Place):
    """What somebody typed and has not saved, kept so that nothing typed is lost; it is nobody else's and no record."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    typed = models.JSONField(default=dict)
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["user", "study", "participant", "event", "event_repeat", "form", "form_repeat"],
                name="one_draft",
            ),
        )


class Token(models.Model):
    """A key for programs: only its SHA-256 is kept. `scopes` are permissions, never more than the user has."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    study = models.CharField(max_length=64)
    title = models.CharField(max_length=120)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    made_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True, blank=True)
