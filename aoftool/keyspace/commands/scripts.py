"""Scripts: EVAL, EVALSHA and SCRIPT (script.c, eval.c; before 7.0 scripting.c)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial

from aoftool.format.resp.replies import OK, ErrorReply, Reply
from aoftool.keyspace.command import (
    ALLOW_BUSY,
    DENYOOM,
    LOADING,
    MAY_REPLICATE,
    NO_MANDATORY_KEYS,
    NOSCRIPT,
    READONLY,
    SKIP_MONITOR,
    STALE,
    TABLE,
    WRITE,
    Call,
    Command,
    command,
    container,
    help_lines,
    verbatim,
)
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.errors import NOT_AN_INTEGER, OUT_OF_MEMORY, CommandError
from aoftool.keyspace.keyspecs import Argv, NumKeys
from aoftool.keyspace.numbers import parse_int
from aoftool.keyspace.scripting.conversion import Refusal
from aoftool.keyspace.scripting.running import REPL_AOF, REPL_NONE
from aoftool.keyspace.scripting.runtime import Runtime, ScriptFailed

#: Scripts may run without keys, and on data that are not the primary's, since 7.0.
_FLAGS = NOSCRIPT | MAY_REPLICATE | SKIP_MONITOR
FREE = STALE | NO_MANDATORY_KEYS
RO_FLAGS = NOSCRIPT | READONLY | SKIP_MONITOR | FREE
_NO_SCRIPT = b"NOSCRIPT No matching script. Please use EVAL."
NOT_READ_ONLY = b"ERR Can not execute a script with write flag using *_ro command."
#: Why a script may not call a command: as 7.0 says it, and as releases before it.
_UNKNOWN, _ARITY, _FORBIDDEN = range(3)
_REFUSALS = {
    Style.REDIS_7: (
        Refusal(b"Unknown Redis command called from script"),
        Refusal(b"Wrong number of args calling Redis command from script"),
        Refusal(b"This Redis command is not allowed from script"),
    ),
    Style.REDIS_6: (
        Refusal(b"Unknown Redis command called from Lua script"),
        Refusal(b"Wrong number of args calling Redis command From Lua script"),
        Refusal(b"This Redis command is not allowed from scripts"),
    ),
}
_WRITES = Refusal(b"Write commands are not allowed from read-only scripts.")


class Effects(list[Sequence[bytes]]):
    """What the AOF must hold of a script.

    Attributes:
        began: whether Redis 6 has begun a transaction for it, as it does with the first write
            that is called, even one that then changes nothing.
    """

    began = False


def effects_of_script(call: Call) -> Iterable[Sequence[bytes]]:
    """What the commands of the script did; the handler has collected it."""
    effects: Effects = call.ctx.fact
    return effects


def runtime_of(ctx: Context) -> Runtime:
    """The Lua of this keyspace, made when the first script comes."""
    runtime: Runtime | None = ctx.keyspace.lua
    if runtime is None:
        runtime = Runtime(ctx.options.style)
        runtime.may_call = partial(_may_call, ctx)
        ctx.keyspace.lua = runtime
        if ctx.options.on_lua is not None:
            ctx.options.on_lua(runtime)
    return runtime


def _may_call(ctx: Context, argv: list[bytes]) -> bool | None:
    """Whether the caller of a script may call a command; None: there is no such command."""
    try:
        found = (ctx.options.table or TABLE).find(argv)
    except CommandError:
        return None
    permissions = ctx.options.permissions
    return permissions is None or ctx.trusted or permissions.may_call(found, argv)


def split_keys(argv: Argv, not_a_number: bytes = NOT_AN_INTEGER) -> tuple[Argv, Argv]:
    """KEYS and ARGV of EVAL and FCALL. Raises CommandError for a count that cannot be."""
    count = parse_int(argv[2])
    if count is None:
        raise CommandError(not_a_number)
    if count > len(argv) - 3:
        raise CommandError(b"ERR Number of keys can't be greater than number of args")
    if count < 0:
        raise CommandError(b"ERR Number of keys can't be negative")
    return argv[3 : 3 + count], argv[3 + count :]


def _run(ctx: Context, name: bytes | None, argv: Argv, ro_command: bool = False) -> Reply:
    """Run a known script, or the one in the call; ``ro_command``: EVAL_RO or EVALSHA_RO."""
    keys, rest = split_keys(argv)
    runtime = runtime_of(ctx)
    if name is None:
        name = runtime.compile(argv[1])
    elif not runtime.knows(name):
        raise CommandError(_NO_SCRIPT)
    flags = runtime.flags(name)
    read_only = b"no-writes" in flags if flags is not None else ro_command
    if flags is not None:
        check_flags(ctx, flags)
    if ro_command and not read_only:
        raise CommandError(NOT_READ_ONLY)
    caller = ScriptCaller(ctx, read_only, flags is not None and b"allow-oom" in flags)
    return collect(ctx, caller, lambda: runtime.run(name, keys, rest, caller, argv, ctx.now_ms))


def check_flags(ctx: Context, flags: Collection[bytes]) -> None:
    """Refuse a script of these flags that may do what cannot be done now (``getCommandFlags``).

    Raises CommandError.
    """
    options = ctx.options
    if b"no-writes" in flags or ctx.trusted:
        return
    if options.out_of_memory and b"allow-oom" not in flags:
        raise CommandError(OUT_OF_MEMORY)
    if options.write_refusal is not None:
        raise CommandError(options.write_refusal)


def collect(ctx: Context, caller: ScriptCaller, run: Callable[[], Reply]) -> Reply:
    """Run a script; what its commands did to the data is left in ``ctx.fact`` for the AOF.

    An error does not undo what the script did before it: then it is the reply, that the effects
    are logged. Raises ScriptFailed for an error of a script that has done nothing.
    """
    database, before = ctx.db, ctx.dirty
    try:
        reply = run()
    except CommandError as error:
        if ctx.dirty == before:
            raise
        reply = ErrorReply(error.text)
    finally:
        ctx.db = database  # SELECT in a script ends with it
        caller.select(database.index)
        ctx.fact = caller.effects
    if isinstance(reply, ErrorReply) and ctx.dirty == before:
        raise ScriptFailed(reply.text)
    return reply


class ScriptCaller:
    """redis.call for one run of a script: runs commands, and collects what the AOF must hold."""

    def __init__(self, ctx: Context, read_only: bool, allow_oom: bool) -> None:
        self._ctx = ctx
        self._runtime = runtime_of(ctx)
        self._runtime.may_call = partial(_may_call, ctx)
        self._read_only = read_only
        self._needs_memory = not allow_oom and not ctx.trusted and ctx.options.out_of_memory
        self._refusals = _REFUSALS[ctx.options.style]
        self.effects = Effects()
        self._selected = ctx.db.index

    def select(self, index: int) -> None:
        """Have the effects that follow belong to this database."""
        if index != self._selected:
            self.effects.append([b"SELECT", b"%d" % index])
            self._selected = index

    def __call__(self, argv: list[bytes]) -> Reply | Refusal:
        ctx = self._ctx
        found = self._find(argv)
        if not isinstance(found, Command):
            return found
        flags = found.flags_in(ctx.options.style)
        if NOSCRIPT in flags and not ctx.options.scripts_call_all:
            return self._refusals[_FORBIDDEN]
        permissions = ctx.options.permissions
        if permissions is not None and not ctx.trusted:
            refusal = permissions.refusal_in_script(found, argv)
            if refusal is not None:
                return Refusal(refusal)
        if self._read_only and flags & (WRITE | MAY_REPLICATE):
            return _WRITES
        if WRITE in flags and ctx.options.write_refusal is not None and not ctx.trusted:
            return self._server_refuses(ctx.options.write_refusal)
        running = self._runtime.running
        assert running is not None
        if DENYOOM in flags and self._needs_memory and not running.wrote:
            return self._server_refuses(OUT_OF_MEMORY)
        running.wrote |= WRITE in flags
        self.effects.began |= running.wrote and running.replicates != REPL_NONE
        before, ctx.fact = ctx.dirty, None
        resp3, ctx.resp3 = ctx.resp3, self._runtime.resp3
        try:
            reply = found.handler(ctx, argv)
        except CommandError as error:
            return ErrorReply(error.text)
        finally:
            ctx.resp3 = resp3
            if ctx.options.on_script_call is not None:
                ctx.options.on_script_call(found, argv)
        if ctx.dirty != before or found.forces(ctx.options.style):
            records = list(found.propagate(Call(ctx, argv, reply)))
            if running.replicates & REPL_AOF:
                self.select(ctx.db.index)
                self.effects += records
        return reply

    def _server_refuses(self, text: bytes) -> Reply | Refusal:
        """An error of the server's: before 7.0 its bytes are raised as they would be sent."""
        if self._ctx.options.style is Style.REDIS_7:
            return ErrorReply(text)
        return Refusal(b"-" + text)

    def _find(self, argv: list[bytes]) -> Command | Refusal | ErrorReply:
        options = self._ctx.options
        style = options.style
        try:
            found = (options.table or TABLE).find(argv, style)
        except CommandError as error:
            if error.text.startswith(b"ERR unknown command"):
                return self._refusals[_UNKNOWN]
            if error.text.startswith(b"ERR wrong number"):
                return self._refusals[_ARITY]
            return ErrorReply(error.text)
        if found.subcommands and len(argv) > 1 and style is Style.REDIS_7:
            return self._refusals[_UNKNOWN]
        return found


