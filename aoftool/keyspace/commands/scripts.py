"""Scripts: EVAL, EVALSHA and SCRIPT (scripting.c, eval.c)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from aoftool.format.resp.replies import OK, ErrorReply, Reply
from aoftool.keyspace.command import (
    MAY_REPLICATE,
    NOSCRIPT,
    WRITE,
    Call,
    command,
    container,
    find,
)
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.errors import NOT_AN_INTEGER, SYNTAX, CommandError
from aoftool.keyspace.keyspecs import Argv, NumKeys
from aoftool.keyspace.numbers import parse_int
from aoftool.keyspace.scripting.runtime import Runtime, ScriptFailed

_FLAGS = NOSCRIPT | MAY_REPLICATE
_NO_SCRIPT = b"NOSCRIPT No matching script. Please use EVAL."


def effects_of_script(call: Call) -> Iterable[Sequence[bytes]]:
    """What the commands of the script did; the handler has collected it."""
    effects: list[Sequence[bytes]] = call.ctx.fact
    return effects


def runtime_of(ctx: Context) -> Runtime:
    """The Lua of this keyspace, made when the first script comes."""
    runtime: Runtime = ctx.keyspace.lua or Runtime(ctx.options.style)
    ctx.keyspace.lua = runtime
    return runtime


def split_keys(argv: Argv) -> tuple[Argv, Argv]:
    """KEYS and ARGV of EVAL and FCALL. Raises CommandError for a count that cannot be."""
    count = parse_int(argv[2])
    if count is None:
        raise CommandError(NOT_AN_INTEGER)
    if count > len(argv) - 3:
        raise CommandError(b"ERR Number of keys can't be greater than number of args")
    if count < 0:
        raise CommandError(b"ERR Number of keys can't be negative")
    return argv[3 : 3 + count], argv[3 + count :]


def _run(ctx: Context, name: bytes, argv: Argv, read_only: bool = False) -> Reply:
    keys, rest = split_keys(argv)
    return collect(
        ctx, read_only, lambda caller: runtime_of(ctx).run(name, keys, rest, caller, ctx.rng)
    )


def collect(ctx: Context, read_only: bool, run: Callable[[ScriptCaller], Reply]) -> Reply:
    """Run a script; what its commands did to the data is left in ``ctx.fact`` for the AOF."""
    caller = ScriptCaller(ctx, read_only)
    database = ctx.db
    try:
        reply = run(caller)
    finally:
        ctx.db = database  # SELECT in a script ends with it
        caller.select(database.index)
        ctx.fact = caller.effects
    if isinstance(reply, ErrorReply):
        raise ScriptFailed(reply.text)
    return reply


class ScriptCaller:
    """redis.call for one run of a script: runs commands, and collects what the AOF must hold."""

    def __init__(self, ctx: Context, read_only: bool) -> None:
        self._ctx = ctx
        self._read_only = read_only
        self.effects: list[Sequence[bytes]] = []
        self._selected = ctx.db.index

    def select(self, index: int) -> None:
        """Have the effects that follow belong to this database."""
        if index != self._selected:
            self.effects.append([b"SELECT", b"%d" % index])
            self._selected = index

    def __call__(self, argv: list[bytes]) -> Reply:
        ctx = self._ctx
        modern = ctx.options.style is Style.REDIS_7
        try:
            found = find(argv, ctx.options.style)
        except CommandError as error:
            return ErrorReply(_from_script(error.text, modern))
        if NOSCRIPT in found.flags:
            return ErrorReply(
                b"ERR This Redis command is not allowed from script" + (b"" if modern else b"s")
            )
        if self._read_only and WRITE in found.flags:
            return ErrorReply(b"ERR Write commands are not allowed from read-only scripts.")
        before, ctx.fact = ctx.dirty, None
        try:
            reply = found.handler(ctx, argv)
        except CommandError as error:
            return ErrorReply(error.text)
        if ctx.dirty != before or found.forces(ctx.options.style):
            self.select(ctx.db.index)
            self.effects += found.propagate(Call(ctx, argv, reply))
        return reply


def _from_script(text: bytes, modern: bool) -> bytes:
    origin = b"script" if modern else b"Lua script"
    if text.startswith(b"ERR unknown command"):
        return b"ERR Unknown Redis command called from " + origin
    word = b"from " if modern else b"From "
    return b"ERR Wrong number of args calling Redis command " + word + origin


@command("EVAL", "script numkeys [key ...] [arg ...]", _FLAGS, NumKeys(2), group="scripting",
         since="2.6.0", propagate=effects_of_script)  # fmt: skip
def eval_(ctx: Context, argv: Argv) -> Reply:
    """Run a Lua script."""
    return _run(ctx, runtime_of(ctx).compile(argv[1]), argv)


@command("EVALSHA", "sha1 numkeys [key ...] [arg ...]", _FLAGS, NumKeys(2), group="scripting",
         since="2.6.0", propagate=effects_of_script)  # fmt: skip
def evalsha(ctx: Context, argv: Argv) -> Reply:
    """Run a Lua script that the server knows by its SHA-1."""
    name = argv[1].lower()
    if not runtime_of(ctx).knows(name):
        raise CommandError(_NO_SCRIPT)
    return _run(ctx, name, argv)


@command("EVAL_RO", "script numkeys [key ...] [arg ...]", NOSCRIPT, NumKeys(2), group="scripting",
         since="7.0.0")  # fmt: skip
def eval_ro(ctx: Context, argv: Argv) -> Reply:
    """Run a Lua script that only reads."""
    return _run(ctx, runtime_of(ctx).compile(argv[1]), argv, read_only=True)


@command("EVALSHA_RO", "sha1 numkeys [key ...] [arg ...]", NOSCRIPT, NumKeys(2), group="scripting",
         since="7.0.0")  # fmt: skip
def evalsha_ro(ctx: Context, argv: Argv) -> Reply:
    """Run a known Lua script that only reads."""
    name = argv[1].lower()
    if not runtime_of(ctx).knows(name):
        raise CommandError(_NO_SCRIPT)
    return _run(ctx, name, argv, read_only=True)


container("SCRIPT", "scripting", "2.6.0")


@command("SCRIPT LOAD", "script", NOSCRIPT, group="scripting", since="2.6.0")
def script_load(ctx: Context, argv: Argv) -> Reply:
    """Make a script known without running it; its SHA-1."""
    return runtime_of(ctx).compile(argv[2])


@command("SCRIPT EXISTS", "sha1 [sha1 ...]", NOSCRIPT, group="scripting", since="2.6.0")
def script_exists(ctx: Context, argv: Argv) -> Reply:
    """Which scripts are known, by their SHA-1."""
    return [int(runtime_of(ctx).knows(name.lower())) for name in argv[2:]]


@command("SCRIPT FLUSH", "[ASYNC | SYNC]", NOSCRIPT, group="scripting", since="2.6.0")
def script_flush(ctx: Context, argv: Argv) -> Reply:
    """Forget all scripts."""
    if len(argv) > 3 or (len(argv) == 3 and argv[2].upper() not in (b"ASYNC", b"SYNC")):
        raise CommandError(SYNTAX)
    runtime_of(ctx).forget()
    return OK
