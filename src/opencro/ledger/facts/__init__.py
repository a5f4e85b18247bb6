"""Every kind of fact, in one list, stored under a stable name and version and never under a Python path.

A kind that must change its fields gets a new class with the next version; the old class stays, because old facts stay.
"""

from opencro.ledger.facts.coding import ItemCoded, ItemUncoded, SynonymChanged
from opencro.ledger.facts.data import DataExported, DataImported, RecordChanged, RecordRemoved
from opencro.ledger.facts.kind import FactKind, Payload
from opencro.ledger.facts.people import (
    AccountsReviewed,
    DelegationChanged,
    ParticipantEnrolled,
    ParticipantWithdrawn,
    RoleChanged,
    TrainingRecorded,
    UserLoggedIn,
)
from opencro.ledger.facts.study import DesignApproved, LedgerCreated, SettingChanged, StudyPublished
from opencro.ledger.facts.workflow import (
    FormCompleted,
    FormLocked,
    FormSigned,
    FormUnlocked,
    QueryAnswered,
    QueryCancelled,
    QueryClosed,
    QueryRaised,
    QueryReopened,
    ReviewFlagged,
    SourceVerified,
    TrailReviewed,
    TreatmentUnblinded,
    UnblindedViewed,
)

KINDS: dict[str, type[FactKind]] = {
    kind.NAME: kind
    for kind in (
        LedgerCreated,
        StudyPublished,
        DesignApproved,
        SettingChanged,
        RecordChanged,
        RecordRemoved,
        DataImported,
        DataExported,
        ParticipantEnrolled,
        ParticipantWithdrawn,
        RoleChanged,
        UserLoggedIn,
        TrainingRecorded,
        DelegationChanged,
        AccountsReviewed,
        FormCompleted,
        FormSigned,
        FormLocked,
        FormUnlocked,
        SourceVerified,
        QueryRaised,
        QueryAnswered,
        QueryClosed,
        QueryReopened,
        QueryCancelled,
        ReviewFlagged,
        ItemCoded,
        ItemUncoded,
        SynonymChanged,
        TreatmentUnblinded,
        UnblindedViewed,
        TrailReviewed,
    )
}

__all__ = [
    "KINDS",
    "AccountsReviewed",
    "DataExported",
    "DataImported",
    "DelegationChanged",
    "DesignApproved",
    "FactKind",
    "FormCompleted",
    "FormLocked",
    "FormSigned",
    "FormUnlocked",
    "ItemCoded",
    "ItemUncoded",
    "LedgerCreated",
    "ParticipantEnrolled",
    "ParticipantWithdrawn",
    "Payload",
    "QueryAnswered",
    "QueryCancelled",
    "QueryClosed",
    "QueryRaised",
    "QueryReopened",
    "RecordChanged",
    "RecordRemoved",
    "ReviewFlagged",
    "RoleChanged",
    "SettingChanged",
    "SourceVerified",
    "StudyPublished",
    "SynonymChanged",
    "TrailReviewed",
    "TrainingRecorded",
    "TreatmentUnblinded",
    "UnblindedViewed",
    "UserLoggedIn",
]
