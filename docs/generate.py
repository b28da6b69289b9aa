"""Prints docs/cli.md from the code: ``make docs``. A test holds the committed file against it."""

from __future__ import annotations

from pathlib import Path

import click

from aoftool.cli import main
from aoftool.errors import ExitCode
from aoftool.ops.check.opinions import OPINIONS
from aoftool.ops.check.report import Verdict

HEAD = """# The command line

This page is printed from the code (`make docs`).
"""
HELP = ["-h", "--help"]
EXIT_CODES = {
    ExitCode.CLEAN: "clean, done, or nothing to do",
    ExitCode.TRUNCATED: "truncated tail: `aoftool truncate` repairs it",
    ExitCode.USAGE: "wrong usage",
    ExitCode.CORRUPT: "corrupt: damage that is not at the tail, or commands that no server takes",
    ExitCode.FILE_SET: "wrong file set: a manifest or its files",
    ExitCode.UNREADABLE: "unreadable: missing, permission, I/O error",
    ExitCode.NEWER: "a newer format than this program knows",
    ExitCode.REFUSED: "refused: what was asked for would not be safe, or was declined",
}


def cli_page() -> str:
    """The text of docs/cli.md."""
    context = _context(main, None, "aoftool")
    parts = [HEAD, _block(main, context)]
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        parts += [f"\n## aoftool {name}\n", _block(command, _context(command, context, name))]
    return "\n".join([*parts, _exit_codes(), _findings()])


def _context(command: click.Command, parent: click.Context | None, name: str) -> click.Context:
    """A context in which help is as wide as a page, whatever the terminal."""
    return click.Context(
        command, parent, name, max_content_width=100, terminal_width=100, help_option_names=HELP
    )


def _block(command: click.Command, context: click.Context) -> str:
    lines = (line.rstrip() for line in command.get_help(context).splitlines())
    return "```\n" + "\n".join(lines) + "\n```"


def _exit_codes() -> str:
    rows = [f"| {int(code)} | {text} |" for code, text in EXIT_CODES.items()]
    order = ", ".join(str(int(verdict.exit_code)) for verdict in Verdict)
    head = "\n## Exit codes\n\n| code | meaning |\n|---|---|\n"
    tail = f"\n\nWith several files `check` exits with that of the worst, in this order: {order}."
    return head + "\n".join(rows) + tail


def _findings() -> str:
    head = (
        "\n## Findings of check\n\n| code | meaning | redis-check-aof | the server's loader |\n"
        "|---|---|---|---|\n"
    )
    rows = [
        f"| {code} | {row.meaning} | {row.checker} | {row.loader} |"
        for code, row in OPINIONS.items()
    ]
    return head + "\n".join(rows) + "\n"


if __name__ == "__main__":
    (Path(__file__).parent / "cli.md").write_text(cli_page())
