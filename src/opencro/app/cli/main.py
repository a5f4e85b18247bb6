"""`opencro`: one command per thing that a person wants done."""

from __future__ import annotations

from typing import Annotated

import typer

from opencro.app.cli.audit import access_command, audit_command
from opencro.app.cli.bench import checks_command
from opencro.app.cli.checklist import checklist_command
from opencro.app.cli.coding import code_command
from opencro.app.cli.conform import conform_command
from opencro.app.cli.data import archive_command, import_command, rehearse_command, verify_command
from opencro.app.cli.demo import demo_command
from opencro.app.cli.design import check_command, diff_command, init_command, schedule_command
from opencro.app.cli.exchange import convert_command, terms_app
from opencro.app.cli.export import export_command
from opencro.app.cli.product import browse_command, build_command, compare_command, trace_command
from opencro.app.cli.queries import queries_command
from opencro.app.cli.reconcile import reconcile_command
from opencro.app.cli.sdv import sdv_command
from opencro.app.cli.serve import account_command, serve_command, token_command
from opencro.app.cli.submission import package_command
from opencro.app.cli.trial_design import design_command
from opencro.app.cli.trial_simulation import simulate_command
from opencro.app.cli.version import software_version

app = typer.Typer(
    name="opencro",
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Run a clinical trial from a folder of text: a protocol goes in, a submission comes out, all is traceable.",
    epilog="Exit codes: 0 done, 1 findings that stop the run, 2 wrong usage. Start with: opencro init mystudy",
)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(software_version())
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Options that come before any command."""


_PLAN, _RUN, _ASK = "Plan a study", "Run it", "Ask it"
app.command("init", rich_help_panel=_PLAN)(init_command)
app.command("check", rich_help_panel=_PLAN)(check_command)
app.command("checks", rich_help_panel=_PLAN)(checks_command)
app.command("schedule", rich_help_panel=_PLAN)(schedule_command)
app.command("design", rich_help_panel=_PLAN)(design_command)
app.command("simulate", rich_help_panel=_PLAN)(simulate_command)
app.command("diff", rich_help_panel=_PLAN)(diff_command)
app.command("convert", rich_help_panel=_PLAN)(convert_command)
app.add_typer(terms_app, name="terms", rich_help_panel=_PLAN)
app.command("import", rich_help_panel=_RUN)(import_command)
app.command("queries", rich_help_panel=_RUN)(queries_command)
app.command("reconcile", rich_help_panel=_RUN)(reconcile_command)
app.command("code", rich_help_panel=_RUN)(code_command)
app.command("checklist", rich_help_panel=_RUN)(checklist_command)
app.command("sdv", rich_help_panel=_RUN)(sdv_command)
app.command("rehearse", rich_help_panel=_RUN)(rehearse_command)
app.command("build", rich_help_panel=_RUN)(build_command)
app.command("demo", rich_help_panel=_RUN)(demo_command)
app.command("serve", rich_help_panel=_RUN)(serve_command)
app.command("account", rich_help_panel=_RUN)(account_command)
app.command("token", rich_help_panel=_RUN)(token_command)
app.command("package", rich_help_panel=_RUN)(package_command)
app.command("export", rich_help_panel=_RUN)(export_command)
app.command("archive", rich_help_panel=_RUN)(archive_command)
app.command("audit", rich_help_panel=_ASK)(audit_command)
app.command("access", rich_help_panel=_ASK)(access_command)
app.command("trace", rich_help_panel=_ASK)(trace_command)
app.command("browse", rich_help_panel=_ASK)(browse_command)
app.command("compare", rich_help_panel=_ASK)(compare_command)
app.command("conform", rich_help_panel=_ASK)(conform_command)
app.command("verify", rich_help_panel=_ASK)(verify_command)


def run() -> None:
    """The console script."""
    app()