@command("EVAL", "script numkeys [key ...] [arg ...]", _FLAGS, NumKeys(2), group="scripting",
         since="2.6.0", propagate=effects_of_script, only_7=FREE)  # fmt: skip
def eval_(ctx: Context, argv: Argv) -> Reply:
    """Run a Lua script."""
    return _run(ctx, None, argv)


@command("EVALSHA", "sha1 numkeys [key ...] [arg ...]", _FLAGS, NumKeys(2), group="scripting",
         since="2.6.0", propagate=effects_of_script, only_7=FREE)  # fmt: skip
def evalsha(ctx: Context, argv: Argv) -> Reply:
    """Run a Lua script that the server knows by its SHA-1."""
    return _run(ctx, _sha(argv), argv)


@command("EVAL_RO", "script numkeys [key ...] [arg ...]", RO_FLAGS, NumKeys(2), group="scripting",
         since="7.0.0")  # fmt: skip
def eval_ro(ctx: Context, argv: Argv) -> Reply:
    """Run a Lua script that only reads."""
    return _run(ctx, None, argv, ro_command=True)


@command("EVALSHA_RO", "sha1 numkeys [key ...] [arg ...]", RO_FLAGS, NumKeys(2), group="scripting",
         since="7.0.0")  # fmt: skip
