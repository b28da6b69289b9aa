"""The streaming encoder: items go in, bytes of an RDB file (or preamble) come out.

encoder = RdbEncoder(version=9)
encoder.aux(b"redis-ver", b"6.2.16")    # in the order of the file
sink.write(encoder.take())              # as often as there should be little in memory
"""

from __future__ import annotations

from struct import Struct

import anycrc

from aoftool.errors import LossError
from aoftool.format.rdb.layouts import (
    FUNCTIONS_SINCE,
    LAYOUTS,
    MODULE_AUX_SINCE,
    USE_SINCE,
    EncodingLimits,
    lay_out,
)
from aoftool.format.rdb.opcodes import OPCODES, TRAILER_SIZE, TYPES, Dialect, Opcode, Type
from aoftool.format.rdb.primitives import MODULE_UINT, write_string
from aoftool.format.rdb.values import Kind, Value
from aoftool.format.rdb.write import write_shape

_TYPES = TYPES[Dialect.REDIS]
_OPCODES = OPCODES[Dialect.REDIS]
#: What stands before millions of keys, so that its shape need not be run: ``EXPIRETIME_MS``.
_EXPIRY = Struct("<Bq")
_crc64 = anycrc.Model("CRC64-REDIS").calc

#: Versions that can be written, oldest first.
WRITABLE_VERSIONS = tuple(LAYOUTS)
#: What most servers read: Redis 5 and all later ones.
DEFAULT_VERSION = 9


class RdbEncoder:
    """Writes one RDB file; the header stands in the output from the start.

    What is written can be drained with ``take`` at any time. A call that raises LossError has
    written nothing. Order is the caller's: aux fields, functions, then for each database
    ``select_db``, ``resize_db`` and its keys, then ``end`` (``rdbSaveRio`` in rdb.c).

    Args:
        version: one of ``WRITABLE_VERSIONS``; Redis 4 reads 8, 5 to 6.2 read 9, 7.0 reads 10,
            7.2 and Valkey up to 8 read 11, 7.4 reads 12, all of them what is older.
        compress: try LZF on strings longer than 20 bytes (``rdbcompression``).
        checksum: end with a CRC-64 instead of 0 (``rdbchecksum``).
        limits: up to where compact encodings are chosen.
    """

    def __init__(
        self,
        version: int = DEFAULT_VERSION,
        compress: bool = True,
        checksum: bool = True,
        limits: EncodingLimits | None = None,
    ) -> None:
        if version not in LAYOUTS:
            raise ValueError(f"RDB version {version} cannot be written, only {WRITABLE_VERSIONS}")
        self.version = version
        self._layout = LAYOUTS[version]
        self._limits = EncodingLimits() if limits is None else limits
        self._compress = compress
        self._checksum = checksum
        self._crc = 0
        self._out = bytearray(b"%s%04d" % (Dialect.REDIS.value, version))

    @property
    def pending(self) -> int:
        """How many bytes ``take`` would give."""
        return len(self._out)

    def take(self) -> bytes:
        """The bytes written since the last call."""
        chunk = bytes(self._out)
        self._out.clear()
        if self._checksum:
            self._crc = _crc64(chunk, self._crc)
        return chunk

    def aux(self, key: bytes, value: bytes) -> None:
        """Write a remark such as ``redis-ver``."""
        self._opcode(Opcode.AUX, key, value)

    def function(self, code: bytes) -> None:
        """Write a function library. Raises LossError before version 10."""
        if self.version < FUNCTIONS_SINCE:
            raise LossError("functions", self.version, FUNCTIONS_SINCE)
        self._opcode(Opcode.FUNCTION2, code)

    def module_aux(self, module_id: int, when: int, payload: bytes) -> None:
        """Write a module's field as the decoder gave it (``ModuleAux``).

        Raises LossError before version 9.
        """
        if self.version < MODULE_AUX_SINCE:
            raise LossError("fields of modules", self.version, MODULE_AUX_SINCE)
        self._opcode(Opcode.MODULE_AUX, module_id, MODULE_UINT, when, payload)

    def select_db(self, db: int) -> None:
        """The keys that follow belong to database ``db``."""
        self._opcode(Opcode.SELECTDB, db)

    def resize_db(self, size: int, expires: int) -> None:
        """Tell how many keys of this database follow, and how many of them expire."""
        self._opcode(Opcode.RESIZEDB, size, expires)

    def key(
        self,
        key: bytes,
        kind: Kind,
        value: Value,
        expire_at_ms: int | None = None,
        idle_s: int | None = None,
        freq: int | None = None,
    ) -> None:
        """Write a key; arguments are as in the decoder's ``Key`` (``rdbSaveKeyValuePair``).

        Raises LossError for a hash whose fields expire before version 12, for a stream, an idle
        time and a frequency before version 9; ValueError for a value that cannot be (a NaN score,
        an unknown kind).
        """
        if (idle_s is not None or freq is not None) and self.version < USE_SINCE:
            raise LossError("how keys are used", self.version, USE_SINCE)
        if kind == "string":
            number, fields = Type.STRING, None
        else:
            number, fields = lay_out(kind, value, self._layout, self._limits)
        out, compress = self._out, self._compress
        if expire_at_ms is not None:
            out += _EXPIRY.pack(Opcode.EXPIRETIME_MS, expire_at_ms)
        if idle_s is not None:
            self._opcode(Opcode.IDLE, idle_s)
        if freq is not None:
            self._opcode(Opcode.FREQ, freq)
        out.append(number)
        write_string(out, key, compress)
        if fields is None:
            # Most keys of most files are strings: the shape of one is known without looking.
            assert isinstance(value, bytes)
            write_string(out, value, compress)
        else:
            write_shape(out, _TYPES[number].program, fields, compress)

    def end(self) -> bytes:
        """Write the end; returns everything not taken yet, the last bytes of the file."""
        self._opcode(Opcode.EOF)
        rest = self.take()
        return rest + self._crc.to_bytes(TRAILER_SIZE, "little")

    def _opcode(self, opcode: Opcode, *fields: object) -> None:
        self._out.append(opcode)
        write_shape(self._out, _OPCODES[opcode].program, list(fields), self._compress)
