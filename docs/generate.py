"""Prints docs/cli.md, docs/config.md and the commands of docs/compatibility.md: ``make docs``.

A test compares them with the code.
"""

from __future__ import annotations

from pathlib import Path

import click

from aofserver.config.kept import KEPT
from aofserver.config.kinds import Bool, Choice, FileMode, Folder, HostName, Integer, Kind, Memory
from aofserver.config.kinds import Text as AnyText
from aofserver.config.listkinds import (
    AtSignal,
    KeyEvents,
    Lines,
    OomScores,
    OutputLimits,
    Percentiles,
    SavePoints,
    TitleTemplate,
    Words,
)
from aofserver.config.option import INT_MAX, MAX, UINT_MAX, Option
from aofserver.config.options import BY_TITLE
from aoftool.cli import main
from aoftool.errors import ExitCode
from aoftool.ops.check.opinions import OPINIONS
from aoftool.ops.check.report import Verdict
from tests.compat.commandtable import command_table

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
    ExitCode.FAILED: "replayed, but commands failed, or the comparison afterwards found a "
    "difference",
    ExitCode.TARGET: "the target cannot be reached, went away, or does not serve",
    ExitCode.INTERRUPTED: "interrupted; what was acknowledged is done",
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


CONFIG_HEAD = """# Options of aofserver

This page is printed from the code (`make docs`).

Options stand in a file in redis.conf's syntax (`aofserver FILE`), on the command line
(`--appendonly yes`), or are changed by `CONFIG SET` while the server runs, except where *fixed*.
`CONFIG REWRITE` writes them back into the file and leaves comments and order alone. An option that
is not known is named in the log and passed over; a value that is not accepted stops the start.
Sizes take units: `kb`, `mb`, `gb` (powers of 1024), `k`, `m`, `g` (of 1000).
"""
KEPT_HEAD = """
## Accepted, without effect

These options of Redis 6.0 to 7.4 are checked, kept and told again by `CONFIG GET`, so that the
files and tools that people have go on working. They change nothing here; those that a file sets are
named in the log when the server starts. Behind a name stands its default.
"""
FIGURES_HEAD = """
## What INFO counts

- `used_memory` is what the whole process has in RAM, the interpreter among it;
  `used_memory_startup` is what it had before it had data, and `used_memory_dataset` the difference.
  `MEMORY USAGE` adds up what the interpreter tells of a value, from a few of its elements.
- `eventloop_duration_sum` is the processor time of the server's own thread: no clock is looked at
  in a turn. `INFO debug` estimates the longest turn from the slowest command and the longest tick
  of the cron, and tells the mean of late in place of the most commands of a turn.
- `number_of_functions` is 0 until a script or a function is called after a start.
- How far a child has come (`current_*`) is not known before it ends, and is told as 0.
- Fields about replicas, a cluster and modules say what a Redis says that does not use them.
"""
_BOUNDS = {MAX: "2^63 - 1", INT_MAX: "2^31 - 1", UINT_MAX: "2^32 - 1", -(1 << 31): "-2^31"}
_IN_WORDS = {
    Bool: "yes, no",
    FileMode: "octal",
    Folder: "a folder",
    HostName: "a host name",
    AnyText: "text",
    Words: "words",
    Lines: "lines of words",
    SavePoints: "pairs of seconds and changes",
    OutputLimits: "class, hard, soft, seconds",
    KeyEvents: "letters",
    OomScores: "three numbers",
    Percentiles: "numbers from 0 to 100",
    AtSignal: "default, save, nosave, now, force",
    TitleTemplate: "text with variables",
}


def _bound(number: int) -> str:
    return _BOUNDS.get(number, str(number))


def _values(kind: Kind) -> str:
    """What an option takes, in a few words."""
    if isinstance(kind, Choice):
        return ", ".join(kind.words)
    if isinstance(kind, Integer):
        least, most = kind.clamp or (kind.least, kind.most)
        return f"{_bound(least)} to {_bound(most)}"
    if isinstance(kind, Memory):
        return "size" + (f", from {kind.least}" if kind.least else "")
    return _IN_WORDS[type(kind)]


def _config_row(option: Option) -> str:
    also = "".join(f", `{name}`" for name in option.names[1:])
    fixed = "" if option.mutable else " *Fixed.*"
    if option.later:
        fixed = " *Fixed under compat-version 6.0.*"
    default = f"`{option.default}`" if option.default else ""
    return f"| `{option.name}`{also} | {_values(option.kind)} | {default} | {option.doc}{fixed} |"


def config_page() -> str:
    """The text of docs/config.md."""
    parts = [CONFIG_HEAD]
    for title, options in BY_TITLE.items():
        parts.append(f"## {title}\n\n| option | values | default | |\n|---|---|---|---|")
        parts += [*map(_config_row, options), ""]
    abouts = dict.fromkeys(option.doc for option in KEPT)
    parts.append(KEPT_HEAD.strip("\n") + "\n")
    for about in abouts:
        named = [
            " / ".join(f"`{name}`" for name in option.names)
            + (f" ({option.default})" if option.default else "")
            for option in KEPT
            if option.doc == about
        ]
        parts.append(f"**{about}**: {', '.join(named)}.\n")
    return "\n".join([*parts, FIGURES_HEAD.strip("\n"), ""])


COMMANDS_BEGIN = "<!-- begin of what `make docs` prints of the commands -->\n"
COMMANDS_END = "<!-- end of the commands -->\n"


def compatibility_page(page: str) -> str:
    """The text of docs/compatibility.md, of which the tables of commands are printed anew."""
    before, found, rest = page.partition(COMMANDS_BEGIN)
    _, ended, after = rest.partition(COMMANDS_END)
    assert found, "no mark where the tables begin"
    assert ended, "no mark where they end"
    return before + COMMANDS_BEGIN + command_table() + COMMANDS_END + after


if __name__ == "__main__":
    compatibility = Path(__file__).parent / "compatibility.md"
    compatibility.write_text(compatibility_page(compatibility.read_text()))
    (Path(__file__).parent / "config.md").write_text(config_page())
    (Path(__file__).parent / "cli.md").write_text(cli_page())
