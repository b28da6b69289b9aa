"""The sections of INFO that count: Stats, Commandstats, Errorstats."""

from __future__ import annotations

from aofserver.histogram import percentile
from aofserver.info.fields import Fields, zeros
from aofserver.info.snapshot import Snapshot
from aoftool.keyspace.context import Style


def stats(now: Snapshot) -> Fields:
    """Section Stats."""
    counted = now.stats
    commands, read, written, cycles, busy_us = now.rates
    return [
        ("total_connections_received", counted.connections),
        ("total_commands_processed", counted.processed),
        ("instantaneous_ops_per_sec", int(commands)),
        ("total_net_input_bytes", counted.input_bytes),
        ("total_net_output_bytes", counted.output_bytes),
        *zeros("total_net_repl_input_bytes total_net_repl_output_bytes"),
        ("instantaneous_input_kbps", f"{read / 1024:.2f}"),
        ("instantaneous_output_kbps", f"{written / 1024:.2f}"),
        ("instantaneous_input_repl_kbps", "0.00"),
        ("instantaneous_output_repl_kbps", "0.00"),
        ("rejected_connections", counted.rejected_connections),
        *zeros("sync_full sync_partial_ok sync_partial_err"),
        ("expired_subkeys", counted.expired_fields),
        ("expired_keys", counted.expired_keys),
        ("expired_stale_perc", f"{counted.expired_stale * 100:.2f}"),
        ("expired_time_cap_reached_count", counted.expiry_capped),
        ("expire_cycle_cpu_milliseconds", counted.expiry_us // 1000),
        ("evicted_keys", counted.evicted_keys),
        ("evicted_clients", counted.evicted_clients),
        ("evicted_scripts", 0),
        ("total_eviction_exceeded_time", (counted.over_us + now.over_us) // 1000),
        ("current_eviction_exceeded_time", now.over_us // 1000),
        ("keyspace_hits", now.lookups[0]),
        ("keyspace_misses", now.lookups[1]),
        ("pubsub_channels", now.listening.channels),
        ("pubsub_patterns", now.listening.patterns),
        ("pubsubshard_channels", now.listening.shard_channels),
        ("latest_fork_usec", counted.fork_us),
        ("total_forks", counted.forks),
        *zeros("migrate_cached_sockets slave_expires_tracked_keys active_defrag_hits"),
        *zeros("active_defrag_misses active_defrag_key_hits active_defrag_key_misses"),
        *zeros("total_active_defrag_time current_active_defrag_time"),
        ("tracking_total_keys", now.tracking.keys),
        ("tracking_total_items", now.tracking.items),
        ("tracking_total_prefixes", now.tracking.prefixes),
        ("unexpected_error_replies", 0),
        ("total_error_replies", sum(counted.errors.values())),
        ("dump_payload_sanitizations", 0),
        ("total_reads_processed", counted.reads),
        ("total_writes_processed", counted.writes),
        *zeros("io_threaded_reads_processed io_threaded_writes_processed"),
        (
            "client_query_buffer_limit_disconnections",
            counted.query_limit_disconnections,
        ),
        (
            "client_output_buffer_limit_disconnections",
            counted.output_limit_disconnections,
        ),
        *zeros("reply_buffer_shrinks reply_buffer_expands"),
        ("eventloop_cycles", counted.cycles),
        ("eventloop_duration_sum", _busy_us(now)),
        ("eventloop_duration_cmd_sum", _command_us(now)),
        ("instantaneous_eventloop_cycles_per_sec", int(cycles)),
        ("instantaneous_eventloop_duration_usec", int(busy_us / cycles) if cycles else 0),
        ("acl_access_denied_auth", counted.denied.get(b"auth", 0)),
        ("acl_access_denied_cmd", counted.denied.get(b"command", 0)),
        ("acl_access_denied_key", counted.denied.get(b"key", 0)),
        ("acl_access_denied_channel", counted.denied.get(b"channel", 0)),
    ]


def _busy_us(now: Snapshot) -> int:
    """Microseconds in which the loop did not wait: what its thread has had of a processor."""
    return int((now.cpu.thread_system + now.cpu.thread_user) * 1_000_000)


def _command_us(now: Snapshot) -> int:
    return sum(row.nanos for row in now.stats.commands.values()) // 1000


def debug(now: Snapshot) -> Fields:
    """Section Debug, of what can be told without a look at the clock in each turn.

    The longest turn is that of the slowest command or of the longest tick of the cron; in place of
    the most commands of a turn stands the mean of late.
    """
    counted = now.stats
    slowest = max((rows[-1][0] for row in counted.commands.values() if (rows := row.times.rows())),
                  default=0)  # fmt: skip
    commands, _, _, cycles, _ = now.rates
    return [
        ("eventloop_duration_aof_sum", now.aof.took_us),
        ("eventloop_duration_cron_sum", counted.cron_us),
        ("eventloop_duration_max", max(counted.longest_us, slowest // 1000)),
        ("eventloop_cmd_per_cycle_max", round(commands / cycles) if cycles else 0),
    ]


def commandstats(now: Snapshot) -> Fields:
    """Section Commandstats; Redis 6 counts sub-commands as their container."""
    old = now.style is Style.REDIS_6
    rows: dict[bytes, list[int]] = {}
    for name, row in now.stats.commands.items():
        numbers = (row.calls, row.nanos // 1000, row.rejected, row.failed)
        if any((row.calls, row.rejected, row.failed)):
            shown = name.partition(b" ")[0] if old else name.replace(b" ", b"|")
            before = rows.get(shown, [0, 0, 0, 0])
            rows[shown] = [sum(pair) for pair in zip(before, numbers, strict=True)]
    return [
        (
            f"cmdstat_{name.decode().lower()}",
            f"calls={calls},usec={us},usec_per_call={us / (calls or 1):.2f},"
            f"rejected_calls={rejected},failed_calls={failed}",
        )
        for name, (calls, us, rejected, failed) in rows.items()
    ]


def latencystats(now: Snapshot) -> Fields:
    """Section Latencystats: within which time so many percent of a command's calls have ended."""
    if now.config["latency-tracking"] == "no":
        return []
    percents = [float(word) for word in now.config["latency-tracking-info-percentiles"].split()]
    found: Fields = []
    for name, row in now.stats.commands.items():
        rows = row.times.rows()
        if rows:
            told = (f"p{percent:g}={percentile(rows, percent) / 1000:.3f}" for percent in percents)
            shown = name.replace(b" ", b"|").decode().lower()
            found.append((f"latency_percentiles_usec_{shown}", ",".join(told)))
    return found


def errorstats(now: Snapshot) -> Fields:
    """Section Errorstats."""
    return [
        (f"errorstat_{code.decode('utf-8', 'backslashreplace')}", f"count={count}")
        for code, count in sorted(now.stats.errors.items())
    ]
