"""What is loaded when: at the start, and again where DEBUG asks for it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from aofserver.context import ServerContext
from aofserver.persistence.loader import FileLoader, Load, LoadedFile, Loading
from aofserver.persistence.schedule import Mode
from aofserver.session import Session
from aoftool.ops.filesystem import SYSTEM

if TYPE_CHECKING:
    from aofserver.server import Server


class Loads:
    """Loads the files of one server."""

    def __init__(self, server: Server) -> None:
        self._server = server

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
        if aof.exists():
            size = (await self._load(aof)).size
            if not size and rdb.exists() and rdb.stat().st_size:
                server.log.warning(
                    f"The AOF is empty and {rdb.name} is not: an empty AOF means an empty dataset. "
                    f"If the data of {rdb.name} are wanted, stop the server, move {aof.name} away, "
                    "and start it again"
                )
        else:
            size = await self._begin_aof(aof, rdb)
        persistence.open(size)

    async def _begin_aof(self, aof: Path, rdb: Path) -> int:
        """A first AOF; of the snapshot's data where there is one, never silently an empty one."""
        server = self._server
        if not rdb.exists():
            return 0
        server.log.notice(f"There is no AOF: loading {rdb.name}, of which the first AOF is made")
        await self._load(rdb)
        server.persistence.write_first()
        server.log.notice(f"The first AOF was written from {rdb.name}")
        return aof.stat().st_size

    async def _load(self, path: Path) -> LoadedFile:
        """Load a file while clients are told that the server loads."""
        load, _ = self._begin(path)
        try:
            while True:
                next(load)
                await asyncio.sleep(0)
        except StopIteration as end:
            return self._loaded(path, end.value)
        finally:
            self._server.loading = None
            self._server.update_special()

    def _load_now(self, path: Path) -> LoadedFile:
        """Load a file while everybody waits."""
        load, _ = self._begin(path)
        try:
            while True:
                next(load)
        except StopIteration as end:
            return self._loaded(path, end.value)
        finally:
            self._server.loading = None
            self._server.update_special()

    def _begin(self, path: Path) -> tuple[Load, Loading]:
        server = self._server
        now_ms = server.clock.unix_ms()
        server.loading = loading = Loading(now_ms, path.stat().st_size)
        server.update_special()
        loader = FileLoader(self._context(), SYSTEM, server.log)
        if path == server.persistence.aof_path:
            may_cut = server.config.flag("aof-load-truncated")
            return loader.load_aof(path, loading, may_cut), loading
        return loader.load_rdb(path, loading, now_ms), loading

    def _loaded(self, path: Path, loaded: LoadedFile) -> LoadedFile:
        server = self._server
        assert server.loading is not None
        what = "append only file" if path == server.persistence.aof_path else "disk"
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
        self._empty()
        self._load_now(server.persistence.aof_path)
        server.log.warning("Append Only File loaded by DEBUG LOADAOF")

    def _empty(self) -> None:
        keyspace = self._server.keyspace
        for database in keyspace.databases:
            database.clear()
        keyspace.functions.clear()
