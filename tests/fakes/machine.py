"""A whole server in one thread: no sockets, no processes, and time that stands until it is moved.

``Machine`` is the real ``Server`` on a fake world: what its loop would run is run by hand, syncs
end when they are told to, and a child is run, on a copy of the keyspace as it was when it was split
off, when ``children.finish`` is called.
"""

from __future__ import annotations

import asyncio
import copy
import os
import select
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

from aofserver.clients.session import Session
from aofserver.config import Config
from aofserver.config.wiring import wire
from aofserver.log import Level, Log
from aofserver.ports import World
from aofserver.server import Server
from aoftool.format.resp import encode_command
from aoftool.keyspace.digest import keyspace_digest
from aoftool.keyspace.keyspace import Keyspace
from aoftool.ops.filesystem import FileSystem, System

START_MS = 1_700_000_000_000


class Quick(System):
    """The real files, but nothing is waited for: the power stays on."""

    def fsync(self, fd: int) -> None:
        """Nothing to do."""

    def fdatasync(self, fd: int) -> None:
        """Nothing to do."""

    def sync_directory(self, folder: Path) -> None:
        """Nothing to do."""


QUICK: FileSystem = Quick()


class Now:
    """A clock that tests move."""

    def __init__(self, ms: int = START_MS) -> None:
        self.ms = ms

    def unix_ms(self) -> int:
        return self.ms

    def monotonic_us(self) -> int:
        return self.ms * 1000


class SlowNow(Now):
    """A clock that goes on by a while whenever it is looked at."""

    step_us = 0
    us = 0

    def monotonic_us(self) -> int:
        self.us += self.step_us
        return self.ms * 1000 + self.us


class HandLoop:
    """What the server needs of an event loop; ``run`` does what is due."""

    def __init__(self) -> None:
        self.soon: list[Callable[[], None]] = []
        self.later: list[tuple[float, Callable[[], None]]] = []
        self.readers: dict[int, Callable[[], None]] = {}
        self.writers: dict[int, Callable[[], None]] = {}

    def call_soon(self, call: Callable[[], None]) -> None:
        self.soon.append(call)

    def call_later(self, seconds: float, call: Callable[..., None], *given: Any) -> None:
        self.later.append((seconds, partial(call, *given)))

    def add_reader(self, fd: int, call: Callable[[], None]) -> None:
        self.readers[fd] = call

    def add_writer(self, fd: int, call: Callable[[], None]) -> None:
        self.writers[fd] = call

    def remove_reader(self, fd: int) -> None:
        self.readers.pop(fd, None)

    def remove_writer(self, fd: int) -> None:
        self.writers.pop(fd, None)

    def run(self) -> None:
        """Everything that ``call_soon`` was given."""
        while self.soon:
            self.soon.pop(0)()

    def look(self, seconds: float = 0) -> None:
        """Call whoever can read or write a descriptor now, or within that time."""
        ready = select.select(list(self.readers), list(self.writers), [], seconds)
        for fds, calls in ((ready[0], self.readers), (ready[1], self.writers)):
            for fd in fds:
                if fd in calls:
                    calls[fd]()


class HandSyncer:
    """Syncs that end when ``end`` is called; ``end_at_once``: when they begin."""

    def __init__(self, files: FileSystem, end_at_once: bool = True) -> None:
        self.end_at_once = end_at_once
        self._files = files
        self._waiting: list[tuple[int, Callable[[OSError | None], None]]] = []
        self._to_close: list[int] = []

    @property
    def running(self) -> bool:
        return bool(self._waiting)

    def sync(self, fd: int, done: Callable[[OSError | None], None]) -> None:
        self._waiting.append((fd, done))
        if self.end_at_once:
            self.end()

    def end(self, error: OSError | None = None) -> None:
        """Let the oldest sync end, with an error or in truth."""
        fd, done = self._waiting.pop(0)
        if error is None:
            try:
                self._files.fdatasync(fd)
            except OSError as failure:
                error = failure
        done(error)
        self._close()

    def close(self, fd: int) -> None:
        self._to_close.append(fd)
        self._close()

    def _close(self) -> None:
        while self._to_close and not self._waiting:
            self._files.close(self._to_close.pop())

    def drain(self) -> None:
        while self._waiting:
            self.end()

    def stop(self) -> None:
        """Nothing runs by itself here."""


#: What a keyspace holds: its tables, and its functions.
_Held = tuple[list[tuple[Any, Any]], dict[bytes, bytes]]


class HandChildren:
    """At most one child, which is this process on another day."""

    keyspace: Keyspace
    oom_score_adj: int | None = None

    def __init__(self, loop: HandLoop) -> None:
        self._loop = loop
        self._work: Callable[[], int] | None = None
        self._kept: list[tuple[int, int]] = []
        self._frozen: _Held
        self._code: int | None = None

    def fork(
        self, work: Callable[[], int], title: str, keep: tuple[int, ...], cpus: frozenset[int]
    ) -> int:
        self._kept = [(fd, os.dup(fd)) for fd in keep]
        self._frozen = copy.deepcopy(_held(self.keyspace))
        self._work, self._code = work, None
        return os.getpid()

    def finish(self) -> int:
        """Run the child to its end; its exit code, which ``ended`` tells from now on."""
        assert self._work is not None
        for number, kept in self._kept:
            os.dup2(kept, number)  # the parent has closed it; nothing else has taken the number
            os.close(kept)
        now = _held(self.keyspace)
        _hold(self.keyspace, self._frozen)
        codes: list[int] = []
        thread = threading.Thread(target=lambda work: codes.append(work()), args=(self._work,))
        thread.start()
        while thread.is_alive():
            self._loop.look(0.001)
        _hold(self.keyspace, now)
        for number, _ in self._kept:
            os.close(number)
        self._kept = []
        self._code = codes[0] if codes else 1
        return self._code

    def end(self, code: int) -> None:
        """Let the child end without having done anything."""
        self._code = code
        for _, kept in self._kept:
            os.close(kept)
        self._kept = []

    def ended(self, pid: int) -> int | None:
        return self._code

    def kill(self, pid: int) -> int:
        self.end(-9)
        return -9


