"""Loads the AOF or the snapshot when the server starts (``loadAppendOnlyFile`` in aof.c)."""

from __future__ import annotations

import os
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from aofserver.log import Log
from aofserver.renames import Renames
from aoftool.errors import AofError, FormatError, TruncatedError
from aoftool.format.aof import AofDecoder, Batch, Command, Event
from aoftool.format.rdb import NeedData, RdbDecoder
from aoftool.keyspace.context import Context
from aoftool.keyspace.loading import EventLoader
from aoftool.ops.filesystem import FileSystem
from aoftool.ops.safefile import cut_file, save_range

#: Bytes read at a time; clients are answered in between.
_CHUNK = 2 << 20


class LoadFailure(Exception):
    """The file cannot be loaded; the text says where, why, and what to do."""


@dataclass(slots=True)
class Loading:
    """How far a load has come: what INFO tells of it while it runs.

    Attributes:
        started_ms: Unix time in ms; total, done: bytes.
    """

    started_ms: int
    total: int
    done: int = 0


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """What a load has found.

    Attributes:
        size: bytes of the file now; cut: bytes that were cut off its end.
        records: commands; rdb_keys: keys in RDB form; expired: keys left out as expired.
    """

    size: int
    cut: int = 0
    records: int = 0
    rdb_keys: int = 0
    expired: int = 0


#: A load: it yields after each chunk, so that clients can be answered, and returns what it found.
Load = Generator[None, None, LoadedFile]


class FileLoader:
    """Loads files into the keyspace of a server; ``ctx`` is the loader's alone.

    ``renames``: the names that commands have in the AOF.
    """

    def __init__(self, ctx: Context, files: FileSystem, log: Log, renames: Renames) -> None:
        self._renames = renames
        self._ctx = ctx
        self._files = files
        self._log = log

    def load_aof(self, path: Path, progress: Loading, may_cut: bool) -> Load:
        """Load an AOF; a tail that is cut short is cut off where ``may_cut``.

        What was cut is kept beside the file. Raises LoadFailure, OSError.
        """
        decoder = AofDecoder(batches=True)
        loader = EventLoader(self._ctx, self._command_failed)
        try:
            yield from self._read(path, decoder, loader, progress)
        except TruncatedError as error:
            if decoder.in_preamble:
                raise self._unreadable(path, error) from error
            size = self._cut(path, decoder.good_end, error, may_cut)
            return LoadedFile(size, progress.done - size, loader.records, loader.rdb_keys)
        except FormatError as error:
            raise self._unreadable(path, error) from error
        return LoadedFile(progress.done, 0, loader.records, loader.rdb_keys)

    def load_rdb(self, path: Path, progress: Loading, now_ms: int) -> Load:
        """Load a snapshot; keys whose time has come are left out. Raises LoadFailure, OSError."""
        decoder = RdbDecoder(batches=True)
        loader = EventLoader(self._ctx, self._command_failed, drop_before_ms=now_ms)
        try:
            yield from self._read(path, decoder, loader, progress)
        except FormatError as error:
            raise self._unreadable(path, error) from error
        return LoadedFile(progress.done, 0, 0, loader.rdb_keys, loader.dropped)

    def _read(
        self,
        path: Path,
        decoder: AofDecoder | RdbDecoder,
        loader: EventLoader,
        progress: Loading,
    ) -> Generator[None, None, None]:
        ctx = self._ctx
        ctx.trusted = ctx.keyspace.clock.paused = True
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            while True:
                chunk = os.read(fd, _CHUNK)
                if chunk:
                    decoder.feed(chunk)
                else:
                    decoder.close()
                while not isinstance(event := decoder.next_event(), NeedData):
                    loader.take(self._translated(event) if self._renames.own else event)
                if not chunk:
                    return
                progress.done += len(chunk)
                yield
        finally:
            os.close(fd)
            ctx.keyspace.clock.paused = False

    def _translated(self, event: Event) -> Event:
        """An event in which commands have their own names. Raises LoadFailure."""
        if isinstance(event, Command):
            return event._replace(argv=self._own(event))
        if isinstance(event, Batch):
            commands = [self._own(event.command(at)) for at in range(len(event.commands))]
            return event._replace(commands=commands)
        return event

    def _own(self, command: Command) -> list[bytes]:
        argv = self._renames.translated(command.argv)
        if argv is None:
            words = tuple(command.argv)
            self._command_failed(command.start, command.record, words, b"ERR unknown command")
        return argv or command.argv

    def _command_failed(
        self, start: int, record: int | None, argv: tuple[bytes, ...], reply: bytes
    ) -> None:
        name = argv[0].decode("utf-8", "backslashreplace") if argv else ""
        if record is None:
            raise LoadFailure(f"RDB has duplicated key '{name}' (at offset {start})")
        if reply.startswith((b"ERR unknown command", b"ERR wrong number of arguments")):
            raise LoadFailure(
                f"Unknown command '{name}', or one with a wrong number of arguments, reading the "
                f"append only file: record {record} at offset {start}. Run: aoftool check"
            )
        text = reply.decode("utf-8", "backslashreplace")
        self._log.warning(
            "== CRITICAL == This server is sending an error to its AOF-loading-client: "
            f"'-{text}' after processing the command '{name}'"
        )

    def _unreadable(self, path: Path, error: AofError) -> LoadFailure:
        return LoadFailure(
            f"Bad file format reading the append only file {path}: {error}. Make a backup of your "
            f"AOF file, then run: aoftool check {path}"
        )

    def _cut(self, path: Path, good_end: int, error: TruncatedError, may_cut: bool) -> int:
        """Cut the tail off, keeping it under another name; the size that is left."""
        if error.reason and "transaction" in error.reason:
            self._log.warning("Revert incomplete MULTI/EXEC transaction in AOF file")
        if not may_cut:
            raise LoadFailure(
                "Unexpected end of file reading the append only file. You can: 1) Make a backup of "
                f"your AOF file, then use aoftool truncate {path}. 2) Alternatively you can set "
                "the 'aof-load-truncated' configuration option to yes and restart the server."
            )
        self._log.warning("!!! Warning: short read while loading the AOF file !!!")
        self._log.warning(f"!!! Truncating the AOF at offset {good_end} !!!")
        files = self._files
        fd = files.open(path, os.O_RDWR)
        try:
            copy = Path(f"{path}.cut-{good_end}")
            kept = save_range(fd, good_end, os.fstat(fd).st_size, copy, files)
            cut_file(fd, good_end, path.parent, files)
        finally:
            files.close(fd)
        self._log.warning(f"What was cut is kept in {kept.name}")
        self._log.warning("AOF loaded anyway because aof-load-truncated is enabled")
        return good_end
