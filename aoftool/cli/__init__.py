"""The command line: one click command a file, loaded only when it is called."""

from __future__ import annotations

import gc
import importlib

import click

from aoftool import __version__

#: Command by name: the module that holds it (as ``command``), and its line in the overview.
#: The line stands here so that ``--help`` need not import every command.
_COMMANDS = {
    "check": ("aoftool.cli.check", "Say whether files load, what they hold and what is wrong."),
    "replay": ("aoftool.cli.replay", "Play what files hold into a live server."),
    "rewrite": ("aoftool.cli.rewrite", "Write the smallest file that rebuilds what a file holds."),
    "truncate": ("aoftool.cli.truncate", "Cut what a crash left at the end of an AOF."),
}


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are needed: --help stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command = importlib.import_module(_COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        gc.freeze()  # what was imported is never garbage: not looked through again, nor at exit
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in sorted(_COMMANDS.items())])


def _print_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from aoftool.format.speed import implementation

    click.echo(f"aoftool {__version__}, scanner: {implementation()}")
    ctx.exit()


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 clean, 1 truncated tail (repairable), 2 usage, 3 corrupt, 4 file set, "
    "5 unreadable, 6 newer format, 7 refused, 8 commands failed, 9 target, 130 interrupted.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and whether the compiled scanner is in use, and exit.",
)
def main() -> None:
    """Check, repair and work on Redis and Valkey append-only files (AOF) and RDB files."""
