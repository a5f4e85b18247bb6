"""`opencro serve`: the web application over a study folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opencro.app.cli.output import err, out, refusing
from opencro.app.web.site import Site


def serve_command(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A study folder, or a folder of study folders.")],
    database: Annotated[
        str, typer.Option("--database", metavar="URL", help="postgresql://... for real use. Default: files in FOLDER.")
    ] = "",
    host: Annotated[str, typer.Option("--host", help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="The port to listen at.")] = 8000,
    workers: Annotated[int, typer.Option("--workers", help="Processes that answer.")] = 2,
    name: Annotated[
        list[str] | None, typer.Option("--name", help="A host name of the site, as browsers ask for it.")
    ] = None,
    https: Annotated[
        bool, typer.Option("--https", help="A proxy in front speaks TLS: cookies are for it only.")
    ] = False,
    demo: Annotated[bool, typer.Option("--demo", help="Made-up people of every role; never with real data.")] = False,
) -> None:
    """Open the web application: participants, forms, queries, signatures, over the study's ledger."""
    with refusing(False):
        serve_site(Site(folder, database, demo, _hosts(host, name or []), https), host, port, workers)


def _hosts(host: str, names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*names, host, "127.0.0.1", "localhost", "[::1]")))


def serve_site(site: Site, host: str, port: int, workers: int) -> None:
    """Prepare a site and serve it until stopped."""
    from opencro.app.web.serve import follow_ledgers, prepare, run_server  # noqa: PLC0415  Django only where it is used

    ready = prepare(site)
    if ready.demo:
        from opencro.app.web.demo import PASSWORD, bring_people  # noqa: PLC0415  needs `prepare`
        from opencro.app.web.desk import open_study  # noqa: PLC0415

        for folder in ready.studies():
            bring_people(open_study(folder))
        err.print(f'People: anna, ibrahim, mona, dana, ... with the password "{PASSWORD}".', style="dim")
    for study, position in follow_ledgers().items():
        err.print(f"{study}: {position:,} facts", style="dim")
    out.print(f"[bold]http://{host}:{port}/[/bold]  (stop with Ctrl-C)")
    run_server(host, port, workers)


def account_command(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A study folder, or a folder of study folders.")],
    user: Annotated[str, typer.Argument(metavar="USER", help="The user name; it is never given to anybody else.")],
    role: Annotated[str, typer.Option("--role", help="The role to give.")] = "administrator",
    at: Annotated[str, typer.Option("--site", help="The site of the role; empty for all.")] = "",
    study: Annotated[str | None, typer.Option("--study", metavar="ID", help="Only in this study.")] = None,
    full_name: Annotated[str, typer.Option("--full-name", help="As it is printed with signatures.")] = "",
    database: Annotated[str, typer.Option("--database", metavar="URL", help="As for `opencro serve`.")] = "",
) -> None:
    """Make an account and give it a role: the first administrator of a site; the others are made in the application."""
    from opencro.app.web.serve import prepare  # noqa: PLC0415  Django only where it is used

    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    with refusing(False):
        prepare(Site(folder, database))
        from opencro.app.web.people import make_account  # noqa: PLC0415  needs `prepare`

        given = make_account(user, password, full_name, role, at, study)
    out.print(f"{user} is {role}{' at ' + at if at else ''} in {', '.join(given)}.")


def token_command(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="As for `opencro serve`.")],
    user: Annotated[
        str, typer.Argument(metavar="USER", help="Whose key it is; it never permits more than the person.")
    ],
    study: Annotated[str, typer.Option("--study", metavar="ID", help="The study that it opens.")] = "",
    projects: Annotated[bool, typer.Option("--projects", help="It makes studies, and opens none.")] = False,
    title: Annotated[str, typer.Option("--title", help="What it is for.")] = "",
    scope: Annotated[
        list[str] | None, typer.Option("--scope", help="A permission; left out, all that the person has.")
    ] = None,
    database: Annotated[str, typer.Option("--database", metavar="URL", help="As for `opencro serve`.")] = "",
) -> None:
    """Make a key with which a program comes in, for the REDCap-compatible API; it is shown once."""
    from opencro.app.web.serve import prepare  # noqa: PLC0415  Django only where it is used

    if bool(study) == projects:
        raise typer.BadParameter("name a study with --study, or say --projects")
    with refusing(False):
        prepare(Site(folder, database))
        from opencro.app.web.tokens import give_token  # noqa: PLC0415  needs `prepare`

        text = give_token(user, study, title or "made on the command line", tuple(scope or ()))
    out.print(text, highlight=False, soft_wrap=True)