def evalsha_ro(ctx: Context, argv: Argv) -> Reply:
    """Run a known Lua script that only reads."""
    return _run(ctx, _sha(argv), argv, ro_command=True)


def _sha(argv: Argv) -> bytes:
    """The script that EVALSHA names. Raises CommandError for what can be no SHA-1."""
    if len(argv[1]) != _SHA_LENGTH:
        raise CommandError(_NO_SCRIPT)
    return argv[1].lower()


_SHA_LENGTH = 40

container("SCRIPT", "scripting", "2.6.0")


@command("SCRIPT LOAD", "script", NOSCRIPT | MAY_REPLICATE, group="scripting", since="2.6.0",
         propagate=verbatim, forced=Style.REDIS_6, only_7=STALE)  # fmt: skip
def script_load(ctx: Context, argv: Argv) -> Reply:
    """Make a script known without running it; its SHA-1."""
    return runtime_of(ctx).compile(argv[2])


@command("SCRIPT EXISTS", "sha1 [sha1 ...]", NOSCRIPT, group="scripting", since="2.6.0")
def script_exists(ctx: Context, argv: Argv) -> Reply:
    """Which scripts are known, by their SHA-1."""
    return [int(runtime_of(ctx).knows(name.lower())) for name in argv[2:]]


@command("SCRIPT FLUSH", "[ASYNC | SYNC]", NOSCRIPT, group="scripting", since="2.6.0",
         propagate=verbatim, forced=Style.REDIS_6)  # fmt: skip
def script_flush(ctx: Context, argv: Argv) -> Reply:
    """Forget all scripts."""
    if len(argv) > 3 or (len(argv) == 3 and argv[2].upper() not in (b"ASYNC", b"SYNC")):
        raise CommandError(b"ERR SCRIPT FLUSH only support SYNC|ASYNC option")
    runtime_of(ctx).forget()
    return OK


@command("SCRIPT KILL", "", NOSCRIPT | ALLOW_BUSY, group="scripting", since="2.6.0")
def script_kill(ctx: Context, argv: Argv) -> Reply:
    """Stop the script that runs, if it has not written."""
    runtime_of(ctx).kill(function=False)
    return OK


@command("SCRIPT DEBUG", "YES | SYNC | NO", NOSCRIPT, group="scripting", since="3.2.0")
def script_debug(ctx: Context, argv: Argv) -> Reply:
    """Say whether scripts are to be debugged: they never are."""
    if argv[2].upper() not in (b"YES", b"SYNC", b"NO"):
        raise CommandError(b"ERR Use SCRIPT DEBUG YES/SYNC/NO")
    return OK


@command("SCRIPT HELP", "", LOADING | STALE, group="scripting", since="5.0.0")
def script_help(ctx: Context, argv: Argv) -> Reply:
    """Say what the SCRIPT commands are."""
    return help_lines(b"SCRIPT")
