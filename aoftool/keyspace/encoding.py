"""A keyspace as the bytes of a file, chunk by chunk: what every rewrite writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from aoftool.format.aof import AofEncoder
from aoftool.format.rdb import EncodingLimits, RdbEncoder
from aoftool.keyspace.context import Style
from aoftool.keyspace.keyspace import Keyspace
from aoftool.keyspace.rdbmap import rdb_items
from aoftool.keyspace.snapshot import database_as_commands, functions_as_commands

#: Bytes of output that are kept back before they are given.
DRAIN = 1 << 20

#: Called with the number of keys that were encoded since the last call.
Written = Callable[[int], None]


def encode_as_commands(
    keyspace: Keyspace, style: Style, written: Written, drain: int = DRAIN
) -> Iterator[bytes]:
    """The commands that rebuild the keyspace, in chunks of at least ``drain`` bytes."""
    encoder = AofEncoder()
    pending = [encoder.command(argv, None) for argv in functions_as_commands(keyspace)]
    size = 0
    for database in keyspace.databases:
        for argv in database_as_commands(database, style):
            chunk = encoder.command(argv, database.index)
            pending.append(chunk)
            size += len(chunk)
            if size >= drain:
                yield b"".join(pending)
                pending.clear()
                size = 0
        written(len(database))
    yield b"".join(pending)


def encode_as_rdb(
    keyspace: Keyspace, encoder: RdbEncoder, written: Written, drain: int = DRAIN
) -> Iterator[bytes]:
    """The rest of an RDB file, behind the aux fields that ``encoder`` has been given.

    Raises LossError for what its version cannot hold.
    """
    for code in keyspace.functions.values():
        encoder.function(code)
    for database in keyspace.databases:
        if not database.data:
            continue
        encoder.select_db(database.index)
        encoder.resize_db(len(database), len(database.expires))
        told = 0
        for done, item in enumerate(rdb_items(database), 1):
            encoder.key(*item)
            if encoder.pending >= drain:
                yield encoder.take()
                written(done - told)
                told = done
        written(len(database) - told)
    yield encoder.end()


def rdb_encoder(
    version: int,
    aux: Sequence[tuple[bytes, bytes]],
    *,
    preamble: bool,
    compress: bool = True,
    checksum: bool = True,
    limits: EncodingLimits | None = None,
) -> RdbEncoder:
    """An encoder that has written its header and aux fields; ``preamble``: of an AOF."""
    encoder = RdbEncoder(version, compress, checksum, limits)
    for name, value in aux:
        encoder.aux(name, value)
    if preamble:
        encoder.aux(b"aof-preamble" if version <= 9 else b"aof-base", b"1")
    return encoder
