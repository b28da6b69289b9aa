"""The parts of a server, put together: none of them knows the whole.

Each part stands on the ``Ground`` and is given the few others that it works with. What commands of
a server get to see is all of them, as ``ServerContext.server``.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from random import Random

from aofserver.acl.accounts import Accounts
from aofserver.acl.catalogue import Catalogue
from aofserver.acl.control import AccessControl
from aofserver.acl.log import AclLog
from aofserver.blocking import Blocking
from aofserver.clients.eviction import ClientEviction
from aofserver.clients.outputs import Outputs
from aofserver.clients.pauses import Pauses
from aofserver.clients.registry import Clients
from aofserver.clients.watches import Watches
from aofserver.config import Config
from aofserver.config.keyspace import apply_to_keyspace
from aofserver.config.rewriting import rewrite_file
from aofserver.context import ClientContext
from aofserver.crash import Crash
from aofserver.cron import Cron
from aofserver.dispatch import Dispatcher
from aofserver.ending import Ending
from aofserver.ground import Ground
from aofserver.log import Log
from aofserver.measures.latency import Latency
from aofserver.measures.rates import Rates
from aofserver.measures.slowlog import Slowlog
from aofserver.measures.slowness import Slowness
from aofserver.measures.stats import Stats
from aofserver.memory.eviction import Eviction
from aofserver.memory.expiry import ActiveExpiry
from aofserver.memory.gauge import MemoryGauge
from aofserver.memory.lazyfree import LazyFree
from aofserver.messages.monitors import Monitors
from aofserver.messages.notifications import Notifications
from aofserver.messages.pubsub import PubSub
from aofserver.messages.tracking import Tracking
from aofserver.net.listeners import Listeners
from aofserver.net.reception import Reception
from aofserver.persistence.dataset import redis_version
from aofserver.persistence.feed import Feed
from aofserver.persistence.loader import Loading
from aofserver.persistence.loads import Loads
from aofserver.persistence.manager import Persistence
from aofserver.persistence.policy import FlushPolicy, Fsync
from aofserver.persistence.rewrite import Tools
from aofserver.persistence.writer import AofWriter, FatalAofError
from aofserver.ports import Clock, World
from aofserver.renames import Renames
from aofserver.scripts import Scripts
from aofserver.turn import Turn
from aoftool.keyspace.command import Command, Table
from aoftool.keyspace.context import NO_EVENT, Options, Style
from aoftool.keyspace.database import Clock as KeyspaceClock
from aoftool.keyspace.database import Database
from aoftool.keyspace.keyspace import Keyspace

#: Told of a change: its event, the key, the database.
Listener = Callable[[bytes, bytes, Database], None]
_STYLES = {"6.0": Style.REDIS_6, "7.4": Style.REDIS_7}


class ServerContext(ClientContext):
    """What the handlers of a server's own commands get.

    Attributes:
        server: all its parts.
    """

    __slots__ = ("server",)

    def __init__(self, keyspace: Keyspace, rng: Random, options: Options, server: Parts) -> None:
        super().__init__(keyspace, rng, options)
        self.server = server


class Parts:
    """All parts of one server.

    Raises ConfigError for commands that cannot be renamed so.

    Attributes:
        config, keyspace, log, stats, latency, slowlog, persistence, dispatcher, watches: see there.
        clients: who is connected; access: who may do what; outputs: which of them read too slowly;
            monitors: who is told every command; pauses: who must wait;
            blocking: who waits for data;
            tracking: who is told of changes to what was read; client_eviction: who takes too much;
            pubsub: who listens to which channels; notifications: what is told of keys;
            loads: what loads files; ending: whether it is to end;
            crash: what is said before it ends by a fault.
        table: the commands that there are; renames: which of them have other names than usual.
        port: the TCP port it listens on (the one that was found where 0 was asked of the library).
        rates: commands, bytes read, bytes written, turns, and microseconds of work a second.
        run_id: names this run, 40 hexadecimal digits; replication_id: its stream of changes.
        supervisor: who has started the process (systemd, upstart, no).
        startup_bytes: what the process took in memory before it had data.
    """

    def __init__(self, config: Config, log: Log, world: World, table: Table) -> None:
        self.world = world
        self.config = config
        self.log = log
        self.stats = Stats()
        self.port = 0
        self.startup_bytes = 0
        self.supervisor = "no"
        self.run_id = secrets.token_hex(20)
        self.replication_id = secrets.token_hex(20)
        self.started_s = self.clock.unix_ms() // 1000
        self.rates = Rates(5)
        self.keyspace = Keyspace(config.number("databases"), KeyspaceClock(self.clock.unix_ms()))
        self.renames = Renames(table, config["rename-command"])
        self.table = self.renames.table
        options = Options(style=_STYLES[config.text("compat-version")], table=self.table)
        apply_to_keyspace(config, options)
        self.ctx = ServerContext(self.keyspace, Random(), options, self)
        self.feed = Feed(options.style)
        self.dispatcher = Dispatcher(self.ctx, self.table, self.feed, self.stats)
        self.turn = Turn(world.loop, self._before_replies, self.stats)
        self.latency = Latency(
            lambda: self.clock.unix_ms() // 1000, config.number("latency-monitor-threshold")
        )
        self.ground = Ground(
            world, config, log, self.stats, self.latency, self.keyspace, self.ctx, self.dispatcher,
            self.turn, refresh=self.refresh, listen=self._listen,
        )  # fmt: skip
        self.slowlog = Slowlog(config.number("slowlog-max-len"))
        self.slowness = Slowness(self.ground, self.slowlog, self.table)
        self._listeners: tuple[Listener, ...] = ()
        self.persistence = self._make_persistence()
        self._meet_clients()
        self._keep_data(table)
        self.cron = Cron(self.ground)

    def _meet_clients(self) -> None:
        """The parts that have to do with who is connected."""
        ground = self.ground
        self.clients = Clients(ground)
        self.outputs = Outputs(ground, self.clients)
        self.client_eviction = ClientEviction(ground, self.clients)
        self.watches = Watches(self.keyspace, self.ctx.options.style)
        self.watches.on_change = self._listen
        self.blocking = Blocking(ground, self.persistence)
        self.pubsub = PubSub(ground, self.outputs)
        self.notifications = Notifications(ground, self.clients, self.pubsub)
        self.monitors = Monitors(ground)
        self.monitors.on_change = self._listen_to_scripts
        self.pauses = Pauses(ground, self.table)
        self.reception = Reception(ground, self.clients, self.outputs)
        self.listeners = Listeners(self.config, self.reception)
        self.dispatcher.block = self.blocking.begin
        self.dispatcher.discard = self.watches.end_transaction

    def _keep_data(self, table: Table) -> None:
        """The parts that have to do with the data, and who may do what to them."""
        ground, options = self.ground, self.ctx.options
        self.expiry = ActiveExpiry(ground, self.pauses)
        self.tracking = self._make_tracking()
        self.access = self._make_access(table)
        self.gauge = MemoryGauge(self.keyspace, self.ctx.rng)
        state = self.persistence.aof.writer.state
        self.eviction = Eviction(ground, self.gauge, lambda: state.pending_bytes)
        self.reception.watch_memory = self.eviction.look
        self.lazyfree = LazyFree(ground)
        options.free_later = self.lazyfree.later
        self.scripts = Scripts(ground)
        options.on_lua = self.scripts.adopt
        ground.is_busy = lambda: self.scripts.refusal is not None
        self.loads = Loads(ground, self.persistence, self.renames, self._emptied)
        self.crash = Crash(self.config, self.log)
        self.ending = Ending(ground, self.clients, self.persistence)
        self.clients.on_close = self.blocking.forget
        self.clients.on_leave = (
            self.blocking.forget, self.pubsub.forget, self.watches.remove, self.monitors.remove,
            self.tracking.stop, self.outputs.forget, self.pauses.forget,
        )  # fmt: skip

    def _make_persistence(self) -> Persistence:
        config, world = self.config, self.world
        policy = FlushPolicy(
            Fsync(config.text("appendfsync")), config.flag("no-appendfsync-on-rewrite")
        )
        writer = AofWriter(policy, world.files, world.clock, world.syncer, self.log, self.latency)
        tools = Tools(world, self.log, self.latency)
        return Persistence(self.ctx, config, self.feed, writer, tools, self.stats)

    def _make_access(self, table: Table) -> AccessControl:
        """Users, and what they may do."""
        ctx, clients = self.ctx, self.clients
        if ctx.options.style is Style.REDIS_6:
            self.config.assume("acl-pubsub-default", "allchannels")
        found = AccessControl(
            Accounts(self.config, Catalogue(table, ctx.options.style)),
            AclLog(self.config.number("acllog-max-len")),
            self.stats,
            clients.sessions,
            caller=lambda: ctx.session,
            close=clients.close,
            describe=clients.line,
            now_ms=self.clock.unix_ms,
        )
        self.dispatcher.refuses = found.refusal_in_exec
        self.dispatcher.permit = found.check
        ctx.options.permissions = found
        clients.on_come = found.admit
        clients.is_open = lambda: found.accounts.default.nopass
        return found

    def _make_tracking(self) -> Tracking:
        """Clients that track; nobody has begun yet."""
        ctx, dispatcher = self.ctx, self.dispatcher
        found = Tracking(
            ctx.options.style,
            self.clients.sessions.get,
            lambda: None if self.expiry.working else ctx.session,
            lambda: ctx.keyspace.lua is not None and ctx.keyspace.lua.running is not None,
            dispatcher.afterwards.append,
            ctx.rng.random,
        )

        def follow() -> None:
            ctx.options.on_flush = found.flushed if found else None
            self._listen_to_scripts()
            self._listen()

        found.on_change = follow
        found.on_sent = self.outputs.added
        found.limit = self.config.number("tracking-table-max-keys")
        dispatcher.tracking = found
        return found

    def _emptied(self) -> None:
        """The data are about to be thrown away, to be loaded again."""
        if self.tracking:
            self.tracking.flushed()
        if self.watches:
            for database in self.keyspace.databases:
                self.watches.changed(NO_EVENT, b"", database)

    # Every turn.
    def _before_replies(self) -> None:
        self.stats.cycles += 1
        if self.dispatcher.afterwards:  # of keys that have expired by themselves
            self.dispatcher.finish()
        if self.tracking:
            self.tracking.broadcast()
        try:
            self.persistence.aof.before_replies(self.turn.number)
        except FatalAofError:
            self.ending.die(1)
        if len(self.blocking):
            self.blocking.look()
        if self.client_eviction.limit:
            self.client_eviction.look()
        self.refresh()

    def refresh(self) -> None:
        """Whether commands must be looked at for the server's sake: it loads, the disk fails..."""
        self.ctx.options.write_refusal = refusal = self.persistence.refusal
        self.dispatcher.special = (
            self.ground.loading is not None
            or bool(self.monitors)
            or bool(self.pauses)
            or refusal is not None
            or self.scripts.refusal is not None
            or self.eviction.refuses
        )

    # Changes.
    def _listen(self) -> None:
        """Listen to changes only while somebody wants to know of them."""
        parts = (self.watches, self.blocking, self.tracking, self.notifications)
        self._listeners = tuple(part.changed for part in parts if part)
        several = self._changed if self._listeners else None
        self.ctx.listener = self._listeners[0] if len(self._listeners) == 1 else several

    def _listen_to_scripts(self) -> None:
        """Listen to what scripts call only while somebody wants to know of it."""
        tells: list[Callable[[Command, Sequence[bytes]], None]] = []
        if self.tracking:
            tells.append(self.tracking.script_read)
        if self.monitors:
            tells.append(self.monitors.script_called)

        def tell_all(command: Command, argv: Sequence[bytes]) -> None:
            for tell in tells:
                tell(command, argv)

        self.ctx.options.on_script_call = tell_all if tells else None

    def _changed(self, event: bytes, key: bytes, database: Database) -> None:
        for tell in self._listeners:
            tell(event, key, database)

    # What commands ask of it.
    @property
    def clock(self) -> Clock:
        """The time."""
        return self.world.clock

    @property
    def loading(self) -> Loading | None:
        """How far a load has come, or None when everything is loaded."""
        return self.ground.loading

    @property
    def version(self) -> str:
        """The release whose behaviour it has."""
        return redis_version(self.config)

    def allows(self, name: str) -> bool:
        """Whether the client that is served may use what an option allows (no, yes, local)."""
        word = self.config.text(name)
        return word == "yes" or (word == "local" and self.ctx.session.is_local)

    def rewrite_config(self, everything: bool = False) -> None:
        """CONFIG REWRITE. Raises ConfigError, OSError."""
        rewrite_file(self.config, self.world.files, everything, self.access.accounts.config_lines())

    def save_users(self) -> None:
        """ACL SAVE. Raises CommandError, OSError."""
        self.access.accounts.save(self.world.files)

    def reset_stats(self) -> None:
        """CONFIG RESETSTAT."""
        self.stats.reset()
        self.keyspace.forget_lookups()
        self.dispatcher.forget_stats()
