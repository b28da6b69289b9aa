"""What is loaded when: at the start, and again where DEBUG asks for it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from random import Random

from aofserver.clients.session import Session
from aofserver.context import ClientContext
from aofserver.ground import Ground
from aofserver.persistence.dataset import delay_s
from aofserver.persistence.loader import FileLoader, Load, LoadedFile, LoadFailure, Loading
from aofserver.persistence.manager import Persistence
from aofserver.persistence.schedule import Mode
from aofserver.renames import Renames
from aoftool.errors import ManifestError
from aoftool.format.aof.manifest import parse_manifest


class Loads:
    """Loads the files of one server."""

    def __init__(
        self,
        ground: Ground,
        persistence: Persistence,
        renames: Renames,
        emptied: Callable[[], None],
    ) -> None:
        """``emptied``: told that all data are about to go."""
        self._ground = ground
        self._persistence = persistence
        self._renames = renames
        self._emptied = emptied
        #: What the last load has found.
        self.last = LoadedFile(0)

    def expect(self) -> None:
        """``at_start`` will follow: clients are told from now on that the server loads."""
        self._ground.loading = Loading(self._ground.clock.unix_ms(), 0)
        self._ground.refresh()

    async def at_start(self) -> None:
        """Load the AOF, or the snapshot (``loadDataFromDisk``), and open the AOF.

        Raises LoadFailure, OSError.
        """
        try:
            await self._load_all()
        finally:
            self._end()

    async def _load_all(self) -> None:
        ground = self._ground
        persistence = self._persistence
        persistence.remove_temporary()
        aof, rdb = persistence.places.aof, persistence.places.rdb
        if not ground.config.flag("appendonly"):
            if rdb.exists():
                await self._load(rdb)
            return
        manifest = aof.parent / ground.config.text("appenddirname") / f"{aof.name}.manifest"
        if aof.exists():
            if manifest.exists():
                ground.log.warning(f"Loading {aof.name}; that of {manifest.name} is left alone")
            size = (await self._load(aof)).size
            if not size and rdb.exists() and rdb.stat().st_size:
                ground.log.warning(
                    f"The AOF is empty and {rdb.name} is not: an empty AOF means an empty dataset. "
                    f"If the data of {rdb.name} are wanted, stop the server, move {aof.name} away, "
                    "and start it again"
                )
        else:
            size = await self._begin_aof(aof, file_set(manifest), rdb)
        persistence.aof.open(size)

    async def _begin_aof(self, aof: Path, parts: list[Path], rdb: Path) -> int:
        """A first AOF, of the data that stand in other files: never silently an empty one."""
        ground = self._ground
        found = parts or ([rdb] if rdb.exists() else [])
        if not found:
            return 0
        what = f"the AOF in {parts[0].parent.name}" if parts else rdb.name
        ground.log.notice(f"There is no {aof.name}: loading {what}, of which it is made")
        for path in found:
            await self._load(path, is_last=path is found[-1])
        self._persistence.write_first()
        ground.log.notice(f"The first AOF was written from {what}")
        return aof.stat().st_size

    async def _load(self, path: Path, is_last: bool = True) -> LoadedFile:
        """Load a file while clients are told that the server loads."""
        load = self._begin(path, is_last)
        before = 0
        try:
            while True:
                next(load)
                keys = len(self._ground.keyspace)
                delay = self._ground.config.number("key-load-delay")
                await asyncio.sleep(delay_s(delay, max(0, keys - before)))
                before = keys
        except StopIteration as end:
            return self._loaded(path, end.value)
        finally:
            self._end()

    def _load_now(self, path: Path) -> LoadedFile:
        """Load a file while everybody waits."""
        load = self._begin(path, is_last=True)
        try:
            while True:
                next(load)
        except StopIteration as end:
            return self._loaded(path, end.value)
        finally:
            self._end()

    def _end(self) -> None:
        """Nothing is loaded any more, and nothing is to be."""
        self._ground.loading = None
        self._ground.refresh()

    def _begin(self, path: Path, is_last: bool) -> Load:
        """Only the last file of a set may end before its end."""
        ground = self._ground
        now_ms = ground.clock.unix_ms()
        ground.loading = loading = Loading(now_ms, path.stat().st_size)
        ground.refresh()
        loader = FileLoader(self._context(), ground.world.files, ground.log, self._renames)
        if path == self._persistence.places.rdb:
            return loader.load_rdb(path, loading, now_ms)
        may_cut = is_last and ground.config.flag("aof-load-truncated")
        return loader.load_aof(path, loading, may_cut)

    def _loaded(self, path: Path, loaded: LoadedFile) -> LoadedFile:
        ground = self._ground
        assert ground.loading is not None
        self.last = loaded
        what = "disk" if path == self._persistence.places.rdb else "append only file"
        seconds = (ground.clock.unix_ms() - ground.loading.started_ms) / 1000
        ground.log.notice(f"DB loaded from {what}: {seconds:.3f} seconds")
        return loaded

    def _context(self) -> ClientContext:
        """A context of its own, so that clients that ask meanwhile do not get into its way."""
        ground = self._ground
        ctx = ClientContext(ground.keyspace, Random(0), ground.ctx.options)
        ctx.session = Session(0, None, ctx.db, ground.turn)
        return ctx

    def reload(self, save: bool, flush: bool) -> None:
        """DEBUG RELOAD: write a snapshot and load it. Raises LoadFailure, OSError."""
        ground = self._ground
        if save:
            self._persistence.save()
        path = self._persistence.places.rdb
        path.stat()  # nothing is thrown away for a file that is not there
        if flush:
            self._empty()
        self._load_now(path)
        ground.log.warning("DB reloaded by DEBUG RELOAD")

    def reload_aof(self) -> None:
        """DEBUG LOADAOF: make the AOF whole and load it. Raises LoadFailure, OSError."""
        ground = self._ground
        if self._persistence.rewrites.schedule.mode is Mode.ON:
            self._persistence.aof.writer.flush(force=True)
            error = self._persistence.aof.error
            if error is not None:  # the file does not hold what would be thrown away
                raise OSError(error, os.strerror(error))
        path = self._persistence.places.aof
        path.stat()  # nothing is thrown away for a file that is not there
        self._empty()
        self._load_now(path)
        ground.log.warning("Append Only File loaded by DEBUG LOADAOF")

    def _empty(self) -> None:
        keyspace = self._ground.keyspace
        self._emptied()
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
