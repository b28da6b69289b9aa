"""What follows an option when CONFIG SET changes it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from aofserver.config.keyspace import apply_to_keyspace
from aofserver.config.keyspace import names as keyspace_options
from aofserver.config.kinds import ConfigError
from aofserver.log import Level
from aofserver.net.listeners import ListenFailure
from aofserver.parts import Parts
from aofserver.persistence.writer import FatalAofError
from aofserver.system.limits import allow_clients
from aoftool.keyspace.encodings import keep_forms

#: Options that the eviction of keys follows.
_EVICTION = (
    "maxmemory", "maxmemory-policy", "maxmemory-samples", "lfu-log-factor", "lfu-decay-time",
)  # fmt: skip
#: Most keys that are looked at when a limit of a compact form is changed. Where there are more,
#: their forms are told as if the new limit had held from the beginning.
_LOOKED_AT = 100_000


def wire(server: Parts) -> None:
    """Have the parts of a server follow its options."""
    config, options = server.config, server.ctx.options

    def keyspace(value: object) -> None:
        before = options.limits
        apply_to_keyspace(config, options)
        databases = server.keyspace.databases
        after = options.limits
        if before and after and before != after and len(server.keyspace) <= _LOOKED_AT:
            values = (value for database in databases for value in database.data.values())
            keep_forms(values, options.style, before, after)

    for name in keyspace_options():
        config.on_change(name, keyspace)
    for listeners in (_looking_listeners, _persistence_listeners, _client_listeners):
        for name, listener in listeners(server).items():
            config.on_change(name, listener)
    for name in _EVICTION:
        config.on_change(name, lambda value: server.eviction.update())
    for name in ("maxmemory-clients", "maxmemory"):
        config.on_change(name, lambda value: server.client_eviction.update())
    server.eviction.update()
    server.client_eviction.update()
    server.persistence.aof.writer.on_synced = server.turn.arm
    server.slowness.update()
    server.stats.time(config.flag("latency-tracking"))
    server.notifications.configure(config.text("notify-keyspace-events"))


def _looking_listeners(server: Parts) -> dict[str, Callable[[Any], None]]:
    """Those of what is told, and to whom."""

    def threshold(ms: int) -> None:
        server.latency.threshold_ms = ms
        server.slowness.update()

    def loglevel(word: str) -> None:
        server.log.level = Level[word.upper()]

    def password(text: str) -> None:
        server.access.set_password(os.fsencode(text))

    def all_channels(word: str) -> None:
        server.access.accounts.rules.all_channels = word == "allchannels"

    def acl_log(most: int) -> None:
        server.access.log.most = most

    def most_tracked(count: int) -> None:
        server.tracking.limit = count
        server.tracking.trim_later()

    return {
        "tracking-table-max-keys": most_tracked,
        "latency-tracking": server.stats.time,
        "latency-monitor-threshold": threshold,
        "slowlog-log-slower-than": lambda us: server.slowness.update(),
        "slowlog-max-len": server.slowlog.resize,
        "loglevel": loglevel,
        "requirepass": password,
        "acl-pubsub-default": all_channels,
        "acllog-max-len": acl_log,
        "notify-keyspace-events": server.notifications.configure,
    }


def _persistence_listeners(server: Parts) -> dict[str, Callable[[Any], None]]:
    """Those of the AOF."""
    persistence = server.persistence

    def appendonly(wanted: bool) -> None:
        try:
            if wanted:
                persistence.turn_on()
            else:
                persistence.aof.turn_off()
        except FatalAofError:
            server.ending.die(1)
        except OSError as error:
            raise ConfigError(f"Unable to turn on AOF. {error.strerror}") from error

    def spare_children(wanted: bool) -> None:
        persistence.aof.writer.policy.spare_children = wanted

    return {
        "appendonly": appendonly,
        "appendfsync": persistence.aof.set_fsync,
        "no-appendfsync-on-rewrite": spare_children,
    }


def _client_listeners(server: Parts) -> dict[str, Callable[[Any], None]]:
    """Those of who may come in, and how much a client may send and leave unread."""

    def query_limit(size: int) -> None:
        server.reception.query_limit = size

    def max_clients(count: int) -> None:
        possible = allow_clients(count)
        if possible < count:
            raise ConfigError(
                "The operating system is not able to handle the specified number of clients, try "
                f"with {possible}"
            )

    def move(port: int) -> None:
        try:
            server.listeners.move(port)
        except ListenFailure as error:
            server.log.warning(str(error))
            raise ConfigError("Unable to listen on this port. Check server logs.") from error
        server.port = server.listeners.port

    def rebind(addresses: list[str]) -> None:
        try:
            server.listeners.rebind(addresses)
        except ListenFailure as error:
            server.log.warning(str(error))
            raise ConfigError("Failed to bind to specified addresses.") from error

    return {
        "port": move,
        "bind": rebind,
        "client-query-buffer-limit": query_limit,
        "maxclients": max_clients,
        "client-output-buffer-limit": lambda limits: server.outputs.update(),
        "proto-max-bulk-len": server.clients.limit_bulk,
    }
