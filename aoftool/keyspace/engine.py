"""Runs commands on a keyspace, and says what the AOF must hold of them."""

from __future__ import annotations

from collections.abc import Sequence

from aoftool.format.resp.replies import Reply
from aoftool.keyspace import commands as _declarations
from aoftool.keyspace.command import Call, Command, find
from aoftool.keyspace.context import Context
from aoftool.keyspace.keyspecs import Argv

#: Importing the declarations fills the table.
assert _declarations


def run(ctx: Context, argv: Argv) -> Reply:
    """Run one command. Raises CommandError for the error that a client would get."""
    return find(argv, ctx.options.style).handler(ctx, argv)


def run_logged(ctx: Context, argv: Argv) -> tuple[Reply, list[Sequence[bytes]], Command]:
    """Run one command; also the commands that the AOF must hold of it, none where it changed none.

    Raises CommandError; a command that failed is not logged.
    """
    command = find(argv, ctx.options.style)
    before = ctx.dirty
    ctx.fact = None
    reply = command.handler(ctx, argv)
    if ctx.dirty == before and not command.forced:
        return reply, [], command
    return reply, list(command.propagate(Call(ctx, argv, reply))), command
