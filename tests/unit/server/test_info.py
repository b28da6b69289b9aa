"""INFO: numbers to text, section by section."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aofserver.info.sections import SECTIONS, render
from aofserver.info.snapshot import (
    Child,
    Cpu,
    Keys,
    Listening,
    Memory,
    Process,
    Snapshot,
    Tracks,
    Waiting,
)
from aofserver.measures.rates import Rates
from aofserver.measures.stats import CommandStats, Stats
from aofserver.persistence.loader import LoadedFile, Loading
from aofserver.persistence.schedule import Mode, RewriteSchedule
from aofserver.persistence.snapshots import SnapshotState
from aofserver.persistence.writer import AofState
from aoftool.keyspace.context import Style

_NOW_S = 1_000_000


def snapshot(style: Style = Style.REDIS_7) -> Snapshot:
    """A server that has been up for a day and some."""
    return Snapshot(
        style=style,
        now_us=_NOW_S * 1_000_000,
        process=Process(
            5, "7.4.1", "Linux", "12", "r" * 40, "i" * 40, "/x", "", "no", 7000, 900_000,
        ),
        config={
            "hz": "10", "maxclients": "7", "maxmemory": "0", "maxmemory-policy": "noeviction",
            "appendonly": "no", "repl-backlog-size": "1048576",
            "latency-tracking": "yes", "latency-tracking-info-percentiles": "0 50 99.9",
        },
        memory=Memory(6 << 20, 4 << 20, 1 << 20, 1 << 30, 11, 22, 3 << 20, 50, 1, 2),
        cpu=Cpu(1.5, 2.5, 0, 0, 1.25, 2.25),
        stats=Stats(),
        rates=[12.9, 2048.0, 0.0, 4.0, 100.0],
        lookups=(31, 41),
        over_us=5000,
        clients=3,
        longest_output=22,
        longest_input=33,
        watching=0,
        watched_keys=0,
        blocking=Waiting(1, 1, 2, 0),
        listening=Listening(1, 2, 3, 4),
        tracking=Tracks(1, 5, 6, 2),
        scripts=0,
        libraries=0,
        functions=0,
        dirty=4,
        saves=SnapshotState(_NOW_S - 60),
        saving=False,
        schedule=RewriteSchedule(),
        aof=AofState(),
        cow_bytes=0,
        diff_bytes=44,
        child=Child(5 << 20, 6 << 20, 3, 25, 200, 12.5),
        syncing=False,
        loaded=LoadedFile(0, rdb_keys=8, expired=2),
        loading=None,
        keys=[Keys(0, 5, 1, 70), Keys(3, 1, 0, 0)],
    )  # fmt: skip


def fields(now: Snapshot, section: str) -> dict[str, str]:
    """The fields of a section in their order."""
    title, *lines = render(now, [section]).splitlines()
    assert title == f"# {SECTIONS[section][0]}"
    return dict(line.split(":", 1) for line in lines)


def test_sections_come_once_in_their_order_and_apart() -> None:
    text = render(snapshot(), ["keyspace", "cluster", "keyspace", "nosuch"])
    assert text == (
        "# Cluster\r\ncluster_enabled:0\r\n\r\n"
        "# Keyspace\r\ndb0:keys=5,expires=1,avg_ttl=70\r\ndb3:keys=1,expires=0,avg_ttl=0\r\n"
    )
    assert render(snapshot(), ["nosuch"]) == ""


def test_a_bare_info_leaves_the_long_sections_out() -> None:
    assert "# Commandstats" not in render(snapshot(), [])
    assert "# Commandstats" in render(snapshot(), ["all"])


def test_memory() -> None:
    found = fields(snapshot(), "memory")
    assert found["used_memory_human"] == "3.00M"
    assert found["used_memory_dataset"] == str(2 << 20)
    assert found["used_memory_peak_perc"] == "75.00%"
    assert found["mem_aof_buffer"] == "11"
    assert found["used_memory_lua"] == "50"
    assert found["mem_fragmentation_ratio"] == "2.00"


def test_server_and_stats() -> None:
    assert fields(snapshot(), "server")["uptime_in_days"] == "1"
    found = fields(snapshot(), "stats")
    assert found["instantaneous_ops_per_sec"] == "12"
    assert found["instantaneous_input_kbps"] == "2.00"


@pytest.mark.parametrize(
    ("style", "name"), [(Style.REDIS_6, "cmdstat_client"), (Style.REDIS_7, "cmdstat_client|id")]
)
def test_commands_are_counted_by_container_in_redis_6(style: Style, name: str) -> None:
    now = snapshot(style)
    now.stats.commands[b"CLIENT ID"] = CommandStats(calls=4, nanos=10_000, rejected=1, failed=2)
    now.stats.commands[b"GET"] = CommandStats()
    assert fields(now, "commandstats") == {
        name: "calls=4,usec=10,usec_per_call=2.50,rejected_calls=1,failed_calls=2"
    }


def test_the_aof_is_told_of_only_where_it_is_configured() -> None:
    now = snapshot()
    assert "aof_current_size" not in fields(now, "persistence")
    now.schedule.mode = Mode.ON
    now.schedule.started(_NOW_S - 9)
    on = replace(
        now, config=now.config | {"appendonly": "yes"}, aof=AofState(size=50, write_error=28)
    )
    found = fields(on, "persistence")
    assert found["aof_enabled"] == found["aof_rewrite_in_progress"] == "1"
    assert found["aof_current_rewrite_time_sec"] == "9"
    assert found["aof_current_size"] == "50"
    assert found["aof_last_write_status"] == "err"
    assert found["rdb_last_load_keys_loaded"] == "8"


def test_what_a_child_tells() -> None:
    found = fields(snapshot(), "persistence")
    assert (found["current_cow_size"], found["current_cow_peak"]) == ("5242880", "6291456")
    assert (found["current_cow_size_age"], found["current_fork_perc"]) == ("3", "12.50")
    assert found["current_save_keys_processed"] == "25"
    assert found["current_save_keys_total"] == "200"


def test_persistence_of_redis_6_tells_less() -> None:
    six, seven = (list(fields(snapshot(style), "persistence")) for style in Style)
    assert set(seven) - set(six) >= {"rdb_saves", "aof_rewrites", "async_loading"}
    assert six == [name for name in seven if name in six]


def test_how_far_a_load_has_come() -> None:
    loading = Loading(_NOW_S * 1000 - 10_000, total=400, done=100)
    found = fields(replace(snapshot(), loading=loading), "persistence")
    assert found["loading"] == "1"
    assert found["loading_loaded_perc"] == "25.00"
    assert found["loading_eta_seconds"] == "30"
    assert found["loading_start_time"] == str(_NOW_S - 10)


def test_rates_are_means_of_samples() -> None:
    rates = Rates(2)
    assert rates.per_second == [0.0, 0.0]
    for now_ms, one, other in ((1000, 0, 5), (1100, 10, 5), (1300, 10, 25)):
        assert rates.due(now_ms)
        rates.sample(now_ms, one, other)
    assert not rates.due(1399)
    assert rates.per_second == [50.0, 50.0]
    rates.sample(1400, 0, 0)  # CONFIG RESETSTAT: nothing is less than nothing
    assert min(rates.per_second) >= 0


def test_the_loop() -> None:
    now = snapshot()
    now.stats.cycles, now.stats.cron_us, now.stats.longest_us = 7, 70, 40
    now.stats.of(b"GET").ran(50_000, 1)
    now.aof.took_us = 9
    found = fields(now, "stats")
    assert found["eventloop_cycles"] == "7"
    assert found["eventloop_duration_sum"] == "3500000"
    assert found["eventloop_duration_cmd_sum"] == "50"
    assert found["instantaneous_eventloop_cycles_per_sec"] == "4"
    assert found["instantaneous_eventloop_duration_usec"] == "25"
    found = fields(now, "debug")
    assert 45 <= int(found.pop("eventloop_duration_max")) <= 55
    assert found == {
        "eventloop_duration_aof_sum": "9",
        "eventloop_duration_cron_sum": "70",
        "eventloop_cmd_per_cycle_max": "3",
    }


def test_the_section_debug_must_be_named() -> None:
    assert "# Debug" not in render(snapshot(), ["everything"])
    assert not render(snapshot(Style.REDIS_6), ["debug"])
    assert "eventloop" not in render(snapshot(Style.REDIS_6), ["everything"])


def test_what_waits_to_be_read_and_sent() -> None:
    assert fields(snapshot(), "clients")["client_recent_max_input_buffer"] == "33"
    old = replace(snapshot(Style.REDIS_6), config={**snapshot().config, "appendonly": "yes"})
    assert fields(old, "persistence")["aof_rewrite_buffer_length"] == "44"
