"""Loads files into a keyspace, as a server does when it starts."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from aoftool.errors import (
    AofError,
    ExitCode,
    FileSetError,
    FormatError,
    SourceError,
    TruncatedError,
)
from aoftool.format.aof import AofDecoder
from aoftool.format.rdb import NeedData
from aoftool.keyspace.context import Context, Options, Style
from aoftool.keyspace.database import Clock
from aoftool.keyspace.keyspace import Keyspace
from aoftool.keyspace.loading import EventLoader
from aoftool.ops.collection import no_collection
from aoftool.ops.failures import DamagedError, Failure
from aoftool.ops.source import STDIN, Part, Source
from aoftool.ops.window import Progress, no_progress

_CHUNK = 1 << 17
#: Databases of a keyspace that is loaded offline: more than servers are configured for.
OFFLINE_DATABASES = 1024
#: Failed commands that are kept in full; the rest is counted.
MAX_FAILURES = 100


class LoadError(AofError):
    """A command that fails stopped the load.

    Attributes:
        failure: which one, where, and what it answered.
    """

    exit_code = ExitCode.CORRUPT

    def __init__(self, failure: Failure) -> None:
        words = b" ".join(failure.argv[:4])[:80].decode("utf-8", "backslashreplace")
        record = "RDB data" if failure.record is None else f"record {failure.record}"
        super().__init__(
            f"{failure.path}: {record} at offset {failure.offset} fails: "
            f"{failure.reply.decode('utf-8', 'backslashreplace')} ({words}); "
            "skip such commands with --skip-errors"
        )
        self.failure = failure


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How to load.

    Attributes:
        truncated: go on where the last file's tail is cut (``aof-load-truncated yes``).
        skip_errors: pass over commands that fail, and list them.
        now_ms: the time that commands see, Unix time in ms.
        drop_expired: leave out keys whose time has come at ``now_ms``; servers keep them.
        style: the release whose meaning commands have; None: that of a likely writer.
    """

    truncated: bool = True
    skip_errors: bool = False
    now_ms: int = 0
    drop_expired: bool = False
    style: Style | None = None


@dataclass(slots=True)
class Loaded:
    """A keyspace, and how it came to be.

    Attributes:
        records, bytes: commands and bytes that were read.
        rdb_keys: keys that came from RDB data.
        failures, failed: commands that failed (the first ones), and how many there were.
        cut: (path, offset, reason) of a tail that was left out, or None.
        expired: keys that were dropped because their time had come.
    """

    keyspace: Keyspace
    records: int = 0
    bytes: int = 0
    rdb_keys: int = 0
    failures: list[Failure] = field(default_factory=list)
    failed: int = 0
    cut: tuple[str, int, str] | None = None
    expired: int = 0


def load(
    source: Source,
    options: LoadOptions,
    progress: Progress = no_progress,
    failed: Callable[[Failure], None] | None = None,
) -> Loaded:
    """Load all files of ``source`` in order; ``failed`` is told of each command passed over.

    Raises DamagedError for damage (and for a cut tail where ``truncated`` is off, or in a file that
    is not the last), LoadError for a command that fails, SourceError for what cannot be read.
    """
    loaded = Loaded(Keyspace(OFFLINE_DATABASES, Clock(options.now_ms, paused=True)))
    # Only Redis 7 writes sets; it reads a few things otherwise (a score of -0 becomes 0).
    writer = Style.REDIS_6 if source.manifest is None else Style.REDIS_7
    style = options.style or writer
    with no_collection():
        for part in source.parts:
            last = part is source.parts[-1]
            loader = _FileLoader(part, loaded, style, options, progress, failed)
            loader.run(may_be_cut=last and options.truncated)
    if options.drop_expired:
        loaded.expired = _drop_expired(loaded.keyspace, options.now_ms)
    return loaded


def _drop_expired(keyspace: Keyspace, now_ms: int) -> int:
    dropped = 0
    for database in keyspace.databases:
        for key in [key for key, at_ms in database.expires.items() if at_ms <= now_ms]:
            database.delete(key)
            dropped += 1
    return dropped


class _FileLoader:
    """Loads one file; transactions are run as a whole, or not at all."""

    def __init__(
        self,
        part: Part,
        loaded: Loaded,
        style: Style,
        options: LoadOptions,
        progress: Progress,
        failed: Callable[[Failure], None] | None,
    ) -> None:
        self._part = part
        self._loaded = loaded
        self._progress = progress
        self._decoder = AofDecoder(batches=True)
        ctx = Context(loaded.keyspace, Random(0), Options(style=style))
        ctx.trusted = True
        # Not a method of this object: a cycle would keep the keyspace, and nobody collects here.
        self._loader = EventLoader(ctx, _PassedOver(str(part.path), loaded, options, failed))

    def run(self, may_be_cut: bool) -> None:
        """Read the file from its first byte to its last."""
        path = self._part.path
        try:
            fd = sys.stdin.fileno() if path == STDIN else os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                self._read(lambda: os.read(fd, _CHUNK))
            finally:
                if path != STDIN:
                    os.close(fd)
        except TruncatedError as error:
            if not may_be_cut or self._decoder.in_preamble:
                raise self._damaged(error) from error
            self._loaded.cut = (str(path), self._decoder.good_end, error.reason)
        except FormatError as error:
            raise self._damaged(error) from error
        except OSError as error:
            raise SourceError(error.strerror or str(error), path) from error
        finally:
            self._loaded.records += self._loader.records
            self._loaded.rdb_keys += self._loader.rdb_keys

    def _damaged(self, error: FormatError) -> AofError:
        if isinstance(error, TruncatedError) and self._part.role.value != "single":
            return FileSetError(f"{self._part.path}: {error}", self._part.path)
        return DamagedError(self._part.path, error)

    def _read(self, read: Callable[[], bytes]) -> None:
        decoder, take = self._decoder, self._loader.take
        while chunk := read():
            decoder.feed(chunk)
            self._loaded.bytes += len(chunk)
            while not isinstance(event := decoder.next_event(), NeedData):
                take(event)
            self._progress(len(chunk))
        decoder.close()
        while not isinstance(event := decoder.next_event(), NeedData):
            take(event)


@dataclass(frozen=True, slots=True)
class _PassedOver:
    """What becomes of the commands of a file that fail."""

    path: str
    loaded: Loaded
    options: LoadOptions
    tell: Callable[[Failure], None] | None

    def __call__(
        self, start: int, record: int | None, argv: tuple[bytes, ...], reply: bytes
    ) -> None:
        failure = Failure(self.path, start, record, argv, reply)
        if not self.options.skip_errors:
            raise LoadError(failure)
        self.loaded.failed += 1
        if len(self.loaded.failures) < MAX_FAILURES:
            self.loaded.failures.append(failure)
        if self.tell is not None:
            self.tell(failure)
