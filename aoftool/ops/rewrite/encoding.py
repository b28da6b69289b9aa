"""A keyspace as the bytes of a file, chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from aoftool.format.aof import AofEncoder
from aoftool.format.rdb import RdbEncoder
from aoftool.keyspace.database import Keyspace
from aoftool.keyspace.rdbmap import rdb_value
from aoftool.keyspace.snapshot import database_as_commands, functions_as_commands
from aoftool.ops.targets import Target
from aoftool.ops.window import Progress

#: Bytes of output that are kept back before they are written.
_DRAIN = 1 << 20


class Form(Enum):
    """What the new file holds."""

    RESP = "resp"
    PREAMBLE = "preamble"
    RDB = "rdb"


def encode(
    keyspace: Keyspace, form: Form, target: Target, ctime: int | None, written: Progress
) -> Iterator[bytes]:
    """The file's bytes; ``written`` is called with the number of keys since its last call.

    ``ctime``: Unix time in seconds that an RDB part states, or None. An RDB form needs a target
    that has an RDB version.
    """
    if form is Form.RESP:
        return _commands(keyspace, target, written)
    return _rdb(keyspace, form, target, ctime, written)


def _commands(keyspace: Keyspace, target: Target, written: Progress) -> Iterator[bytes]:
    encoder = AofEncoder()
    pending = [encoder.command(argv, None) for argv in functions_as_commands(keyspace)]
    size = 0
    for database in keyspace.databases:
        for argv in database_as_commands(database, target.style):
            chunk = encoder.command(argv, database.index)
            pending.append(chunk)
            size += len(chunk)
            if size >= _DRAIN:
                yield b"".join(pending)
                pending.clear()
                size = 0
        written(len(database))
    yield b"".join(pending)


def _rdb(
    keyspace: Keyspace, form: Form, target: Target, ctime: int | None, written: Progress
) -> Iterator[bytes]:
    version = target.rdb_version
    assert version is not None
    encoder = RdbEncoder(version)
    encoder.aux(b"redis-bits", b"64")
    if ctime is not None:
        encoder.aux(b"ctime", b"%d" % ctime)
    if form is Form.PREAMBLE:
        encoder.aux(b"aof-preamble" if version == 9 else b"aof-base", b"1")
    for code in keyspace.functions.values():
        encoder.function(code)
    for database in keyspace.databases:
        data, expires = database.data, database.expires
        if not data:
            continue
        encoder.select_db(database.index)
        encoder.resize_db(len(data), len(expires))
        told = 0
        for done, (key, value) in enumerate(data.items(), 1):
            kind, plain = rdb_value(value)
            encoder.key(key, kind, plain, expires.get(key))
            if encoder.pending >= _DRAIN:
                yield encoder.take()
                written(done - told)
                told = done
        written(len(data) - told)
    yield encoder.end()
