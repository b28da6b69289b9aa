"""The server: its parts, put together, and its life from start to end."""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

from aofserver.blocking import Blocking
from aofserver.clients import Clients
from aofserver.commands import SERVER_TABLE
from aofserver.config import Config
from aofserver.config.rewriting import rewrite_file
from aofserver.config.wiring import apply_to_keyspace, wire
from aofserver.context import ServerContext
from aofserver.cron import Cron
from aofserver.dispatch import Dispatcher
from aofserver.eviction import Eviction
from aofserver.expiry import ActiveExpiry
from aofserver.latency import Latency
from aofserver.lazyfree import LazyFree
from aofserver.log import Level, Log
from aofserver.memory import MemoryGauge
from aofserver.monitors import Monitors
from aofserver.net.listeners import Listeners, ListenFailure
from aofserver.notifications import Notifications
from aofserver.outputs import Outputs
from aofserver.pauses import Pauses
from aofserver.persistence.dataset import redis_version
from aofserver.persistence.feed import Feed
from aofserver.persistence.loader import LoadFailure, Loading
from aofserver.persistence.loads import Loads
from aofserver.persistence.manager import Persistence
from aofserver.persistence.policy import FlushPolicy, Fsync
from aofserver.persistence.rewrite import Tools
from aofserver.persistence.writer import AofWriter, FatalAofError
from aofserver.pubsub import PubSub
from aofserver.redaction import redacted
from aofserver.scripts import Scripts
from aofserver.session import Session
from aofserver.slowlog import Slowlog
from aofserver.stats import Stats
from aofserver.system.children import ForkedChildren
from aofserver.system.clock import SystemClock
from aofserver.system.limits import allow_clients
from aofserver.system.syncer import ThreadSyncer
from aofserver.turn import Turn
from aofserver.watches import Watches
from aoftool.keyspace.command import Flags
from aoftool.keyspace.context import Options, Style
from aoftool.keyspace.database import Clock, Database, Keyspace
from aoftool.keyspace.keyspecs import Argv
from aoftool.ops.filesystem import SYSTEM, FileSystem

#: Told of a change: its event, the key, the database.
Listener = Callable[[bytes, bytes, Database], None]
_STYLES = {"6.0": Style.REDIS_6, "7.4": Style.REDIS_7}


class StartFailure(Exception):
    """The server cannot start; the text says why."""


