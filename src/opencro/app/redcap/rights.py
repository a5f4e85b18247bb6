"""What a user may do through this door: REDCap's rights, as they were given here, or as the roles of ours amount to.

A right that is not given is refused before anything is read. Source: REDCap's user rights; capture/rules/roles.yaml.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from opencro.app.redcap.exchange import ApiRefused
from opencro.capture import Membership, role_for, sites_for

FLAGS = (
    *("design", "alerts", "user_rights", "data_access_groups", "reports", "stats_and_charts"),
    *("manage_survey_participants", "calendar", "data_import_tool", "data_comparison_tool", "logging", "email_logging"),
    *("file_repository", "data_quality_create", "data_quality_execute", "api_export", "api_import", "api_modules"),
    *("mobile_app", "mobile_app_download_data", "record_create", "record_rename", "record_delete"),
    *("lock_records_all_forms", "lock_records", "lock_records_customization"),
    *("random_setup", "random_dashboard", "random_perform"),
)
_XML_NAMES = {
    "lock_record": "lock_records",
    "lock_record_multiform": "lock_records_all_forms",
    "lock_record_customize": "lock_records_customization",
    "data_logging": "logging",
    "graphical": "stats_and_charts",
    "participants": "manage_survey_participants",
    "data_quality_design": "data_quality_create",
}
_OWNER_LACKS = (*("email_logging", "api_modules", "record_delete", "record_rename", "mobile_app_download_data"),)
_PERMISSIONS = {
    "export": ("api_export", "reports", "stats_and_charts"),
    "enter": (
        *("api_import", "data_import_tool", "record_create", "manage_survey_participants", "data_comparison_tool"),
        *("calendar", "mobile_app", "mobile_app_download_data"),
    ),
    "enrol": ("record_create", "random_perform"),
    "design": (
        *("design", "file_repository", "alerts", "data_quality_create", "data_quality_execute", "api_modules"),
        *("random_setup", "random_dashboard", "lock_records_customization"),
    ),
    "people": ("user_rights", "data_access_groups"),
    "audit": ("logging", "email_logging"),
    "lock": ("lock_records", "lock_records_all_forms"),
}
"""A permission of ours -> the rights that it gives here."""
NO_ACCESS, FULL, DE_IDENTIFIED, NO_IDENTIFIERS = 0, 1, 2, 3
"""What a user may export of a form."""


@dataclass(frozen=True)
class Rights:
    """What a user may do; `forms` and `forms_export` name forms that differ from `all_forms` and `all_export`."""

    flags: Mapping[str, int]
    forms: Mapping[str, int] = field(default_factory=dict)
    forms_export: Mapping[str, int] = field(default_factory=dict)
    all_forms: int = FULL
    all_export: int = FULL
    group: str = ""
    """The data access group that the user is bound to."""
    sites: frozenset[str] | None = None
    """The sites whose records are seen; None: all."""
    may_write_at: frozenset[str] | None = None

    def may(self, right: str) -> bool:
        """Whether a right is given."""
        return self.flags.get(right, 0) > 0

    def demand(self, *rights: str) -> None:
        """Refuse the call where one of the rights is not given."""
        for right in rights:
            if not self.may(right):
                words = {
                    "api_export": "API Export privileges",
                    "api_import": "API Import/Update privileges",
                    "record_delete": "Delete Record privileges",
                }
                raise ApiRefused(f"You do not have {words.get(right, f'the right {right!r}')}", 403)

    def view(self, form: str) -> int:
        """0 no access, 1 view and edit, 2 read only, 3 also edit survey responses."""
        return self.forms.get(form, self.all_forms)

    def export(self, form: str) -> int:
        """0 none, 1 everything, 2 de-identified, 3 without identifiers."""
        return self.forms_export.get(form, self.all_export)


def owner_flags() -> dict[str, int]:
    """What the maker of a project has: everything but what REDCap gives only on purpose."""
    return {name: int(name not in _OWNER_LACKS and not name.startswith("random_")) for name in FLAGS}


def rights_from(stored: Mapping[str, object], role: Mapping[str, object] | None) -> Rights:
    """The rights of a user as they were given here; those of a role come before the user's own."""
    said = {**stored, **{k: v for k, v in (role or {}).items() if k in FLAGS or k in ("forms", "forms_export")}}
    flags = {name: _number(said.get(name)) for name in FLAGS}
    group = str(stored.get("data_access_group") or "")
    sites = frozenset({group}) if group else None
    forms, export = _levels(said.get("forms")), _levels(said.get("forms_export"))
    return Rights(flags, forms, export, NO_ACCESS, NO_ACCESS, group, sites, sites)


