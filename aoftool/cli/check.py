"""``aoftool check``."""

from __future__ import annotations

import os
import time
from pathlib import Path

import click

from aoftool.cli.progress import progress_option, shown_progress
from aoftool.cli.render import FORMATS, render_reports
from aoftool.ops.check import CheckOptions, Level, SourceReport, check_path, worst
from aoftool.ops.source import source_size


@click.command("check")
@click.argument(
    "paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path)
)
@click.option(
    "--level",
    type=click.Choice([level.value for level in Level]),
    default=Level.COMMANDS.value,
    show_default=True,
    help="framing: only the bytes around commands; commands: names, arity, SELECT, MULTI/EXEC too; "
    "state: run them as well and report each that fails (takes the memory of the data).",
)
@click.option(
    "--databases",
    type=click.IntRange(1),
    help="'databases' of the server that will load the files: a SELECT beyond is an error "
    "(default: 16, and only a warning).",
)
@click.option(
    "--allow-command",
    "allowed",
    multiple=True,
    metavar="NAME",
    help="Take this command name as known (a module's, a renamed one); a '*' at its end matches "
    "any rest. May be repeated.",
)
@click.option(
    "--read-all",
    is_flag=True,
    help="Read the bodies of long values too (finds bytes that cannot be read; slower).",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="json: one document; junit: a test report for CI; github: workflow annotations.",
)
@click.option("--quiet", "-q", is_flag=True, help="Say nothing about files that are clean.")
@progress_option
def command(
    paths: tuple[Path, ...],
    level: str,
    databases: int | None,
    allowed: tuple[str, ...],
    read_all: bool,
    output_format: str,
    quiet: bool,
    progress: bool | None,
) -> None:
    """Say whether files load, what they hold and what is wrong.

    PATH is an AOF (with or without an RDB preamble), an RDB file, the manifest of a multi-part AOF,
    a directory that holds one of these, or '-' for standard input. Files are only read.

    The exit code is that of the worst file: 0 clean, 1 truncated tail, 6 newer format, 3 corrupt,
    4 file set, 5 unreadable, in this order.
    """
    allow = tuple(os.fsencode(name).upper() for name in allowed)
    options = CheckOptions(Level(level), databases, allow, read_all)
    reports = [_check(path, options, progress) for path in paths]
    verdict = worst([report.verdict for report in reports])
    text = render_reports(output_format, reports, quiet)
    if text:
        # click leaves colours out where the output is no terminal; nobody else looks at NO_COLOR.
        click.echo(text, color=False if os.environ.get("NO_COLOR") else None)
    click.get_current_context().exit(int(verdict.exit_code))


def _check(path: Path, options: CheckOptions, progress: bool | None) -> SourceReport:
    if options.level is not Level.STATE:
        with shown_progress(progress, source_size(path), path.name) as advance:
            return check_path(path, options, advance)
    from aoftool.ops.check.state import check_state  # the keyspace, which other levels never need

    with shown_progress(progress, 2 * source_size(path), path.name) as advance:
        return check_state(path, options, advance, now_ms=time.time_ns() // 1_000_000)