def _held(keyspace: Keyspace) -> _Held:
    """All that a keyspace holds."""
    return [(each.data, each.expires) for each in keyspace.databases], keyspace.functions


def _hold(keyspace: Keyspace, held: _Held) -> None:
    """Have a keyspace hold that."""
    databases, keyspace.functions = held
    for database, (data, expires) in zip(keyspace.databases, databases, strict=True):
        database.data, database.expires = data, expires


class Line:
    """A client's end of a connection, and the connection.

    Attributes:
        got: what was sent to it; reading: whether what it sends is read.
        go_on: runs what has waited for the end of a pause or of a wait.
    """

    def __init__(self) -> None:
        self.got = b""
        self.closed = False
        self.go_on: Callable[[], None] = lambda: None
        self.reading = True

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.got += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close

    @property
    def unread(self) -> int:
        return 0

    def get_protocol(self) -> Line:
        return self

    def stop_reading(self) -> None:
        self.reading = False

    def read_on(self) -> None:
        self.reading = True

    def get_extra_info(self, name: str) -> Any:
        return None

    def get_write_buffer_size(self) -> int:
        return 0


class Machine(Server):
    """A server on the files of ``folder``; the options are those of redis.conf.

    Attributes:
        clock, loop, syncer, children: the fake world.
    """

    clock: Now

    def __init__(
        self, folder: Path, files: FileSystem = QUICK, now: Now | None = None, /, **options: str
    ) -> None:
        words = {"dir": str(folder), "save": "", "appendonly": "yes"}
        words |= {name.replace("_", "-"): text for name, text in options.items()}
        log = folder.with_name(folder.name + ".log")
        self.loop = HandLoop()
        self.syncer = HandSyncer(files)
        self.children = HandChildren(self.loop)
        loop = cast("asyncio.AbstractEventLoop", self.loop)
        world = World(now or Now(), files, self.syncer, self.children, lambda: loop)
        super().__init__(Config(words), Log(log, Level.DEBUG), world)
        self.log_path = log
        self.children.keyspace = self.keyspace
        self._clients: dict[int, Session] = {}

    def boot(self) -> Machine:
        """Load what is there and be ready. Raises LoadFailure, OSError."""
        load = self.loads.at_start()
        try:
            while True:
                load.send(None)
        except StopIteration:
            pass
        self.refresh()
        wire(self)
        return self

    def client(self, number: int = 1) -> Session:
        """A client, made when it is first asked for."""
        if number not in self._clients:
            line = Line()
            session = self.clients.admit(cast("asyncio.Transport", line), local=True)
            assert session is not None
            line.go_on = partial(self._go_on, session)
            self._clients[number] = session
        return self._clients[number]

    def _go_on(self, session: Session) -> None:
        """Run what has waited, as a connection does."""
        waiting, session.pending = session.pending, []
        session.update_special()
        for argv, raw in waiting:
            self.dispatcher.serve(session, [argv], raw, 0, [len(raw)])

    def serve(self, *words: str | bytes | int, client: int = 1) -> None:
        """Run a command; its reply waits for the end of the turn."""
        argv = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        raw = encode_command(argv)
        session = self.client(client)
        self.reception.begin_turn(session, len(raw))
        self.dispatcher.serve(session, [argv], raw, 0, [len(raw)])

    def run(self, *words: str | bytes | int, client: int = 1) -> bytes:
        """Run a command in a turn of its own; its reply."""
        self.serve(*words, client=client)
        return self.replies(client)

    def replies(self, client: int = 1) -> bytes:
        """End the turn; what a client got since it was last asked."""
        self.loop.run()
        line = cast(Line, self.client(client).transport)
        got, line.got = line.got, b""
        return got

    def tick(self, ms: int = 100) -> None:
        """Let time go on, and the cron tick."""
        self.clock.ms += ms
        self.cron.tick()
        self.loop.run()

    def digest(self) -> str:
        """As DEBUG DIGEST."""
        return keyspace_digest(self.keyspace)

    def is_rewriting(self) -> bool:
        """Whether a child rewrites the AOF."""
        return self.persistence.rewrites.running is not None

    def is_saving(self) -> bool:
        """Whether a child writes a snapshot."""
        return self.persistence.snapshots.pid is not None

    @property
    def aof(self) -> bytes:
        """What stands in the AOF."""
        return self.persistence.places.aof.read_bytes()

    def logged(self, text: str) -> int:
        """How often the log says that."""
        return self.log_path.read_text().count(text) if self.log_path.exists() else 0

    def close(self) -> None:
        """Give the AOF's descriptor back, as the end of a process does."""
        fd = self.persistence.aof.writer.detach()
        if fd >= 0:
            os.close(fd)
