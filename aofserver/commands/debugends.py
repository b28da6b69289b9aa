"""DEBUG: how a server may end that was not asked to end (debug.c)."""

from __future__ import annotations

import signal

from aofserver.commands.declare import server_command
from aofserver.crash import end_by
from aofserver.parts import ServerContext
from aoftool.format.resp.replies import Reply
from aoftool.keyspace.command import ADMIN, LOADING, NOSCRIPT, STALE
from aoftool.keyspace.errors import NOT_AN_INTEGER, CommandError
from aoftool.keyspace.keyspecs import Argv
from aoftool.keyspace.numbers import parse_int

_FLAGS = ADMIN | NOSCRIPT | LOADING | STALE
_NOT_RESTARTED = b"ERR failed to restart the server. Check server logs."


def _give_up(ctx: ServerContext, reason: str) -> None:
    """Tell of it and end; nothing is written any more, neither AOF nor reply."""
    ctx.server.crash.report(reason)
    ctx.server.crash.give_up()


@server_command("DEBUG SEGFAULT", "", _FLAGS, group="server", since="1.0.0")
def debug_segfault(ctx: ServerContext, argv: Argv) -> Reply:
    """End as a program that has touched what is not its own."""
    number = signal.SIGSEGV
    ctx.server.crash.report(f"crashed by signal: {number.value}, as DEBUG SEGFAULT asks")
    end_by(number)
    return None


@server_command("DEBUG PANIC", "", _FLAGS, group="server", since="3.2.0")
def debug_panic(ctx: ServerContext, argv: Argv) -> Reply:
    """End as a program that has given up; with code 1 where ``use-exit-on-panic`` says so."""
    _give_up(ctx, "Guru Meditation: called by DEBUG PANIC")
    return None


@server_command("DEBUG ASSERT", "", _FLAGS, group="server", since="3.2.0")
def debug_assert(ctx: ServerContext, argv: Argv) -> Reply:
    """End as a program that has found itself in a state that cannot be."""
    _give_up(ctx, "=== ASSERTION FAILED === ==> DEBUG ASSERT")
    return None


@server_command("DEBUG OOM", "", _FLAGS, group="server", since="3.2.0")
def debug_oom(ctx: ServerContext, argv: Argv) -> Reply:
    """End as a program that gets no memory any more."""
    _give_up(ctx, "Out Of Memory: called by DEBUG OOM")
    return None


def _delay_s(argv: Argv) -> float:
    """Seconds of a delay that is given in ms. Raises CommandError."""
    delay_ms = parse_int(argv[2]) if len(argv) > 2 else 0
    if delay_ms is None:
        raise CommandError(NOT_AN_INTEGER)
    return max(0, delay_ms) / 1000


@server_command("DEBUG RESTART", "[milliseconds]", _FLAGS, group="server", since="3.2.0")
def debug_restart(ctx: ServerContext, argv: Argv) -> Reply:
    """End as SHUTDOWN does, and begin again in the same process after so many ms."""
    delay_s = _delay_s(argv)
    again = ctx.server.ending.again
    if again is None or not ctx.server.ending.shutdown():
        raise CommandError(_NOT_RESTARTED)
    again(delay_s)
    return None


@server_command("DEBUG CRASH-AND-RECOVER", "[milliseconds]", _FLAGS, group="server", since="3.2.0")
def debug_crash_and_recover(ctx: ServerContext, argv: Argv) -> Reply:
    """End without anything being written, and begin again in the same process."""
    delay_s = _delay_s(argv)
    again = ctx.server.ending.again
    if again is None:
        raise CommandError(_NOT_RESTARTED)
    ctx.server.log.warning("Ending at once to begin again, as DEBUG CRASH-AND-RECOVER asks")
    again(delay_s)
    return None
