"""The first line of scripts and libraries, ``#!engine name=value...`` (eval.c, functions.c)."""

from __future__ import annotations

from dataclasses import dataclass

from aoftool.format.resp.inline import split_args
from aoftool.keyspace.errors import CommandError

#: What a script or function may say of itself.
FLAGS = (b"no-writes", b"allow-oom", b"allow-stale", b"no-cluster", b"allow-cross-slot-keys")
_NAME_BYTES = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
BAD_NAME = (
    b"Library names can only contain letters, numbers, or underscores(_) and must be "
    b"at least one character long"
)


@dataclass(frozen=True, slots=True)
class Script:
    """A script's Lua, and what its first line says.

    Attributes:
        body: Lua whose lines count as in the whole text.
        flags: None for a script without a shebang.
    """

    body: bytes
    flags: frozenset[bytes] | None

    @property
    def read_only(self) -> bool:
        """Whether it declares that it does not write."""
        return self.flags is not None and b"no-writes" in self.flags


def split_script(text: bytes) -> Script:
    """A script of Redis 7 taken apart (``evalExtractShebangFlags``). Raises CommandError."""
    if not text.startswith(b"#!"):
        return Script(text, None)
    line, newline, rest = text.partition(b"\n")
    if not newline:
        raise CommandError(b"ERR Invalid script shebang")
    engine, *options = line.split() or [b""]
    if engine != b"#!lua":
        raise CommandError(b"ERR Unexpected engine in script shebang: " + engine)
    flags: set[bytes] = set()
    for option in options:
        if not option.startswith(b"flags="):
            raise CommandError(b"ERR Unknown lua shebang option: " + option)
        words = option[6:].split(b",") if option != b"flags=" else []
        for word in words:
            if word not in FLAGS:
                raise CommandError(b"ERR Unexpected flag in script shebang: " + word)
            flags.add(word)
    return Script(b"\n" + rest, frozenset(flags))


def library_name(code: bytes) -> bytes:
    """The name in a library's first line (``functionExtractLibMetaData``). Raises CommandError."""
    if not code.startswith(b"#!"):
        raise CommandError(b"ERR Missing library metadata")
    line, newline, _ = code[2:].partition(b"\n")
    words = split_args(line) if newline else None
    if words is None or not line:
        raise CommandError(b"ERR Invalid library metadata")
    engine = words[0] if words and not line[:1].isspace() else b""
    name: bytes | None = None
    for word in words[1:] if engine else words:
        if not word.lower().startswith(b"name="):
            raise CommandError(b"ERR Invalid metadata value given: " + word)
        if name is not None:
            raise CommandError(
                b"ERR Invalid metadata value, name argument was given multiple times"
            )
        name = word[5:]
    if name is None:
        raise CommandError(b"ERR Library name was not given")
    if not name or not _NAME_BYTES.issuperset(name):
        raise CommandError(b"ERR " + BAD_NAME)
    if engine.lower() != b"lua":
        raise CommandError(b"ERR Engine '%b' not found" % engine)
    return name


def library_body(code: bytes) -> bytes:
    """A library's Lua: its first line is none, and an empty one keeps the line numbers."""
    return b"\n" + code.partition(b"\n")[2]