class Server:
    """One server. ``await start()``, then ``await stopped()``; ``stop()`` ends it.

    Attributes:
        config, keyspace, log, stats, latency, slowlog, persistence, dispatcher, watches: its parts.
        clients: who is connected; outputs: which of them read too slowly; monitors: who is told
            every command; pauses: who must wait; blocking: who waits for data;
            pubsub: who listens to which channels; notifications: what is told of keys;
            loads: what loads files.
        table: the commands that there are.
        loading: how far a load has come, or None when everything is loaded.
        port: the TCP port it listens on (the one that was found where 0 was asked of the library).
        exit_code: what the process ends with.
        run_id: names this run, 40 hexadecimal digits; replication_id: its stream of changes.
        now_s: monotonic seconds of this turn.
        startup_bytes: what the process took in memory before it had data.
    """

    def __init__(
        self, config: Config | None = None, log: Log | None = None, files: FileSystem = SYSTEM
    ) -> None:
        self.config = config = config or Config()
        self.log = log or _log_of(config)
        self.clock = SystemClock()
        self.stats = Stats()
        self.latency = Latency(
            lambda: self.clock.unix_ms() // 1000, config.number("latency-monitor-threshold")
        )
        self.slowlog = Slowlog(config.number("slowlog-max-len"))
        self.keyspace = Keyspace(config.number("databases"), Clock(self.clock.unix_ms()))
        options = Options(style=_STYLES[config.text("compat-version")], table=SERVER_TABLE)
        apply_to_keyspace(config, options)
        self.ctx = ServerContext(self.keyspace, Random(), options, self)
        self.feed = Feed(options.style)
        self.table = SERVER_TABLE
        self.dispatcher = Dispatcher(self.ctx, SERVER_TABLE, self.feed, self.stats)
        self.dispatcher.on_slow = self.keep_slow
        self._listeners: tuple[Listener, ...] = ()
        self.watches = Watches(self.keyspace, options.style)
        self.watches.on_change = self.update_listener
        self.blocking = Blocking(self)
        self.dispatcher.block = self.blocking.begin
        self.pubsub = PubSub(self)
        self.notifications = Notifications(self)
        self.clients = Clients(self)
        self.outputs = Outputs(self)
        self.monitors = Monitors(self)
        self.pauses = Pauses(self)
        self.loading: Loading | None = None
        self.exit_code = 0
        self.port = 0
        self.run_id = secrets.token_hex(20)
        self.replication_id = secrets.token_hex(20)
        self.startup_bytes = 0
        self.now_s = 0.0
        self.started_s = self.clock.unix_ms() // 1000
        self.query_limit = config.number("client-query-buffer-limit")
        self.password = os.fsencode(config.text("requirepass"))
        self.expiry = ActiveExpiry(self)
        self.gauge = MemoryGauge(self.keyspace, self.ctx.rng)
        self.eviction = Eviction(self)
        self.lazyfree = LazyFree(self)
        options.free_later = self.lazyfree.later
        self.scripts = Scripts(self)
        options.on_lua = self.scripts.adopt
        self.cron = Cron(self)
        self._files = files
        self.listeners = Listeners(self)
        self.persistence: Persistence
        self.loads: Loads
        self.turn: Turn
        self._syncer = ThreadSyncer(files)
        self._stopped: asyncio.Event

    # Life.
    async def start(self, port: int | None = None) -> None:
        """Listen, load the data, and serve. Raises StartFailure.

        ``port``: instead of the configured one; 0 finds one that is free.
        """
        loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        self._syncer.attach(loop)
        self._build(loop)
        self.scripts.attach(loop, self._stopped.is_set)
        wire(self)
        self.startup_bytes = self.gauge.measure()
        self._allow_clients()
        try:
            await self.listeners.open(loop, port)
        except ListenFailure as error:
            await self._close()
            raise StartFailure(str(error)) from error
        self.port = self.listeners.port
        self._write_pidfile()
        self.log.notice(f"Server initialized, version {self.version} (AOF compatible)")
        try:
            await self.loads.at_start()
        except (LoadFailure, OSError) as error:
            await self._close()
            raise StartFailure(str(error)) from error
        self.update_special()
        self.cron.start(loop)
        self.log.notice("Ready to accept connections")

    def _allow_clients(self) -> None:
        wanted = self.config.number("maxclients")
        possible = allow_clients(wanted)
        if possible < 1:
            raise StartFailure("This process may not open enough files to serve anybody.")
        if possible < wanted:
            self.log.warning(
                f"maxclients has been reduced to {possible}: more files cannot be open"
            )
            self.config.lower("maxclients", possible)

    def _build(self, loop: asyncio.AbstractEventLoop) -> None:
        config = self.config
        self.turn = Turn(loop, self._before_replies, self.stats)
        tools = Tools(
            ForkedChildren(), self._syncer, self._files, self.clock, self.log, self.latency, loop
        )
        policy = FlushPolicy(
            Fsync(config.text("appendfsync")), config.flag("no-appendfsync-on-rewrite")
        )
        writer = AofWriter(policy, self._files, self.clock, self._syncer, self.log, self.latency)
        self.persistence = Persistence(self.ctx, config, self.feed, writer, tools, self.stats)
        self.turn.gathers = policy.fsync is Fsync.ALWAYS
        self.loads = Loads(self)

    def _before_replies(self) -> None:
        if self.dispatcher.afterwards:  # of keys that have expired by themselves
            self.dispatcher.finish()
        try:
            self.persistence.before_replies()
        except FatalAofError:
            self.die(1)
        self.update_special()

    def update_special(self) -> None:
        """Whether commands must be looked at for the server's sake: it loads, the disk fails..."""
        self.ctx.options.write_refusal = refusal = self.persistence.refusal
        self.dispatcher.special = (
            self.loading is not None
            or bool(self.monitors)
            or bool(self.pauses)
            or self.notifications.looks
            or refusal is not None
            or self.scripts.refusal is not None
            or self.eviction.refuses
        )

    def die(self, code: int) -> None:
        """End at once; no reply that waits may leave."""
        self.exit_code = code
        for session in self.clients.sessions.values():
            session.out.clear()
            if session.transport is not None:
                session.transport.abort()
        self._stopped.set()

    def _write_pidfile(self) -> None:
        if self.config.text("pidfile"):
            Path(self.config.text("pidfile")).write_text(f"{os.getpid()}\n")

    async def stopped(self) -> int:
        """Wait for the end; the exit code."""
        await self._stopped.wait()
        await self._close()
        return self.exit_code

    def shutdown(self, save: bool | None = None, force: bool = False) -> bool:
        """Make everything durable and end (``prepareForShutdown``); False where that is refused."""
        self.log.warning("User requested shutdown...")
        if self.persistence.shutdown_refused() and not force:
            self.log.warning("Writing initial AOF, can't exit.")
            return False
        try:
            self.persistence.shutdown(save)
        except FatalAofError:
            self.die(1)
            return True
        except OSError as error:
            self.log.warning(f"Error trying to save the DB, can't exit: {error.strerror}")
            if not force:
                return False
        self.turn.end()
        self.log.warning("Redis is now ready to exit, bye bye...")
        self._stopped.set()
        return True

    def stop(self) -> None:
        """End as SIGTERM does."""
        self.shutdown()

    async def _close(self) -> None:
        self.cron.stop()
        self.listeners.close()
        for session in list(self.clients.sessions.values()):
            if session.transport is not None:
                session.transport.abort()
        for name in ("pidfile", "unixsocket"):
            if self.config.text(name):
                Path(self.config.text(name)).unlink(missing_ok=True)
        self.persistence.close()
        self._syncer.stop()
        await asyncio.sleep(0)

    # Every turn.
    def begin_turn(self, session: Session, size: int) -> None:
        """A client's bytes have come: what time is it?"""
        if not self.turn.armed:
            self.keyspace.clock.now_ms = self.clock.unix_ms()
            self.now_s = self.clock.monotonic_us() / 1_000_000
            if self.eviction.limit:
                self.eviction.look(size)
        session.seen_s = self.now_s
        self.stats.input_bytes += size
        self.stats.reads += 1

    def keep_slow(self, session: Session, argv: Argv, nanos: int) -> None:
        """A command took long: for SLOWLOG, for LATENCY, or for both."""
        slower_than_us = self.config.number("slowlog-log-slower-than")
        flags = self.table.find(argv, self.ctx.options.style).flags
        if nanos // 1000 >= slower_than_us >= 0 and Flags.SKIP_SLOWLOG not in flags:
            at_s = self.clock.unix_ms() // 1000
            shown = redacted(argv)
            self.slowlog.add(at_s, nanos // 1000, shown, session.address, session.name)
        event = "fast-command" if Flags.FAST in flags else "command"
        self.latency.add(event, nanos // 1_000_000)

    def watch_slow(self) -> None:
        """Have the dispatcher tell of commands that SLOWLOG or LATENCY may want."""
        us, ms = self.config.number("slowlog-log-slower-than"), self.latency.threshold_ms
        wanted = ([us * 1000] if us >= 0 else []) + ([ms * 1_000_000] if ms else [])
        self.dispatcher.slow_nanos = min(wanted, default=-1)

    def allows(self, name: str) -> bool:
        """Whether the client that is served may use what an option allows (no, yes, local)."""
        word = self.config.text(name)
        return word == "yes" or (word == "local" and self.ctx.session.is_local)

    def rewrite_config(self, everything: bool = False) -> None:
        """CONFIG REWRITE. Raises ConfigError, OSError."""
        rewrite_file(self.config, self._files, everything)

    def reset_stats(self) -> None:
        """CONFIG RESETSTAT."""
        self.stats.reset()
        self.dispatcher.forget_stats()

    # Changes.
    def update_listener(self) -> None:
        """Listen to changes only while somebody wants to know of them."""
        parts = (self.watches, self.blocking, self.notifications)
        self._listeners = tuple(part.changed for part in parts if part)
        several = self._changed if self._listeners else None
        self.ctx.listener = self._listeners[0] if len(self._listeners) == 1 else several

    def _changed(self, event: bytes, key: bytes, database: Database) -> None:
        for tell in self._listeners:
            tell(event, key, database)

    # What it is.
    @property
    def syncing(self) -> bool:
        """Whether the background thread makes the AOF durable now."""
        return self._syncer.running

    @property
    def version(self) -> str:
        """The release whose behaviour it has."""
        return redis_version(self.config)

    @contextmanager
    def running_in_thread(self, port: int = 0) -> Iterator[Server]:
        """Serve from a thread while the block runs: for tests of programs that need a Redis."""
        ready = threading.Event()
        failure: list[BaseException] = []
        loops: list[asyncio.AbstractEventLoop] = []

        async def serve() -> None:
            loops.append(asyncio.get_running_loop())
            try:
                await self.start(port)
            except BaseException as error:
                failure.append(error)
                raise
            finally:
                ready.set()
            await self.stopped()

        def run() -> None:
            with suppress(StartFailure):  # raised where the block is entered
                asyncio.run(serve())

        thread = threading.Thread(target=run, name="aofserver")
        thread.start()
        ready.wait()
        if failure:
            thread.join()
            raise failure[0]
        try:
            yield self
        finally:
            loops[0].call_soon_threadsafe(self.shutdown, None, True)
            thread.join()


def _log_of(config: Config) -> Log:
    path = config.text("logfile")
    return Log(Path(path) if path else None, Level[config.text("loglevel").upper()])
