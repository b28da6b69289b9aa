"""Function libraries: FUNCTION and FCALL (functions.c; Redis 7.0 and later)."""

from __future__ import annotations

from aoftool.format.resp.replies import OK, MapReply, Reply
from aoftool.keyspace.command import (
    DENYOOM,
    MAY_REPLICATE,
    NOSCRIPT,
    WRITE,
    command,
    container,
)
from aoftool.keyspace.commands.scripts import (
    collect,
    effects_of_script,
    runtime_of,
    split_keys,
)
from aoftool.keyspace.context import Context
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.glob import matches
from aoftool.keyspace.keyspecs import Argv, NumKeys
from aoftool.keyspace.scripting.runtime import LibraryFunction

_NAME_BYTES = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


def library_name(code: bytes) -> bytes:
    """The name in a library's first line, ``#!lua name=...``. Raises CommandError."""
    first = code.split(b"\n", 1)[0]
    if not first.startswith(b"#!"):
        raise CommandError(b"ERR Missing library metadata")
    words = first[2:].split()
    if not words or words[0].lower() != b"lua":
        engine = words[0] if words else b""
        raise CommandError(b"ERR Engine '%b' not found" % engine)
    name = b""
    for word in words[1:]:
        if not word.startswith(b"name="):
            raise CommandError(b"ERR Invalid metadata value given: %b" % word)
        name = word[5:]
    if not name:
        raise CommandError(b"ERR Library name was not given")
    if not _NAME_BYTES.issuperset(name):
        raise CommandError(
            b"ERR Library names can only contain letters, numbers, or underscores(_) and must be "
            b"at least one character long"
        )
    return name


def load_library(ctx: Context, code: bytes, replace: bool) -> bytes:
    """Make a library known; its name. Raises CommandError where it is known or fails."""
    name = library_name(code)
    known = ctx.keyspace.functions
    if name in known and not replace:
        raise CommandError(b"ERR Library '%b' already exists" % name)
    old = known.get(name)
    _compile_missing(ctx)
    runtime = runtime_of(ctx)
    runtime.forget_library(name)
    try:
        # The shebang is no Lua; an empty line in its place keeps the line numbers.
        runtime.load_library(name, b"\n" + code.partition(b"\n")[2])
        _refuse_double_names(ctx, name)
    except CommandError:
        runtime.forget_library(name)
        if old is not None:
            runtime.load_library(name, b"\n" + old.partition(b"\n")[2])
        raise
    known[name] = code
    return name


def _refuse_double_names(ctx: Context, name: bytes) -> None:
    libraries = runtime_of(ctx).libraries()
    for other, functions in libraries.items():
        for function in functions:
            if other != name and function in libraries[name]:
                raise CommandError(b"ERR Function %b already exists" % function)


def _compile_missing(ctx: Context) -> None:
    """Compile libraries that came with an RDB file and have not been called yet."""
    runtime = runtime_of(ctx)
    for name, code in ctx.keyspace.functions.items():
        if name not in runtime.libraries():
            runtime.load_library(name, b"\n" + code.partition(b"\n")[2])


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
    if len(argv) > 3 or (len(argv) == 3 and argv[2].upper() not in (b"ASYNC", b"SYNC")):
        raise CommandError(b"ERR FUNCTION FLUSH only supports SYNC|ASYNC option")
    for name in list(ctx.keyspace.functions):
        runtime_of(ctx).forget_library(name)
    ctx.keyspace.functions.clear()
    ctx.changed(b"function", b"")
    return OK


@command("FUNCTION LIST", "[LIBRARYNAME pattern] [WITHCODE]", NOSCRIPT, group="scripting",
         since="7.0.0")  # fmt: skip
def function_list(ctx: Context, argv: Argv) -> Reply:
    """The libraries, their functions, and their source if asked for."""
    pattern, with_code = b"*", False
    words = iter(argv[2:])
    for raw in words:
        word = raw.upper()
        if word == b"WITHCODE" and not with_code:
            with_code = True
        elif word == b"LIBRARYNAME" and (text := next(words, None)) is not None:
            pattern = text
        else:
            raise CommandError(b"ERR Unknown argument %b" % raw)
    _compile_missing(ctx)
    rows: list[Reply] = []
    for name, code in ctx.keyspace.functions.items():
        if not matches(pattern, name, nocase=True):
            continue
        functions: list[Reply] = [
            MapReply([b"name", function, b"description", None, b"flags", _flags(held)])
            for function, held in runtime_of(ctx).libraries()[name].items()
        ]
        row: list[Reply] = [b"library_name", name, b"engine", b"LUA", b"functions", functions]
        rows.append(MapReply([*row, b"library_code", code] if with_code else row))
    return rows


def _flags(function: LibraryFunction) -> list[Reply]:
    return [b"no-writes"] if function.read_only else []


def _fcall(ctx: Context, argv: Argv, read_only: bool) -> Reply:
    keys, rest = split_keys(argv)
    _compile_missing(ctx)
    runtime = runtime_of(ctx)
    for functions in runtime.libraries().values():
        found = functions.get(argv[1])
        if found is not None:
            break
    else:
        raise CommandError(b"ERR Function not found")
    if read_only and not found.read_only:
        raise CommandError(b"ERR Can not execute a script with write flag using *_ro command.")
    return collect(
        ctx,
        found.read_only,
        lambda caller: runtime.call_function(found, keys, rest, caller, ctx.rng),
    )


@command("FCALL", "function numkeys [key ...] [arg ...]", NOSCRIPT | MAY_REPLICATE, NumKeys(2),
         group="scripting", since="7.0.0", propagate=effects_of_script)  # fmt: skip
def fcall(ctx: Context, argv: Argv) -> Reply:
    """Call a function of a library."""
    return _fcall(ctx, argv, False)


@command("FCALL_RO", "function numkeys [key ...] [arg ...]", NOSCRIPT, NumKeys(2),
         group="scripting", since="7.0.0")  # fmt: skip
def fcall_ro(ctx: Context, argv: Argv) -> Reply:
    """Call a function that only reads."""
    return _fcall(ctx, argv, True)
