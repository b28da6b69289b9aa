"""The numbers of which INFO is made."""

from __future__ import annotations

import os
import platform
import resource
import sys
from dataclasses import dataclass
from itertools import islice

from aofserver.clients.memory import memory_of, query_bytes
from aofserver.measures.stats import Stats
from aofserver.parts import Parts
from aofserver.persistence.dataset import resident_bytes
from aofserver.persistence.loader import LoadedFile, Loading
from aofserver.persistence.schedule import RewriteSchedule
from aofserver.persistence.snapshots import SnapshotState
from aofserver.persistence.writer import AofState
from aoftool.keyspace.context import Style
from aoftool.keyspace.database import Database

#: Keys with an expiry that the mean time to live is estimated from.
_TTL_SAMPLE = 32


@dataclass(frozen=True, slots=True)
class Process:
    """What stays the same while the server runs; ``pid``: its number."""

    pid: int
    version: str
    system: str
    compiler: str
    run_id: str
    replication_id: str
    executable: str
    config_file: str
    supervisor: str
    port: int
    started_s: int


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of the whole process, the interpreter's own among them.

    Attributes:
        used: taken from the allocators; peak: at most so far; startup: when it had no data yet.
        resident: in RAM now.
        lua: that scripts' Lua has.
        to_free, freed: values, not bytes: that are being freed, and that were, a little at a time.
        system: RAM of the machine.
        aof_buffer: bytes that wait to be written to the AOF; clients: that clients take.
    """

    resident: int
    peak: int
    startup: int
    system: int
    aof_buffer: int
    clients: int
    used: int
    lua: int
    to_free: int
    freed: int


@dataclass(frozen=True, slots=True)
class Cpu:
    """Seconds of processor time."""

    system: float
    user: float
    children_system: float
    children_user: float
    thread_system: float
    thread_user: float


@dataclass(frozen=True, slots=True)
class Keys:
    """A database that is not empty; ``mean_ttl_ms`` is estimated from a few keys."""

    index: int
    keys: int
    expires: int
    mean_ttl_ms: int


@dataclass(frozen=True, slots=True)
class Child:
    """What a child has told of itself ``age_s`` seconds ago: see ``News``."""

    cow_bytes: int = 0
    peak_bytes: int = 0
    age_s: int = 0
    keys: int = 0
    total: int = 0
    percent: float = 0.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """Clients that wait for data, some of them not without end, and the keys that they wait for."""

    clients: int
    timed: int
    keys: int
    keys_until_gone: int


@dataclass(frozen=True, slots=True)
class Listening:
    """Clients with subscriptions, and what is subscribed to by anybody."""

    clients: int
    channels: int
    patterns: int
    shard_channels: int


@dataclass(frozen=True, slots=True)
class Tracks:
    """Clients that track; what is remembered of what they have read, and what they listen to.

    Attributes:
        items: pairs of a key and a client.
    """

    clients: int
    keys: int
    items: int
    prefixes: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything, at one moment.

    Attributes:
        now_us: Unix time in microseconds.
        config: some options by name, as CONFIG GET tells them.
        rates: a second: commands, bytes read, bytes written.
        lookups: reads that have found a key, and reads that have not.
        over_us: for how many microseconds there has been more than ``maxmemory``.
        longest_output: most bytes that wait for one client; longest_input: that have come of one
            command.
        functions: of all libraries.
        diff_bytes: that wait to be sent to the child of a rewrite.
        dirty: changes since the last snapshot; cow_bytes: of the last rewrite's child.
        appendonly: whether the AOF is configured; state: whether and how it is in force.
        loaded: what the last load has found; loading: how far one has come that runs.
    """

    style: Style
    now_us: int
    process: Process
    config: dict[str, str]
    memory: Memory
    cpu: Cpu
    stats: Stats
    rates: list[float]
    lookups: tuple[int, int]
    over_us: int
    clients: int
    longest_output: int
    longest_input: int
    watching: int
    watched_keys: int
    blocking: Waiting
    listening: Listening
    tracking: Tracks
    scripts: int
    libraries: int
    functions: int
    dirty: int
    saves: SnapshotState
    saving: bool
    schedule: RewriteSchedule
    aof: AofState
    cow_bytes: int
    diff_bytes: int
    child: Child
    syncing: bool
    loaded: LoadedFile
    loading: Loading | None
    keys: list[Keys]


_CONFIG = (
    "hz", "maxclients", "maxmemory", "maxmemory-policy", "appendonly", "repl-backlog-size",
    "latency-tracking", "latency-tracking-info-percentiles",
)  # fmt: skip


