"""``aoftool truncate``."""

from __future__ import annotations

from pathlib import Path

import click

from aoftool.cli.failures import exit_on_error
from aoftool.cli.progress import progress_option, shown_progress
from aoftool.cli.render.words import number, plural, shown_command
from aoftool.errors import ExitCode
from aoftool.ops.source import source_size
from aoftool.ops.truncate import Plan, apply_truncate, plan_truncate


@click.command("truncate")
@click.argument("path", metavar="PATH", type=click.Path(path_type=Path))
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--dry-run", "-n", is_flag=True, help="Show what would be cut, and cut nothing.")
@click.option(
    "--keep/--no-keep",
    default=True,
    show_default=True,
    help="Keep what is cut beside the file, as NAME.cut-OFFSET.",
)
@click.option(
    "--corrupt",
    is_flag=True,
    help="Cut at damage in the middle too: everything from there on is lost to the server.",
)
@click.option(
    "--in-use", is_flag=True, help="Cut even though another process has the file open for writing."
)
@progress_option
def command(
    path: Path,
    yes: bool,
    dry_run: bool,
    keep: bool,
    corrupt: bool,
    in_use: bool,
    progress: bool | None,
) -> None:
    """Cut what a crash left at the end of an AOF.

    Does what 'aof-load-truncated yes' does when a server starts, safely: it shows first what is
    lost, keeps what it cuts, syncs file and directory, and checks again. An RDB preamble is never
    cut into; a transaction without EXEC is cut at its MULTI; of a multi-part AOF only the last
    file may be cut.
    """
    with exit_on_error():
        with shown_progress(progress, source_size(path), "checking") as advance:
            plan = plan_truncate(path, corrupt=corrupt, progress=advance)
        if plan.cut is None:
            click.echo(f"{plan.path}: nothing to cut, {_sound(plan)}")
            return
        _show_plan(plan, keep)
        if dry_run:
            click.echo("Dry run: nothing was cut.")
            return
        if not yes and not click.confirm("Cut it?"):
            click.echo("Nothing was cut.")
            click.get_current_context().exit(int(ExitCode.REFUSED))
        with shown_progress(progress, source_size(path), "checking again") as advance:
            outcome = apply_truncate(plan, keep=keep, in_use=in_use, progress=advance)
        if outcome.kept_in:
            click.echo(f"Kept what was cut in {outcome.kept_in}")
        click.echo(f"{plan.path}: cut to {number(plan.cut.offset)} bytes, checked again: clean")


def _sound(plan: Plan) -> str:
    report = plan.report
    return f"{number(report.size)} bytes and {plural(report.records, 'command')} are sound"


def _show_plan(plan: Plan, keep: bool) -> None:
    cut, report = plan.cut, plan.report
    assert cut is not None
    click.echo(f"{plan.path}: {number(report.size)} bytes")
    for finding in report.findings:
        if finding.severity.value == "error":
            click.echo(f"  reason        {finding.reason}")
    click.echo(f"  cut at        offset {number(cut.offset)}: {plural(cut.bytes, 'byte')} go")
    lost = f"{plural(cut.records, 'whole command')}, and the one that is not whole"
    click.echo(f"  lost          {lost}")
    kept = f"{number(report.valid_records)} commands"
    if report.preamble_end is not None:
        kept = f"{plural(report.keys, 'key')} of the preamble, {kept}"
    click.echo(f"  kept          {kept}")
    if plan.last_kept is not None:
        click.echo(f"  last kept     {shown_command(plan.last_kept)}")
    if keep:
        click.echo(f"  the cut bytes are kept in {plan.path.name}.cut-{cut.offset}")
