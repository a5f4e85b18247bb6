"""Users, their rights, roles and data access groups; every change is a fact.

Source: REDCap's API, content=user, userRole, userRoleMapping, dag, userDagMapping.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterable, Mapping
from typing import Any

from opencro.app.redcap.definition import Definition, read_sites
from opencro.app.redcap.exchange import Answer, ApiRefused, Call
from opencro.app.redcap.rights import FLAGS, Rights, parse_levels, rights_from, rights_of_roles
from opencro.app.redcap.rows import flatten, parse_rows, render_count, render_rows, render_text
from opencro.app.redcap.session import Session
from opencro.app.redcap.settings import Value, change_settings, read_settings
from opencro.capture import LedgerState
from opencro.ledger import Act, RecordKey, RoleChanged

_RANDOM = ("random_setup", "random_dashboard", "random_perform")
_SHOWN = tuple(flag for flag in FLAGS if flag not in _RANDOM)
_LOCKS = ("lock_records_customization", "lock_records", "lock_records_all_forms")
_USER_COLUMNS = (
    *("username", "email", "firstname", "lastname", "expiration", "data_access_group", "data_access_group_id"),
    *("data_access_group_label", *_SHOWN, "forms", "forms_export"),
)
_ROLE_COLUMNS = (
    *("unique_role_name", "role_label", *(flag for flag in _SHOWN if flag not in _LOCKS), *_LOCKS),
    *("forms", "forms_export"),
)
_OWN = ("expiration", "data_access_group")


def new_role_name(label: str) -> str:  # noqa: ARG001  the name must not tell the label
    """A unique role name as REDCap makes them: `U-` and ten signs."""
    signs = string.ascii_uppercase + string.digits
    return "U-" + "".join(secrets.choice(signs) for _ in range(10))


def export_users(session: Session, call: Call) -> Answer:
    """content=user: people with rights of this door, and people with a role of ours in the study."""
    session.rights.demand("api_export", "user_rights")
    stored, roles = read_settings(session.ledger, "user"), read_settings(session.ledger, "role")
    people = {n: rights_of_roles(held) for n, held in session.all_memberships().items()}
    people |= {n: rights_from(said, roles.get(str(said.get("role") or ""))) for n, said in stored.items()}
    rows = [_user_row(session, name, rights, stored.get(name, {})) for name, rights in people.items()]
    return render_rows(rows, _USER_COLUMNS, call.format, outer="users")


def _user_row(session: Session, name: str, rights: Rights, stored: Mapping[str, Any]) -> dict[str, Any]:
    group = rights.group
    known = session.person(name)
    return {
        "username": name,
        **{key: known.get(key, "") for key in ("email", "firstname", "lastname")},
        "expiration": stored.get("expiration", ""),
        "data_access_group": group,
        "data_access_group_id": session.group_ids().get(group, "") if group else "",
        "data_access_group_label": session.groups().get(group, "") if group else "",
        **{flag: rights.flags.get(flag, 0) for flag in FLAGS},
        "forms": {form: rights.view(form) for form in session.project.instruments},
        "forms_export": {form: rights.export(form) for form in session.project.instruments},
    }


def import_users(session: Session, call: Call) -> Answer:
    """content=user with data: rights that are named change, the others stay."""
    session.rights.demand("api_import", "user_rights")
    stored = read_settings(session.ledger, "user")
    changes: dict[str, Value | None] = {}
    for row in _rows(call):
        name = flatten(row.get("username")).strip()
        if not name:
            raise ApiRefused("Each user must have a username.")
        changes[name] = {**_merged(session, stored.get(name, {}), row), **_own(session, row)}
    session.append(change_settings(session.ledger, "user", changes), "people")
    return render_count(len(changes), call.return_format)


def _rows(call: Call) -> list[dict[str, Any]]:
    return parse_rows(call.text("data"), call.format)


def _own(session: Session, row: Mapping[str, Any]) -> dict[str, str]:
    found = {key: flatten(row[key]).strip() for key in _OWN if key in row}
    group = found.get("data_access_group", "")
    if group and group not in session.groups():
        raise ApiRefused(f"The data access group '{group}' does not exist.")
    return found


def _merged(session: Session, held: Mapping[str, Any], row: Mapping[str, Any]) -> Value:
    """What was held and what the row says; forms that are not there are refused."""
    value: Value = dict(held)
    for flag in FLAGS:
        if flag in row:
            text = flatten(row[flag]).strip().removesuffix(".0")
            if text and text not in ("0", "1", "2", "3"):
                raise ApiRefused(f"The right '{flag}' cannot be '{text}'.")
            value[flag] = int(text or 0)
    for key in ("forms", "forms_export"):
        levels = parse_levels(row[key]) if row.get(key) else {}
        strange = levels.keys() - session.project.instruments.keys()
        if strange:
            raise ApiRefused(f"The following instruments do not exist: {', '.join(sorted(strange))}")
        value[key] = {**(held.get(key) or {}), **levels}
    return value


def delete_users(session: Session, call: Call) -> Answer:
    """content=user, action=delete: rights of this door and roles of ours go."""
    session.rights.demand("api_import", "user_rights")
    names = call.names("users")
    stored, members = read_settings(session.ledger, "user"), session.all_memberships()
    absent = [name for name in names if name not in stored and name not in members]
    if absent or not names:
        raise ApiRefused(f"The following users are not in the project: {', '.join(absent)}")
    acts = change_settings(session.ledger, "user", dict.fromkeys(names))
    acts += [
        Act(RoleChanged(name, held.role, ""), RecordKey(site=held.site))
        for name in names
        for held in members.get(name, ())
    ]
    session.append(acts, "people", "taken from the project through the REDCap API")
    return render_count(len(names), call.return_format)


def export_roles(session: Session, call: Call) -> Answer:
    """content=userRole."""
    session.rights.demand("api_export", "user_rights")
    rows = []
    for name, value in read_settings(session.ledger, "role").items():
        row: dict[str, Any] = {"unique_role_name": name, "role_label": value.get("role_label", "")}
        row |= {flag: str(value.get(flag, 0)) for flag in FLAGS}
        row |= {
            key: {form: (value.get(key) or {}).get(form, 0) for form in session.project.instruments}
            for key in ("forms", "forms_export")
        }
        rows.append(row)
    return render_rows(rows, _ROLE_COLUMNS, call.format, outer="roles")


def import_roles(session: Session, call: Call) -> Answer:
    """content=userRole with data; a role without a unique name is a new one."""
    session.rights.demand("api_import", "user_rights")
    held = read_settings(session.ledger, "role")
    changes: dict[str, Value | None] = {}
    for row in _rows(call):
        label, name = flatten(row.get("role_label")).strip(), flatten(row.get("unique_role_name")).strip()
        if name and name not in held:
            raise ApiRefused(f"The role '{name}' does not exist.")
        if not name and not label:
            raise ApiRefused("Each new role must have a role_label.")
        before = held.get(name, {})
        merged = _merged(session, before, row)
        changes[name or new_role_name(label)] = {**merged, "role_label": label or before.get("role_label", "")}
    session.append(change_settings(session.ledger, "role", changes), "people")
    return render_count(len(changes), call.return_format)


def delete_roles(session: Session, call: Call) -> Answer:
    """content=userRole, action=delete: whoever had the role keeps what was given in person."""
    session.rights.demand("api_import", "user_rights")
    names, held = call.names("roles"), read_settings(session.ledger, "role")
    absent = [name for name in names if name not in held]
    if absent or not names:
        raise ApiRefused(f"The following roles do not exist: {', '.join(absent)}")
    users = read_settings(session.ledger, "user")
    freed: dict[str, Value | None] = {n: {**u, "role": ""} for n, u in users.items() if u.get("role") in names}
    acts = change_settings(session.ledger, "role", dict.fromkeys(names))
    session.append([*acts, *change_settings(session.ledger, "user", freed)], "people")
    return render_count(len(names), call.return_format)


def export_role_mapping(session: Session, call: Call) -> Answer:
    """content=userRoleMapping."""
    session.rights.demand("api_export", "user_rights")
    users = read_settings(session.ledger, "user")
    names = dict.fromkeys([*users, *session.all_memberships()])
    rows = [
        {
            "username": name,
            "unique_role_name": users.get(name, {}).get("role", ""),
            "data_access_group": users.get(name, {}).get("data_access_group", ""),
        }
        for name in names
    ]
    return render_rows(rows, ("username", "unique_role_name", "data_access_group"), call.format)


def import_role_mapping(session: Session, call: Call) -> Answer:
    """content=userRoleMapping with data."""
    session.rights.demand("api_import", "user_rights")
    users, roles = read_settings(session.ledger, "user"), read_settings(session.ledger, "role")
    changes: dict[str, Value | None] = {}
    for row in _rows(call):
        name, role = flatten(row.get("username")).strip(), flatten(row.get("unique_role_name")).strip()
        if name not in users and name not in session.all_memberships():
            raise ApiRefused(f"The user '{name}' is not in the project.")
        if role and role not in roles:
            raise ApiRefused(f"The role '{role}' does not exist.")
        changes[name] = {**users.get(name, {}), **_own(session, row), "role": role}
    session.append(change_settings(session.ledger, "user", changes), "people")
    return render_count(len(changes), call.return_format)


def export_groups(session: Session, call: Call) -> Answer:
    """content=dag."""
    session.rights.demand("api_export", "data_access_groups")
    ids = session.group_ids()
    columns = ("data_access_group_name", "unique_group_name", "data_access_group_id")
    rows = [dict(zip(columns, (title, name, ids[name]), strict=True)) for name, title in session.groups().items()]
    return render_rows(rows, columns, call.format, outer="dags")


def import_groups(session: Session, call: Call) -> Answer:
    """content=dag with data: a group without a unique name is a new one."""
    session.rights.demand("api_import", "data_access_groups")
    sites = read_sites(session.study)
    rows = _rows(call)
    for row in rows:
        title, name = flatten(row.get("data_access_group_name")).strip(), flatten(row.get("unique_group_name")).strip()
        if not title:
            raise ApiRefused("Each data access group must have a name (data_access_group_name).")
        if name and name not in session.groups():
            raise ApiRefused(f"The data access group '{name}' does not exist.")
        sites[name or session.unique_group(title, sites)] = title
    session.redefine(Definition(sites=sites))
    return render_count(len(rows), call.return_format)


def delete_groups(session: Session, call: Call) -> Answer:
    """content=dag, action=delete; a group that holds records stays, for participants belong to their site."""
    session.rights.demand("api_import", "data_access_groups")
    names, known = call.names("dags"), session.groups()
    absent = [name for name in names if name not in known]
    if absent or not names:
        raise ApiRefused(f"The following data access groups do not exist: {', '.join(absent)}")
    used = set(LedgerState(session.ledger).sites().values()) & {*names}
    if used:
        raise ApiRefused(f"These data access groups hold records and cannot be deleted: {', '.join(sorted(used))}")
    sites = {name: title for name, title in read_sites(session.study).items() if name not in names}
    session.redefine(Definition(sites=sites))
    return render_count(len(names), call.return_format)


def switch_group(session: Session, call: Call) -> Answer:
    """content=dag, action=switch: the caller works in another group from now on."""
    session.rights.demand("data_access_groups")
    name = call.text("dag")
    _set_groups(session, {session.user: name})
    return render_text("1")


def export_group_mapping(session: Session, call: Call) -> Answer:
    """content=userDagMapping."""
    session.rights.demand("api_export", "data_access_groups")
    users = read_settings(session.ledger, "user")
    rows = [
        {"username": name, "redcap_data_access_group": users.get(name, {}).get("data_access_group", "")}
        for name in dict.fromkeys([*users, *session.all_memberships()])
    ]
    return render_rows(rows, ("username", "redcap_data_access_group"), call.format)


def import_group_mapping(session: Session, call: Call) -> Answer:
    """content=userDagMapping with data."""
    session.rights.demand("api_import", "data_access_groups")
    rows = _rows(call)
    given = {flatten(r.get("username")).strip(): flatten(r.get("redcap_data_access_group")).strip() for r in rows}
    _set_groups(session, given)
    return render_count(len(rows), call.return_format)


def _set_groups(session: Session, given: Mapping[str, str]) -> None:
    users = read_settings(session.ledger, "user")
    _refuse_absent(given, users)
    for group in given.values():
        if group and group not in session.groups():
            raise ApiRefused(f"The data access group '{group}' does not exist.")
    changes: dict[str, Value | None] = {n: {**users[n], "data_access_group": group} for n, group in given.items()}
    session.append(change_settings(session.ledger, "user", changes), "people")


def _refuse_absent(given: Iterable[str], users: Mapping[str, Value]) -> None:
    absent = [name for name in given if name not in users]
    if absent:
        raise ApiRefused(f"These users have no rights of their own in the project: {', '.join(absent)}")
