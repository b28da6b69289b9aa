"""What follows an option when CONFIG SET changes it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from aofserver.config.kinds import ConfigError
from aofserver.log import Level
from aofserver.persistence.writer import FatalAofError

if TYPE_CHECKING:
    from aofserver.server import Server


def wire(server: Server) -> None:
    """Have the parts of a server follow its options."""
    config, persistence = server.config, server.persistence
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

    def spare_children(wanted: bool) -> None:
        policy.spare_children = wanted

    def directory(text: str) -> None:
        if not Path(text).is_dir():
            raise ConfigError(f"Changing directory: {os.strerror(2)}")

    def max_bulk(size: int) -> None:
        server.ctx.options.max_bulk = size

    def threshold(ms: int) -> None:
        server.latency.threshold_ms = ms

    def slower_than(us: int) -> None:
        server.dispatcher.slow_nanos = us * 1000 if us >= 0 else -1

    def loglevel(word: str) -> None:
        server.log.level = Level[word.upper()]

    def password(text: str) -> None:
        server.password = os.fsencode(text)

    def query_limit(size: int) -> None:
        server.query_limit = size

    config.on_change("appendonly", appendonly)
    config.on_change("appendfsync", persistence.set_fsync)
    config.on_change("no-appendfsync-on-rewrite", spare_children)
    config.on_change("dir", directory)
    config.on_change("proto-max-bulk-len", max_bulk)
    config.on_change("latency-monitor-threshold", threshold)
    config.on_change("slowlog-log-slower-than", slower_than)
    config.on_change("slowlog-max-len", server.slowlog.resize)
    config.on_change("loglevel", loglevel)
    config.on_change("requirepass", password)
    config.on_change("client-query-buffer-limit", query_limit)
    slower_than(config.number("slowlog-log-slower-than"))
