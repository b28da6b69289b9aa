"""The payload of DUMP and RESTORE: a value as in an RDB file, its version, and a checksum."""

from __future__ import annotations

from typing import Any

import anycrc

from aoftool.errors import FormatError
from aoftool.format.rdb.build import BUILDERS
from aoftool.format.rdb.layouts import LAYOUTS, EncodingLimits, lay_out
from aoftool.format.rdb.opcodes import TYPES, Dialect, logical_type
from aoftool.format.rdb.read import read_shape
from aoftool.format.rdb.write import write_shape
from aoftool.keyspace.rdbmap import live_value, rdb_value

#: Bytes behind the value: the RDB version (2, little-endian) and the CRC-64 (8, likewise).
_TRAILER = 10
#: Newest version that is read.
_NEWEST = max(LAYOUTS)
_TYPES = TYPES[Dialect.REDIS]
_crc64 = anycrc.Model("CRC64-REDIS").calc


class BadPayload(ValueError):
    """A payload that is none; ``text`` is the error that RESTORE answers."""

    def __init__(self, text: bytes) -> None:
        super().__init__(text.decode())
        self.text = text


def dump(value: Any, version: int, limits: EncodingLimits | None = None) -> bytes:
    """The payload of a live value (``createDumpPayload`` in cluster.c).

    Raises LossError for a hash whose fields expire before RDB version 12.
    """
    kind, plain = rdb_value(value)
    number, fields = lay_out(kind, plain, LAYOUTS[version], limits or EncodingLimits())
    out = bytearray([number])
    write_shape(out, _TYPES[number].program, fields, True)
    out += version.to_bytes(2, "little")
    out += _crc64(out).to_bytes(8, "little")
    return bytes(out)


def restore(payload: bytes, checked: bool = True) -> Any:
    """The live value of a payload (``verifyDumpPayload``, ``rdbLoadObject``). Raises BadPayload.

    ``checked``: whether its version and checksum are looked at.
    """
    body = len(payload) - _TRAILER
    wrong = BadPayload(b"ERR DUMP payload version or checksum are wrong")
    if body < 1:
        raise wrong
    version = int.from_bytes(payload[body : body + 2], "little")
    stored = int.from_bytes(payload[body + 2 :], "little")
    if checked and (version > _NEWEST or stored != _crc64(payload[: body + 2])):
        raise wrong
    bad = BadPayload(b"ERR Bad data format")
    number = payload[0]
    build = BUILDERS[Dialect.REDIS].get(number)
    if build is None:
        raise bad
    try:
        found = read_shape(_TYPES[number].program, payload, 1, body)
        if found is None or found[1] != body:
            raise bad
        plain = build(found[0])
    except FormatError as error:
        raise bad from error
    kind = logical_type(_TYPES[number])
    if kind not in ("string", "module", "stream") and not plain:
        raise bad  # servers keep no empty collections
    return live_value(kind, plain)  # type: ignore[arg-type]
