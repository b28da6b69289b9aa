"""Function libraries: FUNCTION and FCALL (functions.c; Redis 7.0 and later)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aoftool.format.resp.replies import OK, MapReply, Reply, SetReply, Status
from aoftool.keyspace.command import (
    ALLOW_BUSY,
    DENYOOM,
    LOADING,
    MAY_REPLICATE,
    NOSCRIPT,
    RANDOM,
    SKIP_MONITOR,
    SORT_FOR_SCRIPT,
    STALE,
    WRITE,
    command,
    container,
    help_lines,
)
from aoftool.keyspace.commands.scripts import (
    FREE,
    NOT_READ_ONLY,
    RO_FLAGS,
    ScriptCaller,
    check_flags,
    collect,
    effects_of_script,
    runtime_of,
    split_keys,
)
from aoftool.keyspace.context import Context
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.glob import matches
from aoftool.keyspace.keyspecs import Argv, NumKeys
from aoftool.keyspace.scripting.payload import dump_libraries, read_libraries
from aoftool.keyspace.scripting.running import busy
from aoftool.keyspace.scripting.runtime import LibraryFunction, Runtime
from aoftool.keyspace.scripting.shebang import library_body
from aoftool.keyspace.scripting.shebang import library_name as library_name


def load_library(ctx: Context, code: bytes, replace: bool) -> bytes:
    """Make a library known; its name. Raises CommandError where it is known or fails."""
    name = library_name(code)
    if name in ctx.keyspace.functions and not replace:
        raise CommandError(b"ERR Library '%b' already exists" % name)
    _compile_missing(ctx)
    with _unless_it_fails(ctx):
        _load(ctx, name, code)
    return name


def _load(ctx: Context, name: bytes, code: bytes) -> None:
    runtime = runtime_of(ctx)
    runtime.forget_library(name)
    runtime.load_library(name, library_body(code))
    libraries = runtime.libraries().items()
    others = (functions for other, functions in libraries if other != name)
    taken = {function.lower() for functions in others for function in functions}
    for function in runtime.libraries()[name]:
        if function.lower() in taken:
            raise CommandError(b"ERR Function %b already exists" % function)
    ctx.keyspace.functions[name] = code


@contextmanager
def _unless_it_fails(ctx: Context) -> Iterator[None]:
    """Take back what is done to the libraries if it ends in a CommandError."""
    runtime = runtime_of(ctx)
    sources, loaded = dict(ctx.keyspace.functions), dict(runtime.libraries())
    try:
        yield
    except CommandError:
        ctx.keyspace.functions.clear()
        ctx.keyspace.functions.update(sources)
        runtime.keep_libraries(loaded)
        raise


def _compile_missing(ctx: Context) -> None:
    """Compile libraries that came with an RDB file and have not been called yet."""
    runtime = runtime_of(ctx)
    for name, code in ctx.keyspace.functions.items():
        if name not in runtime.libraries():
            runtime.load_library(name, library_body(code))


container("FUNCTION", "scripting", "7.0.0")


@command("FUNCTION LOAD", "[REPLACE] code", WRITE | DENYOOM | NOSCRIPT, group="scripting",
         since="7.0.0")  # fmt: skip
def function_load(ctx: Context, argv: Argv) -> Reply:
    """Make a library of functions known."""
    words = argv[2:-1]
    for word in words:
        if word.upper() != b"REPLACE":
            raise CommandError(b"ERR Unknown option given: %b" % word)
    name = load_library(ctx, argv[-1], bool(words))
    ctx.changed(b"function", name)
    return name


@command("FUNCTION DELETE", "library", WRITE | NOSCRIPT, group="scripting", since="7.0.0")
def function_delete(ctx: Context, argv: Argv) -> Reply:
    """Forget a library."""
    if ctx.keyspace.functions.pop(argv[2], None) is None:
        raise CommandError(b"ERR Library not found")
    runtime_of(ctx).forget_library(argv[2])
    ctx.changed(b"function", argv[2])
    return OK


@command("FUNCTION FLUSH", "[ASYNC | SYNC]", WRITE | NOSCRIPT, group="scripting", since="7.0.0")
def function_flush(ctx: Context, argv: Argv) -> Reply:
    """Forget all libraries."""
    if len(argv) > 3:
        raise _wrong_number(argv)
    if len(argv) == 3 and argv[2].upper() not in (b"ASYNC", b"SYNC"):
        raise CommandError(b"ERR FUNCTION FLUSH only supports SYNC|ASYNC option")
    _forget_all(ctx)
    ctx.changed(b"function", b"")
    return OK


def _forget_all(ctx: Context) -> None:
    runtime_of(ctx).keep_libraries({})
    ctx.keyspace.functions.clear()


def _wrong_number(argv: Argv) -> CommandError:
    return CommandError(
        b"ERR unknown subcommand or wrong number of arguments for '%b'. Try FUNCTION HELP."
        % argv[1]
    )


@command("FUNCTION DUMP", "", NOSCRIPT, group="scripting", since="7.0.0")
def function_dump(ctx: Context, argv: Argv) -> Reply:
    """All libraries as bytes that FUNCTION RESTORE takes."""
    return dump_libraries(ctx.keyspace.functions.values())


@command("FUNCTION RESTORE", "payload [FLUSH | APPEND | REPLACE]", WRITE | DENYOOM | NOSCRIPT,
         group="scripting", since="7.0.0")  # fmt: skip
def function_restore(ctx: Context, argv: Argv) -> Reply:
    """Make the libraries known that FUNCTION DUMP gave."""
    if len(argv) > 4:
        raise _wrong_number(argv)
    policy = argv[3].upper() if len(argv) == 4 else b"APPEND"
    if policy not in (b"FLUSH", b"APPEND", b"REPLACE"):
        raise CommandError(
            b"ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE."
        )
    sources = read_libraries(argv[2])
    _compile_missing(ctx)
    with _unless_it_fails(ctx):
        if policy == b"FLUSH":
            _forget_all(ctx)
        named = [(library_name(source), source) for source in sources]
        for name, _ in named:
            if name in ctx.keyspace.functions and policy != b"REPLACE":
                raise CommandError(b"ERR Library %b already exists" % name)
        for name, source in named:
            _load(ctx, name, source)
    ctx.changed(b"function", b"")
    return OK


@command("FUNCTION KILL", "", NOSCRIPT | ALLOW_BUSY, group="scripting", since="7.0.0")
def function_kill(ctx: Context, argv: Argv) -> Reply:
    """Stop the function that runs, if it has not written."""
    runtime_of(ctx).kill(function=True)
    return OK


@command("FUNCTION STATS", "", NOSCRIPT | ALLOW_BUSY | RANDOM, group="scripting", since="7.0.0")
def function_stats(ctx: Context, argv: Argv) -> Reply:
    """The function that runs, and how many libraries and functions there are."""
    runtime = runtime_of(ctx)
    running = runtime.running
    if running is not None and not running.is_function:
        raise CommandError(busy(running))
    _compile_missing(ctx)
    counted = [len(functions) for functions in runtime.libraries().values()]
    counts = MapReply([b"libraries_count", len(counted), b"functions_count", sum(counted)])
    now: Reply = None
    if running is not None:
        duration_ms = ctx.now_ms - running.started_ms
        now = MapReply(
            [b"name", running.name, b"command", list(running.command), b"duration_ms", duration_ms]
        )
    return MapReply([b"running_script", now, b"engines", MapReply([b"LUA", counts])])


@command("FUNCTION HELP", "", LOADING | STALE, group="scripting", since="7.0.0")
def function_help(ctx: Context, argv: Argv) -> Reply:
    """Say what the FUNCTION commands are."""
    return help_lines(b"FUNCTION")


@command("FUNCTION LIST", "[LIBRARYNAME pattern] [WITHCODE]", NOSCRIPT | SORT_FOR_SCRIPT,
         group="scripting", since="7.0.0")  # fmt: skip
def function_list(ctx: Context, argv: Argv) -> Reply:
    """The libraries, their functions, and their source if asked for."""
    pattern, with_code = _list_options(argv)
    _compile_missing(ctx)
    rows: list[Reply] = []
    for name, code in ctx.keyspace.functions.items():
        if pattern is not None and not matches(pattern, name, nocase=True):
            continue
        functions: list[Reply] = [
            _described(function) for function in runtime_of(ctx).libraries()[name].values()
        ]
        row: list[Reply] = [b"library_name", name, b"engine", b"LUA", b"functions", functions]
        rows.append(MapReply([*row, b"library_code", code] if with_code else row))
    return rows


def _described(function: LibraryFunction) -> MapReply:
    return MapReply(
        [b"name", function.name, b"description", function.description,
         b"flags", SetReply(map(Status, function.flags))]
    )  # fmt: skip


def _list_options(argv: Argv) -> tuple[bytes | None, bool]:
    """The pattern of names, and whether the source is wanted. Raises CommandError."""
    pattern, with_code = None, False
    words = iter(argv[2:])
    for raw in words:
        word = raw.upper()
        if word == b"WITHCODE" and not with_code:
            with_code = True
        elif word == b"LIBRARYNAME" and pattern is None:
            pattern = next(words, None)
            if pattern is None:
                raise CommandError(b"ERR library name argument was not given")
        else:
            raise CommandError(b"ERR Unknown argument %b" % raw)
    return pattern, with_code


def _function(runtime: Runtime, name: bytes) -> LibraryFunction:
    """The function that FCALL names, in any case. Raises CommandError where there is none."""
    libraries = runtime.libraries().values()
    for functions in libraries:
        if name in functions:
            return functions[name]
    for functions in libraries:
        for other, function in functions.items():
            if other.lower() == name.lower():
                return function
    raise CommandError(b"ERR Function not found")


def _fcall(ctx: Context, argv: Argv, ro_command: bool) -> Reply:
    _compile_missing(ctx)
    runtime = runtime_of(ctx)
    found = _function(runtime, argv[1])
    keys, rest = split_keys(argv, b"ERR Bad number of keys provided")
    if ro_command and not found.read_only:
        raise CommandError(NOT_READ_ONLY)
    check_flags(ctx, found.flags)
    caller = ScriptCaller(ctx, found.read_only, b"allow-oom" in found.flags)
    return collect(
        ctx,
        caller,
        lambda: runtime.call_function(found, keys, rest, caller, argv, ctx.now_ms),
    )


@command("FCALL", "function numkeys [key ...] [arg ...]", NOSCRIPT | MAY_REPLICATE | SKIP_MONITOR,
         NumKeys(2), group="scripting", since="7.0.0", propagate=effects_of_script,
         only_7=FREE)  # fmt: skip
def fcall(ctx: Context, argv: Argv) -> Reply:
    """Call a function of a library."""
    return _fcall(ctx, argv, False)


@command("FCALL_RO", "function numkeys [key ...] [arg ...]", RO_FLAGS, NumKeys(2),
         group="scripting", since="7.0.0")  # fmt: skip
def fcall_ro(ctx: Context, argv: Argv) -> Reply:
    """Call a function that only reads."""
    return _fcall(ctx, argv, True)
