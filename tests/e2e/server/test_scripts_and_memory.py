"""A server whose scripts run for long, whose functions stay, and whose memory is short."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.server.serving import serving

LIBRARY = """#!lua name=lib
redis.register_function('put', function(keys, argv) return redis.call('set', keys[1], argv[1]) end)
"""
ENDLESS = "redis.call('set','half','1') while true do end"


@pytest.mark.parametrize("rewrite", [False, True])
def test_functions_are_there_after_a_restart(tmp_path: Path, rewrite: bool) -> None:
    options = ("--appendonly", "yes", "--appendfsync", "always", "--compat-version", "7.4")
    with serving(tmp_path / "data", *options) as running:
        client: Any = running.client()
        client.function_load(LIBRARY)
        if rewrite:
            client.bgrewriteaof()
            running.wait_for_log("Background AOF rewrite finished successfully")
        assert client.fcall("put", 1, "a", "1") == b"OK"
        dumped = client.function_dump()
    with serving(tmp_path / "data", *options) as running:
        client = running.client()
        assert client.get("a") == b"1"
        assert client.function_dump() == dumped
        assert client.fcall("put", 1, "b", "2") == b"OK"


@pytest.mark.parametrize("style", ["6.0", "7.4"])
def test_shutdown_nosave_ends_a_script_that_has_written(tmp_path: Path, style: str) -> None:
    options = (
        "--appendonly",
        "yes",
        "--appendfsync",
        "always",
        "--compat-version",
        style,
        "--lua-time-limit",
        "20",
    )
    with serving(tmp_path / "data", *options) as running:
        client: Any = running.client()
        client.set("whole", "1")
        caller = running.client().connection_pool.get_connection()
        caller.send_command("EVAL", ENDLESS, 0)
        running.wait_for_log("low script detected")
        killer = running.client().connection_pool.get_connection()
        killer.send_command("SCRIPT", "KILL")
        with pytest.raises(Exception, match="UNKILLABLE"):
            killer.read_response()
        killer.send_command("SHUTDOWN", "NOSAVE")
        assert running.process.wait(10) == 0
    with serving(tmp_path / "data", *options) as running:
        assert running.client().keys() == [b"whole"]


def test_data_stay_below_the_limit_and_the_aof_says_what_went(tmp_path: Path) -> None:
    options = ("--appendonly", "yes", "--maxmemory-policy", "allkeys-lru")
    with serving(tmp_path / "data", *options) as running:
        client: Any = running.client()
        limit = client.info("memory")["used_memory"] + (4 << 20)
        client.config_set("maxmemory", limit)
        for begin in range(0, 20_000, 500):
            pipe = client.pipeline(transaction=False)
            for number in range(begin, begin + 500):
                pipe.set(f"key:{number}", b"v" * 1000)
            pipe.execute()
        time.sleep(0.2)
        assert client.info("memory")["used_memory"] <= limit + (1 << 19)
        told = client.info("stats")["evicted_keys"]
        assert told + client.dbsize() == 20_000
        assert 1000 < client.dbsize() < 5000
        client.config_set("maxmemory", 0)
        digest = client.execute_command("DEBUG", "DIGEST")
        client.execute_command("DEBUG", "LOADAOF")
        assert client.execute_command("DEBUG", "DIGEST") == digest
        client.flushall()
        assert client.info("memory")["used_memory"] < limit - (2 << 20)


def test_who_was_served_before_a_script_is_answered_while_it_runs(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "--appendonly", "yes", "--lua-time-limit", "20") as running:
        holder, early, caller = (
            running.client().connection_pool.get_connection() for _ in range(3)
        )
        # epoll keeps who has just been served on its list: the holder is to be the first there.
        for each in (caller, early, holder):
            each.send_command("PING")
            assert each.read_response() == b"PONG"
        # While the holder sleeps both others' commands come: one look reads them both.
        holder.send_command("DEBUG", "SLEEP", "0.3")
        early.send_command("SET", "early", "1")
        caller.send_command("EVAL", ENDLESS, 0)
        assert early.read_response() == b"OK"
        running.wait_for_log("low script detected")
        holder.read_response()
        running.kill()
    with serving(tmp_path / "data", "--appendonly", "yes") as running:
        assert running.client().keys() == [b"early"]
