"""The payload of FUNCTION DUMP and RESTORE: libraries as in an RDB file, version, checksum."""

from __future__ import annotations

from collections.abc import Iterable

import anycrc

from aoftool.errors import FormatError
from aoftool.format.rdb.layouts import LAYOUTS
from aoftool.format.rdb.opcodes import Opcode
from aoftool.format.rdb.primitives import read_string, write_string
from aoftool.keyspace.errors import CommandError

#: Bytes behind the libraries: the RDB version (2, little-endian) and the CRC-64 (8, likewise).
_TRAILER = 10
#: RDB version of the first release that has functions, 7.0.
VERSION = 10
_NEWEST = max(LAYOUTS)
_crc64 = anycrc.Model("CRC64-REDIS").calc


def dump_libraries(sources: Iterable[bytes]) -> bytes:
    """The payload of libraries, in their order (``functionDumpCommand``)."""
    out = bytearray()
    for source in sources:
        out.append(Opcode.FUNCTION2)
        write_string(out, source, True)
    out += VERSION.to_bytes(2, "little")
    out += _crc64(out).to_bytes(8, "little")
    return bytes(out)


def read_libraries(payload: bytes) -> list[bytes]:
    """The libraries of a payload (``functionRestoreCommand``). Raises CommandError."""
    end = len(payload) - _TRAILER
    version = int.from_bytes(payload[end : end + 2], "little")
    stored = int.from_bytes(payload[end + 2 :], "little")
    if end < 0 or version > _NEWEST or stored != _crc64(payload[: end + 2]):
        raise CommandError(b"ERR DUMP payload version or checksum are wrong")
    sources: list[bytes] = []
    at = 0
    while at < end:
        if payload[at] != Opcode.FUNCTION2:
            raise CommandError(b"ERR given type is not a function")
        try:
            found = read_string(payload, at + 1, end)
        except FormatError:
            found = None
        if found is None:
            raise CommandError(b"ERR Failed loading library data")
        source, at = found
        sources.append(source)
    return sources