def collect(server: Parts) -> Snapshot:
    """The numbers of a server now."""
    persistence = server.persistence
    rewrite = persistence.rewrites.running
    outputs = [session.waiting for session in server.clients.sessions.values()]
    return Snapshot(
        style=server.ctx.options.style,
        now_us=server.clock.unix_ms() * 1000,
        process=_process(server),
        config={name: server.config.show(name) for name in _CONFIG},
        memory=_memory(server),
        cpu=_cpu(),
        stats=server.stats,
        rates=server.rates.per_second,
        lookups=server.keyspace.lookups,
        over_us=server.eviction.over_us,
        clients=len(server.clients.sessions),
        longest_output=max(outputs, default=0),
        longest_input=max(map(query_bytes, server.clients.sessions.values()), default=0),
        watching=sum(1 for session in server.clients.sessions.values() if session.watched),
        watched_keys=len(server.watches),
        blocking=_waiting(server),
        listening=_listening(server),
        tracking=_tracks(server),
        scripts=_scripts(server),
        libraries=len(server.keyspace.functions),
        functions=_functions(server),
        dirty=persistence.dirty,
        saves=persistence.snapshots.state,
        saving=persistence.snapshots.pid is not None,
        schedule=persistence.rewrites.schedule,
        aof=persistence.aof.writer.state,
        cow_bytes=persistence.rewrites.cow_bytes,
        diff_bytes=0 if rewrite is None else rewrite.diff.size,
        child=_child(server),
        syncing=server.world.syncer.running,
        loaded=server.loads.last,
        loading=server.loading,
        keys=[_keys(database) for database in server.keyspace.databases if len(database)],
    )


def _child(server: Parts) -> Child:
    news = server.persistence.news
    if news is None:
        return Child()
    told = news.told_us
    return Child(
        cow_bytes=news.cow_bytes,
        peak_bytes=news.peak_bytes,
        age_s=(server.clock.monotonic_us() - told) // 1_000_000 if told else 0,
        keys=news.keys,
        total=news.total,
        percent=news.percent,
    )


def _process(server: Parts) -> Process:
    system = os.uname()
    return Process(
        pid=os.getpid(),
        version=server.version,
        system=f"{system.sysname} {system.release} {system.machine}",
        compiler=platform.python_compiler().removeprefix("GCC "),
        run_id=server.run_id,
        replication_id=server.replication_id,
        executable=sys.executable,
        config_file=str(server.config.path or ""),
        supervisor=server.supervisor,
        port=server.port,
        started_s=server.started_s,
    )


def _memory(server: Parts) -> Memory:
    resident = resident_bytes()
    used = server.gauge.measure()
    lua = server.keyspace.lua
    return Memory(
        used=used,
        to_free=len(server.lazyfree),
        freed=server.lazyfree.freed,
        lua=0 if lua is None else lua.memory,
        resident=resident,
        peak=server.gauge.peak,
        startup=min(server.startup_bytes, used),
        system=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        aof_buffer=server.persistence.aof.writer.state.pending_bytes,
        clients=sum(memory_of(session) for session in server.clients.sessions.values()),
    )


def _waiting(server: Parts) -> Waiting:
    found = server.blocking
    return Waiting(len(found), found.timed, found.keys, found.keys_until_gone)


def _listening(server: Parts) -> Listening:
    subscribed = sum(1 for session in server.clients.sessions.values() if session.subscriptions)
    found = server.pubsub
    return Listening(
        subscribed, len(found.channels), len(found.patterns), len(found.shard_channels)
    )


def _tracks(server: Parts) -> Tracks:
    found = server.tracking
    return Tracks(len(found), len(found.keys), found.keys.items, len(found.prefixes))


def _cpu() -> Cpu:
    whole, children, thread = (
        resource.getrusage(who)
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN, resource.RUSAGE_THREAD)
    )
    return Cpu(
        whole.ru_stime, whole.ru_utime, children.ru_stime, children.ru_utime, thread.ru_stime,
        thread.ru_utime,
    )  # fmt: skip


def _scripts(server: Parts) -> int:
    lua = server.keyspace.lua
    return lua.count if lua is not None else 0


def _functions(server: Parts) -> int:
    """How many there are; those of libraries that nobody has called yet are not known."""
    lua = server.keyspace.lua
    return 0 if lua is None else sum(map(len, lua.libraries().values()))


def _keys(database: Database) -> Keys:
    now_ms = database.clock.now_ms
    left = [at_ms - now_ms for at_ms in islice(database.expires.values(), _TTL_SAMPLE)]
    mean = max(0, sum(left) // len(left)) if left else 0
    return Keys(database.index, len(database), len(database.expires), mean)
