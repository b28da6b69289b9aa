"""Options of Redis 6.0 to 7.4 that change nothing here: accepted, bounded, and told again.

A server that refused them could not be started with the files that people have.
"""

from __future__ import annotations

from dataclasses import replace

from aofserver.config.kinds import Bool, Choice, HostName, Integer, Kind, Memory, Text
from aofserver.config.listkinds import Words
from aofserver.config.option import INT_MAX, MAX, Option

_YES_NO, _TEXT = Bool(), Text()
_COUNT, _LONG = Integer(0, INT_MAX), Integer(0, MAX)
_PORT, _SIZE = Integer(0, 65535), Memory(0, MAX)
_POSITIVE = Integer(1, INT_MAX)

#: Name (other names behind it), kind and default, by what they are about; ``!`` stands before
#: the name of one that CONFIG SET cannot change, ``.`` before that of a hidden one.
_Rows = tuple[tuple[str, Kind, str], ...]
_ABOUT: dict[str, _Rows] = {
    "Replication": (
        ("!replicaof slaveof", Words(), ""),
        ("masterauth", _TEXT, ""),
        ("masteruser", _TEXT, ""),
        ("repl-backlog-size", Memory(1, MAX), "1mb"),
        ("repl-backlog-ttl", _LONG, "3600"),
        ("repl-disable-tcp-nodelay", _YES_NO, "no"),
        ("repl-diskless-load", Choice.of("disabled", "on-empty-db", "swapdb"), "disabled"),
        ("repl-diskless-sync", _YES_NO, "no"),
        ("repl-diskless-sync-delay", _COUNT, "5"),
        ("repl-diskless-sync-max-replicas", _COUNT, "0"),
        ("repl-ping-replica-period repl-ping-slave-period", _POSITIVE, "10"),
        ("repl-timeout", _POSITIVE, "60"),
        ("rdb-del-sync-files", _YES_NO, "no"),
        ("min-replicas-max-lag min-slaves-max-lag", _COUNT, "10"),
        ("min-replicas-to-write min-slaves-to-write", _COUNT, "0"),
        ("replica-announce-ip slave-announce-ip", _TEXT, ""),
        ("replica-announce-port slave-announce-port", _PORT, "0"),
        ("replica-announced", _YES_NO, "yes"),
        ("replica-ignore-disk-write-errors", _YES_NO, "no"),
        ("replica-ignore-maxmemory slave-ignore-maxmemory", _YES_NO, "yes"),
        ("replica-lazy-flush slave-lazy-flush", _YES_NO, "no"),
        ("replica-priority slave-priority", _COUNT, "100"),
        ("replica-read-only slave-read-only", _YES_NO, "yes"),
        ("replica-serve-stale-data slave-serve-stale-data", _YES_NO, "yes"),
        (
            "propagation-error-behavior",
            Choice.of("ignore", "panic", "panic-on-replicas"),
            "ignore",
        ),
    ),
    "Cluster": (
        ("!cluster-enabled", _YES_NO, "no"),
        ("!cluster-config-file", _TEXT, "nodes.conf"),
        ("!cluster-port", _PORT, "0"),
        ("cluster-allow-pubsubshard-when-down", _YES_NO, "yes"),
        ("cluster-allow-reads-when-down", _YES_NO, "no"),
        ("cluster-allow-replica-migration", _YES_NO, "yes"),
        ("cluster-announce-bus-port", _PORT, "0"),
        ("cluster-announce-hostname", HostName(), ""),
        ("cluster-announce-human-nodename", HostName(), ""),
        ("cluster-announce-ip", _TEXT, ""),
        ("cluster-announce-port", _PORT, "0"),
        ("cluster-announce-tls-port", _PORT, "0"),
        ("cluster-link-sendbuf-limit", _SIZE, "0"),
        ("cluster-migration-barrier", _COUNT, "1"),
        ("cluster-node-timeout", _LONG, "15000"),
        (".cluster-ping-interval", _COUNT, "1000"),
        ("cluster-preferred-endpoint-type", Choice.of("ip", "hostname", "unknown-endpoint"), "ip"),
        ("cluster-replica-no-failover cluster-slave-no-failover", _YES_NO, "no"),
        ("cluster-replica-validity-factor cluster-slave-validity-factor", _COUNT, "10"),
        ("cluster-require-full-coverage", _YES_NO, "yes"),
    ),
    "Memory": (
        ("activedefrag", _YES_NO, "no"),
        ("active-defrag-cycle-max", Integer(1, 99), "25"),
        ("active-defrag-cycle-min", Integer(1, 99), "1"),
        ("active-defrag-ignore-bytes", Memory(1, MAX), "100mb"),
        ("active-defrag-max-scan-fields", Integer(1, MAX), "1000"),
        ("active-defrag-threshold-lower", Integer(0, 1000), "10"),
        ("active-defrag-threshold-upper", Integer(0, 1000), "100"),
        ("jemalloc-bg-thread", _YES_NO, "yes"),
        ("activerehashing", _YES_NO, "yes"),
        ("list-compress-depth", _COUNT, "0"),
        ("!disable-thp", _YES_NO, "yes"),
    ),
    "Threads and processors": (
        ("!io-threads", Integer(1, 128), "1"),
        ("!io-threads-do-reads", _YES_NO, "no"),
        ("!bio_cpulist bio-cpulist", _TEXT, ""),
    ),
    "TLS": (
        ("tls-ca-cert-dir", _TEXT, ""),
        ("tls-ciphers", _TEXT, ""),
        ("tls-ciphersuites", _TEXT, ""),
        ("tls-client-cert-file", _TEXT, ""),
        ("tls-client-key-file", _TEXT, ""),
        ("tls-client-key-file-pass", _TEXT, ""),
        ("tls-cluster", _YES_NO, "no"),
        ("tls-dh-params-file", _TEXT, ""),
        ("tls-key-file-pass", _TEXT, ""),
        ("tls-prefer-server-ciphers", _YES_NO, "no"),
        ("tls-protocols", _TEXT, ""),
        ("tls-replication", _YES_NO, "no"),
        ("tls-session-cache-size", _COUNT, "20480"),
        ("tls-session-cache-timeout", _COUNT, "300"),
        ("tls-session-caching", _YES_NO, "yes"),
    ),
    "The process and the system": (
        ("!always-show-logo", _YES_NO, "no"),
        ("bind-source-addr", _TEXT, ""),
        ("crash-memcheck-enabled", _YES_NO, "no"),
        (".hide-user-data-from-log", _YES_NO, "no"),
        ("ignore-warnings", _TEXT, ""),
        ("locale-collate", _TEXT, ""),
        ("max-new-connections-per-cycle", Integer(1, 1000), "10"),
        ("max-new-tls-connections-per-cycle", Integer(1, 1000), "1"),
        ("shutdown-timeout", _COUNT, "10"),
        ("!socket-mark-id", Integer(0, (1 << 32) - 1), "0"),
        ("dynamic-hz", _YES_NO, "yes"),
        ("gopher-enabled", _YES_NO, "no"),
    ),
    "Scripts and loading": (
        ("lua-replicate-commands", _YES_NO, "yes"),
        ("sanitize-dump-payload", Choice.of("no", "yes", "clients"), "no"),
        (".loading-process-events-interval-bytes", Integer(1024, INT_MAX), "2097152"),
    ),
    "The AOF of 7.0, not written yet": (
        ("aof-disable-auto-gc", _YES_NO, "no"),
        ("aof-timestamp-enabled", _YES_NO, "no"),
    ),
}

#: Names of Redis 6 that are not those of 7; a file for it must have them.
_FORMER = {"slaveof"}


def _option(about: str, names: str, kind: Kind, default: str) -> Option:
    name, *others = names.lstrip("!.").split()
    former = next((other for other in others if other in _FORMER), "")
    option = Option(name, kind, default, about, kept=True, former=former)
    return replace(
        option,
        mutable=not names.startswith("!"),
        hidden=names.startswith("."),
        aliases=tuple(other for other in others if other != former),
    )


KEPT = tuple(_option(about, *row) for about, rows in _ABOUT.items() for row in rows)
