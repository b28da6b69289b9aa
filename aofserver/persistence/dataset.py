"""The whole dataset as the bytes of a file, chunk by chunk: for rewrites and snapshots."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from aofserver.config import Config
from aofserver.ports import Clock
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.encoding import encode_as_commands, encode_as_rdb, rdb_encoder
from aoftool.keyspace.values import HashValue

#: Told how many keys more were encoded.
Written = Callable[[int], None]
#: Bytes between two looks at the pipe from the parent while a child encodes.
_CHUNK = 64 << 10


def tell_nobody(count: int) -> None:
    """For those who do not ask how far it has come."""


class Dataset:
    """What the keyspace of ``ctx`` holds at the moment in which the chunks are asked for."""

    def __init__(self, ctx: Context, config: Config, clock: Clock) -> None:
        self._ctx = ctx
        self._config = config
        self._clock = clock

    def __len__(self) -> int:
        """How many keys there are."""
        return len(self._ctx.keyspace)

    def aof_chunks(self, written: Written = tell_nobody) -> Iterator[bytes]:
        """As an AOF: an RDB preamble or commands (``aof-use-rdb-preamble``)."""
        if self._config.flag("aof-use-rdb-preamble"):
            return self._rdb_chunks(written, preamble=True)
        style = self._ctx.options.style
        return encode_as_commands(self._ctx.keyspace, style, self._paced(written), _CHUNK)

    def rdb_chunks(self, written: Written = tell_nobody) -> Iterator[bytes]:
        """As a snapshot."""
        return self._rdb_chunks(written, preamble=False)

    def _rdb_chunks(self, written: Written, preamble: bool) -> Iterator[bytes]:
        config = self._config
        aux = [
            (b"redis-ver", redis_version(config).encode()),
            (b"redis-bits", b"64"),
            (b"ctime", b"%d" % (self._clock.unix_ms() // 1000)),
            (b"used-mem", b"%d" % resident_bytes()),
        ]
        encoder = rdb_encoder(
            self._rdb_version(),
            aux,
            preamble=preamble,
            compress=config.flag("rdbcompression"),
            checksum=config.flag("rdbchecksum"),
            limits=self._ctx.options.limits,
        )
        return encode_as_rdb(self._ctx.keyspace, encoder, self._paced(written), _CHUNK)

    def _paced(self, written: Written) -> Written:
        """``written`` is told as well; it rests as long as ``rdb-key-save-delay`` wants."""

        def pace(count: int) -> None:
            written(count)
            seconds = delay_s(self._config.number("rdb-key-save-delay"), count)
            if seconds:
                time.sleep(seconds)

        return pace

    def _rdb_version(self) -> int:
        """The style's own, or the first one that can hold what is there."""
        if self._ctx.options.style is Style.REDIS_7:
            return 12
        if any(
            type(value) is HashValue and value.expires
            for database in self._ctx.keyspace.databases
            for value in database.data.values()
        ):
            return 12
        return 10 if self._ctx.keyspace.functions else 9


def delay_s(microseconds: int, keys: int) -> float:
    """Seconds for so many keys, of so many microseconds each; -n: 1 for n keys (``debugDelay``)."""
    per_key = microseconds if microseconds >= 0 else 1 / -microseconds
    return keys * per_key / 1_000_000


def redis_version(config: Config) -> str:
    """The release that INFO names."""
    return {"6.0": "6.0.8", "7.4": "7.4.1"}[config.text("compat-version")]


def resident_bytes() -> int:
    """Memory of this process that is in RAM."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
