"""What clients see of a server beyond its data: limits, pauses, who may do what."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import redis

from tests.compat.wire import Wire, plain
from tests.e2e.server.serving import Running, serving, start


def wire(running: Running) -> Wire:
    """A connection of its own."""
    return Wire(running.client().connection_pool.connection_kwargs["path"])


def test_a_slow_reader_is_closed(tmp_path: Path) -> None:
    limit = "normal 1000000 0 0"
    with serving(tmp_path / "data", "--client-output-buffer-limit", limit) as running:
        client = running.client()
        client.set("k", b"x" * 100_000)
        slow = wire(running)
        slow.send(*[["get", "k"]] * 200)
        running.wait_for_log("for overcoming of output buffer limits")
        with pytest.raises((ConnectionError, OSError, ValueError)):
            for _ in range(200):
                slow.reply()
        slow.close()
        assert client.info("stats")["total_error_replies"] == 0
        assert client.ping()


def test_a_soft_limit_gives_time(tmp_path: Path) -> None:
    limit = "normal 0 1000000 1"
    with serving(tmp_path / "data", "--client-output-buffer-limit", limit) as running:
        client = running.client()
        client.set("k", b"x" * 100_000)
        slow = wire(running)
        started = time.monotonic()
        slow.send(*[["get", "k"]] * 200)
        running.wait_for_log("for overcoming of output buffer limits")
        assert time.monotonic() - started >= 1
        slow.close()


def test_an_idle_client_is_closed(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as running:
        idle, busy = wire(running), wire(running)
        busy(["config", "set", "timeout", "1"])
        deadline = time.monotonic() + 10
        with pytest.raises(ConnectionError):
            while time.monotonic() < deadline:
                assert plain(busy(["ping"])) == b"PONG"
                time.sleep(0.1)
                if len(plain(busy(["client", "list"])).splitlines()) == 1:
                    idle(["ping"])
        busy.close()
        idle.close()


def test_writes_wait_for_the_end_of_a_pause(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as running:
        one, other, third = wire(running), wire(running), wire(running)
        one(["client", "pause", "100000", "write"])
        other.send(["set", "k", "1"], ["get", "k"], ["multi"], ["incr", "k"], ["exec"])
        assert plain(one(["get", "k"])) is None
        third(["multi"])
        assert plain(third(["get", "k"])) == b"QUEUED"
        assert plain(third(["exec"])) == [None]
        assert plain(one(["client", "unpause"])) == b"OK"
        replies = [plain(other.reply()) for _ in range(5)]
        assert replies == [b"OK", b"1", b"OK", b"QUEUED", [b"2"]]
        for connection in (one, other, third):
            connection.close()


def test_a_pause_ends_by_itself(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as running:
        one, other = wire(running), wire(running)
        started = time.monotonic()
        one.send(["client", "pause", "200"], ["ping"])
        assert plain(one.reply()) == b"OK"
        assert plain(other(["ping"])) == plain(one.reply()) == b"PONG"
        assert time.monotonic() - started >= 0.19
        one.close()
        other.close()


def test_limits_change_while_clients_are_connected(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as running:
        client, old = running.client(), wire(running)
        old(["ping"])
        client.config_set("proto-max-bulk-len", 1 << 20)
        old.send_bytes(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\nxxx" % (2 << 20))
        assert plain(old.reply()) == b"ERR Protocol error: invalid bulk length"
        old.close()
        client.config_set("maxclients", 1)
        late = wire(running)
        assert plain(late.reply()) == b"ERR max number of clients reached"
        late.close()


@pytest.mark.parametrize(("value", "allowed"), [("no", False), ("local", True), ("yes", True)])
def test_who_may_debug(tmp_path: Path, value: str, allowed: bool) -> None:
    with serving(tmp_path / "data", "--enable-debug-command", value) as running:
        connection = wire(running)
        reply = connection(["debug", "sleep", "0"])
        assert (reply[0] == "+") is allowed
        connection.close()


def failed_start(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "aofserver", *arguments],
        capture_output=True, text=True, timeout=20,
    )  # fmt: skip


def test_a_wrong_value_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "redis.conf"
    path.write_text("# mine\nport 0\nmaxmemory-policy wrong\n")
    done = failed_start(str(path))
    assert done.returncode == 1
    assert f"at line 3 of {path}" in done.stderr
    done = failed_start("--hz", "x")
    assert (done.returncode, done.stderr) == (
        1, "--hz: argument couldn't be parsed into an integer\n",
    )  # fmt: skip


def test_what_has_no_effect_is_said_once(tmp_path: Path) -> None:
    options = ("--repl-timeout", "61", "--io-threads", "2", "--nosuch", "1", "--other", "2")
    with serving(tmp_path / "data", *options) as running:
        log = running.log.read_text()
        client: Any = running.client()
        assert client.config_get("repl-timeout") == {"repl-timeout": "61"}
    assert log.count("not known") == log.count("change nothing here") == 1
    assert "nosuch, other" in log
    assert "repl-timeout, io-threads" in log


def test_how_far_a_load_has_come(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    record = b"*3\r\n$3\r\nSET\r\n$2\r\n%02d\r\n$60000\r\n" + b"x" * 60_000 + b"\r\n"
    (folder / "appendonly.aof").write_bytes(b"".join(record % n for n in range(60)))
    with TemporaryDirectory(prefix="aof-") as short:
        options = ("--appendonly", "yes", "--key-load-delay", "10000")
        running = start(folder, Path(short) / "s", *options)
        try:
            client = running.client()
            told, refusals = _while_loading(client)
            assert refusals >= {
                "Redis is loading the dataset in memory",
                "Only CONFIG GET is allowed during loading",
            }
            assert (
                0
                < told["loading_loaded_bytes"]
                <= told["loading_total_bytes"]
                == 60 * len(record % 0)
            )
            assert 0 < told["loading_loaded_perc"] <= 100
            assert client.dbsize() == 60
        finally:
            running.kill()


def _while_loading(client: Any) -> tuple[dict[str, Any], set[str]]:
    """INFO of the last moment of the load at which it was asked, and what was refused so far."""
    told: dict[str, Any] = {}
    refusals: set[str] = set()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            found = client.info("persistence")
            if not found["loading"]:
                return told, refusals
            told = found
            for line in ("get 01", "config set hz 5"):
                try:
                    client.execute_command(*line.split())
                except (redis.ResponseError, redis.BusyLoadingError) as error:
                    refusals.add(str(error))
        except redis.ConnectionError:
            pass
        time.sleep(0.005)
    raise AssertionError("it loads and loads")


def test_children_can_be_slowed_down(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as running:
        client = running.client()
        client.mset({f"k{n}": n for n in range(20)})
        client.config_set("rdb-key-save-delay", 100_000)
        client.bgsave()
        told = client.info("persistence")
        assert told["rdb_bgsave_in_progress"] == 1
        assert told["rdb_current_bgsave_time_sec"] >= 0
