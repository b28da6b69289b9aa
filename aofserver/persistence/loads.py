"""What is loaded when: at the start, and again where DEBUG asks for it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from aofserver.context import ServerContext
from aofserver.persistence.dataset import delay_s
from aofserver.persistence.loader import FileLoader, Load, LoadedFile, LoadFailure, Loading
from aofserver.persistence.schedule import Mode
from aofserver.session import Session
from aoftool.errors import ManifestError
from aoftool.format.aof.manifest import parse_manifest

if TYPE_CHECKING:
    from aofserver.server import Server


class Loads:
    """Loads the files of one server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        #: What the last load has found.
        self.last = LoadedFile(0)

    async def at_start(self) -> None:
        """Load the AOF, or the snapshot (``loadDataFromDisk``), and open the AOF.

        Raises LoadFailure, OSError.
        """
        server = self._server
        persistence = server.persistence
        persistence.remove_temporary()
        aof, rdb = persistence.aof_path, persistence.rdb_path
        if not server.config.flag("appendonly"):
            if rdb.exists():
                await self._load(rdb)
            return
        manifest = aof.parent / server.config.text("appenddirname") / f"{aof.name}.manifest"
        if aof.exists():
            if manifest.exists():
                server.log.warning(f"Loading {aof.name}; that of {manifest.name} is left alone")
            size = (await self._load(aof)).size
            if not size and rdb.exists() and rdb.stat().st_size:
                server.log.warning(
                    f"The AOF is empty and {rdb.name} is not: an empty AOF means an empty dataset. "
                    f"If the data of {rdb.name} are wanted, stop the server, move {aof.name} away, "
                    "and start it again"
                )
        else:
            size = await self._begin_aof(aof, file_set(manifest), rdb)
        persistence.open(size)

    async def _begin_aof(self, aof: Path, parts: list[Path], rdb: Path) -> int:
        """A first AOF, of the data that stand in other files: never silently an empty one."""
        server = self._server
        found = parts or ([rdb] if rdb.exists() else [])
        if not found:
            return 0
        what = f"the AOF in {parts[0].parent.name}" if parts else rdb.name
        server.log.notice(f"There is no {aof.name}: loading {what}, of which it is made")
        for path in found:
            await self._load(path, is_last=path is found[-1])
        server.persistence.write_first()
        server.log.notice(f"The first AOF was written from {what}")
        return aof.stat().st_size

    async def _load(self, path: Path, is_last: bool = True) -> LoadedFile:
        """Load a file while clients are told that the server loads."""
        load = self._begin(path, is_last)
        before = 0
        try:
            while True:
                next(load)
                keys = len(self._server.keyspace)
                delay = self._server.config.number("key-load-delay")
                await asyncio.sleep(delay_s(delay, max(0, keys - before)))
                before = keys
        except StopIteration as end:
            return self._loaded(path, end.value)
        finally:
            self._server.loading = None
            self._server.update_special()

    def _load_now(self, path: Path) -> LoadedFile:
        """Load a file while everybody waits."""
        load = self._begin(path, is_last=True)
        try:
            while True:
                next(load)
        except StopIteration as end:
            return self._loaded(path, end.value)
        finally:
            self._server.loading = None
            self._server.update_special()

    def _begin(self, path: Path, is_last: bool) -> Load:
        """Only the last file of a set may end before its end."""
        server = self._server
        now_ms = server.clock.unix_ms()
        server.loading = loading = Loading(now_ms, path.stat().st_size)
        server.update_special()
        loader = FileLoader(self._context(), server.persistence.files, server.log)
        if path == server.persistence.rdb_path:
            return loader.load_rdb(path, loading, now_ms)
        may_cut = is_last and server.config.flag("aof-load-truncated")
        return loader.load_aof(path, loading, may_cut)

    def _loaded(self, path: Path, loaded: LoadedFile) -> LoadedFile:
        server = self._server
        assert server.loading is not None
        self.last = loaded
        what = "disk" if path == server.persistence.rdb_path else "append only file"
        seconds = (server.clock.unix_ms() - server.loading.started_ms) / 1000
        server.log.notice(f"DB loaded from {what}: {seconds:.3f} seconds")
        return loaded

    def _context(self) -> ServerContext:
        """A context of its own, so that clients that ask meanwhile do not get into its way."""
        server = self._server
        ctx = ServerContext(server.keyspace, Random(0), server.ctx.options, server)
        ctx.session = Session(0, None, ctx.db, server.turn)
        return ctx

    def reload(self, save: bool, flush: bool) -> None:
        """DEBUG RELOAD: write a snapshot and load it. Raises LoadFailure, OSError."""
        server = self._server
        if save:
            server.persistence.save()
        if flush:
            self._empty()
        self._load_now(server.persistence.rdb_path)
        server.log.warning("DB reloaded by DEBUG RELOAD")

    def reload_aof(self) -> None:
        """DEBUG LOADAOF: make the AOF whole and load it. Raises LoadFailure, OSError."""
        server = self._server
        if server.persistence.schedule.mode is Mode.ON:
            server.persistence.writer.flush(force=True)
            error = server.persistence.aof_error
            if error is not None:  # the file does not hold what would be thrown away
                raise OSError(error, os.strerror(error))
        self._empty()
        self._load_now(server.persistence.aof_path)
        server.log.warning("Append Only File loaded by DEBUG LOADAOF")

    def _empty(self) -> None:
        keyspace = self._server.keyspace
        for database in keyspace.databases:
            database.clear()
        keyspace.functions.clear()


def file_set(path: Path) -> list[Path]:
    """The files of a multi-part AOF (Redis 7.0 and later) in the order of loading, or none.

    ``path``: its manifest. Raises LoadFailure for one that Redis would refuse, OSError.
    """
    if not path.exists():
        return []
    try:
        manifest = parse_manifest(path.read_bytes())
    except ManifestError as error:
        raise LoadFailure(f"Bad AOF manifest {path}: {error}") from error
    files = [path.parent / os.fsdecode(file.name) for file in manifest.load_order]
    for file in files:
        if not file.exists():
            raise LoadFailure(f"{path} names {file.name}, which is not there")
    return files
