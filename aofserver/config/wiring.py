"""What follows an option when CONFIG SET changes it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aofserver.config.config import Config
from aofserver.config.kinds import ConfigError
from aofserver.log import Level
from aofserver.persistence.policy import Fsync
from aofserver.persistence.writer import FatalAofError
from aofserver.system.limits import allow_clients
from aoftool.format.rdb import EncodingLimits
from aoftool.keyspace.context import Options

if TYPE_CHECKING:
    from aofserver.server import Server

#: Fields of ``EncodingLimits`` by the option that they follow.
_LIMITS = {
    "hash-max-listpack-entries": "hash_entries",
    "hash-max-listpack-value": "hash_value_bytes",
    "zset-max-listpack-entries": "zset_entries",
    "zset-max-listpack-value": "zset_value_bytes",
    "set-max-intset-entries": "intset_entries",
    "set-max-listpack-entries": "set_entries",
    "set-max-listpack-value": "set_value_bytes",
    "stream-node-max-bytes": "stream_node_bytes",
    "stream-node-max-entries": "stream_node_entries",
}
#: Options that the eviction of keys follows.
_EVICTION = (
    "maxmemory", "maxmemory-policy", "maxmemory-samples", "lfu-log-factor", "lfu-decay-time",
)  # fmt: skip
_LIST_SIZE = "list-max-listpack-size"
#: Bytes that the sizes below zero stand for (``optimization_level`` in quicklist.c).
_LIST_BYTES = {-1: 4096, -2: 8192, -3: 16384, -4: 32768, -5: 65536}
#: Fields of ``Options`` by the option that they follow.
_FIELDS = {
    "proto-max-bulk-len": "max_bulk",
    "hll-sparse-max-bytes": "hll_sparse_max_bytes",
    "lazyfree-lazy-expire": "lazy_expire",
    "lazyfree-lazy-server-del": "lazy_server_del",
    "lazyfree-lazy-eviction": "lazy_eviction",
    "lazyfree-lazy-user-del": "lazy_user_del",
    "lazyfree-lazy-user-flush": "lazy_user_flush",
}


def limits_of(config: Config) -> EncodingLimits:
    """Up to where the compact encodings are chosen."""
    numbers = {field: config.number(name) for name, field in _LIMITS.items()}
    node = _LIST_BYTES.get(config.number(_LIST_SIZE), _LIST_BYTES[-2])
    return EncodingLimits(**numbers, list_node_bytes=node)


def apply_to_keyspace(config: Config, options: Options) -> None:
    """Have the keyspace's own options say what the configuration says."""
    for name, field in _FIELDS.items():
        setattr(options, field, config[name])
    options.limits = limits_of(config)


def wire(server: Server) -> None:
    """Have the parts of a server follow its options."""
    config, options = server.config, server.ctx.options

    def keyspace(value: object) -> None:
        apply_to_keyspace(config, options)

    for name in (*_LIMITS, *_FIELDS, _LIST_SIZE):
        config.on_change(name, keyspace)
    for name, listener in _listeners(server).items():
        config.on_change(name, listener)
    for name in _EVICTION:
        config.on_change(name, lambda value: server.eviction.update())
    server.eviction.update()
    server.watch_slow()
    server.notifications.configure(config.text("notify-keyspace-events"))


def _listeners(server: Server) -> dict[str, Callable[[Any], None]]:
    persistence = server.persistence
    policy = persistence.writer.policy

    def appendonly(wanted: bool) -> None:
        try:
            if wanted:
                persistence.turn_on()
            else:
                persistence.turn_off()
        except FatalAofError:
            server.die(1)
        except OSError as error:
            raise ConfigError(f"Unable to turn on AOF. {error.strerror}") from error

    def fsync(word: str) -> None:
        persistence.set_fsync(word)
        server.turn.gathers = persistence.writer.policy.fsync is Fsync.ALWAYS

    def spare_children(wanted: bool) -> None:
        policy.spare_children = wanted

    def threshold(ms: int) -> None:
        server.latency.threshold_ms = ms
        server.watch_slow()

    def slower_than(us: int) -> None:
        server.watch_slow()

    def loglevel(word: str) -> None:
        server.log.level = Level[word.upper()]

    def password(text: str) -> None:
        server.password = os.fsencode(text)

    def query_limit(size: int) -> None:
        server.query_limit = size

    def max_clients(count: int) -> None:
        possible = allow_clients(count)
        if possible < count:
            raise ConfigError(
                "The operating system is not able to handle the specified number of clients, try "
                f"with {possible}"
            )

    def max_bulk(size: int) -> None:
        server.clients.limit_bulk(size)

    def notify(letters: str) -> None:
        server.notifications.configure(letters)
        server.update_special()

    return {
        "appendonly": appendonly,
        "appendfsync": fsync,
        "no-appendfsync-on-rewrite": spare_children,
        "latency-monitor-threshold": threshold,
        "slowlog-log-slower-than": slower_than,
        "slowlog-max-len": server.slowlog.resize,
        "loglevel": loglevel,
        "requirepass": password,
        "client-query-buffer-limit": query_limit,
        "maxclients": max_clients,
        "client-output-buffer-limit": lambda limits: server.outputs.update(),
        "proto-max-bulk-len": max_bulk,
        "notify-keyspace-events": notify,
    }
