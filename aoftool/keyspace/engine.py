"""Runs commands on a keyspace, and says what the AOF must hold of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aoftool.format.resp.replies import Reply
from aoftool.format.speed import pick
from aoftool.keyspace import commands as _declarations
from aoftool.keyspace.command import Call, Command, find
from aoftool.keyspace.context import Context
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.keyspecs import Argv

#: Importing the declarations fills the table.
assert _declarations

#: Commands without sub-commands by the name as it was written, for ``run_all``.
_PLAIN: dict[bytes, Command] = {}


def run(ctx: Context, argv: Argv) -> Reply:
    """Run one command. Raises CommandError for the error that a client would get."""
    return find(argv, ctx.options.style).handler(ctx, argv)


def pure_run_all(
    ctx: Context, commands: Sequence[Argv], failed: Callable[[int, CommandError], None]
) -> None:
    """Run commands one after the other, fast; ``failed`` is told which one failed and how.

    What ``failed`` raises ends the run. Transactions are not known here.
    """
    style, known = ctx.options.style, _PLAIN
    for index, argv in enumerate(commands):
        try:
            command = known.get(argv[0])
            if command is None or not command.accepts(len(argv)):
                command = find(argv, style)
                if not command.subcommands and b" " not in command.name:
                    known[argv[0]] = command
            command.handler(ctx, argv)
        except CommandError as error:
            failed(index, error)


run_all = pick("run_all", pure_run_all)


def run_logged(ctx: Context, argv: Argv) -> tuple[Reply, list[Sequence[bytes]], Command]:
    """Run one command; also the commands that the AOF must hold of it, none where it changed none.

    Raises CommandError; a command that failed is not logged.
    """
    command = find(argv, ctx.options.style)
    before = ctx.dirty
    ctx.fact = None
    reply = command.handler(ctx, argv)
    if ctx.dirty == before and not command.forces(ctx.options.style):
        return reply, [], command
    return reply, list(command.propagate(Call(ctx, argv, reply))), command