def rights_of_roles(memberships: Iterable[Membership]) -> Rights:
    """What a person's roles in the study amount to here."""
    held = tuple(memberships)
    flags = dict.fromkeys(FLAGS, 0)
    for permission, names in _PERMISSIONS.items():
        if role_for(held, permission) is not None:
            flags |= dict.fromkeys(names, 1)
    sites = sites_for(held, "export")
    identifying = role_for(held, "identifiers") is not None
    level = FULL if identifying else NO_IDENTIFIERS
    write_at = sites_for(held, "enter")
    return Rights(flags, all_export=level, sites=sites, may_write_at=write_at)


def withhold(rights: Rights, memberships: Iterable[Membership]) -> Rights:
    """The same rights without what somebody is not trained or trusted for today."""
    held = tuple(memberships)
    missing = {p for m in held for p in m.without if role_for(held, p) is None}
    lost = {name for permission in missing for name in _PERMISSIONS.get(permission, ())}
    lost |= {"record_delete", "record_rename"} if "enter" in missing else set()
    return replace(rights, flags={name: 0 if name in lost else value for name, value in rights.flags.items()})


def limit(rights: Rights, scopes: frozenset[str] | None) -> Rights:
    """The same rights within what a token permits; None: a token without limits of its own."""
    if scopes is None:
        return rights
    allowed = {name for permission in scopes for name in _PERMISSIONS.get(permission, ())}
    if "enter" in scopes:
        allowed |= {"record_delete", "record_rename"}
    narrowed = {name: value if name in allowed else 0 for name, value in rights.flags.items()}
    if "identifiers" in scopes:
        return replace(rights, flags=narrowed)
    export = {form: NO_IDENTIFIERS if level == FULL else level for form, level in rights.forms_export.items()}
    overall = NO_IDENTIFIERS if rights.all_export == FULL else rights.all_export
    return replace(rights, flags=narrowed, forms_export=export, all_export=overall)


def parse_levels(text: object) -> dict[str, int]:
    """`form_1:1,form_2:0` or `[form_1,1][form_2,0]` or a mapping, as numbers by form."""
    return _levels(text)


def from_xml(attributes: Mapping[str, str], forms: Iterable[str]) -> dict[str, object]:
    """A role of a project XML in the names of the API."""
    value: dict[str, object] = {"role_label": attributes.get("role_name", "")}
    for name, text in attributes.items():
        plain = _XML_NAMES.get(name, name)
        if plain in FLAGS:
            value[plain] = _number(text)
    value["forms"] = _levels(attributes.get("data_entry", ""))
    export = attributes.get("data_export_instruments", "")
    overall = {"0": 0, "1": 1, "2": 2, "3": 3}.get(attributes.get("data_export_tool", ""), 0)
    value["forms_export"] = _levels(export) or dict.fromkeys(forms, overall)
    return value


def to_xml(role: Mapping[str, object]) -> dict[str, str]:
    """A role in the names of a project XML."""
    old = {plain: name for name, plain in _XML_NAMES.items()}
    value = {old.get(flag, flag): str(_number(role.get(flag))) for flag in FLAGS}
    for name, key in (("data_entry", "forms"), ("data_export_instruments", "forms_export")):
        value[name] = "".join(f"[{form},{level}]" for form, level in _levels(role.get(key)).items())
    return {"role_name": str(role.get("role_label") or ""), **value}


def _number(value: object) -> int:
    text = str(value if value is not None else "").strip()
    if isinstance(value, bool):
        return int(value)
    return int(text) if text.isdigit() else 0


def _levels(value: object) -> dict[str, int]:
    if isinstance(value, Mapping):
        return {str(name): _number(level) for name, level in value.items()}
    text = str(value or "")
    pairs = text.strip("[]").split("][") if text.startswith("[") else text.split(",")
    separator = "," if text.startswith("[") else ":"
    parted = [pair.rpartition(separator) for pair in pairs if separator in pair]
    return {name.strip(): _number(level) for name, _, level in parted}
