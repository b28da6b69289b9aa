"""What the new file holds, and its bytes."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from aoftool.keyspace.encoding import encode_as_commands, encode_as_rdb, rdb_encoder
from aoftool.keyspace.keyspace import Keyspace
from aoftool.ops.targets import Target
from aoftool.ops.window import Progress


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
        return encode_as_commands(keyspace, target.style, written)
    aux = [(b"redis-bits", b"64")]
    if ctime is not None:
        aux.append((b"ctime", b"%d" % ctime))
    encoder = rdb_encoder(target.rdb_version, aux, preamble=form is Form.PREAMBLE)
    return encode_as_rdb(keyspace, encoder, written)
