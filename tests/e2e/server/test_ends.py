"""Ends that nobody has asked for, and signals: what is told, what is kept, what begins again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import redis

from aofserver import Config, Server
from aoftool.ops.check import Verdict, check_path
from tests.e2e.server.serving import Running, serving, start, wait_until_loaded

AOF = ("--appendonly", "yes", "--enable-debug-command", "yes")
BEGIN = "=== REDIS BUG REPORT START"


def lose(running: Running, command: str) -> int:
    """Have a command end the server; the exit code."""
    with pytest.raises(redis.ConnectionError):
        running.client().execute_command(*command.split())
    return running.process.wait(10)


def text_of(running: Running) -> str:
    return running.log.read_text(errors="replace")


@pytest.mark.parametrize(("command", "options", "code", "told"), [
    ("DEBUG SEGFAULT", (), -signal.SIGSEGV, "crashed by signal: 11"),
    ("DEBUG PANIC", (), -signal.SIGABRT, "Guru Meditation"),
    ("DEBUG ASSERT", (), -signal.SIGABRT, "ASSERTION FAILED"),
    ("DEBUG OOM", (), -signal.SIGABRT, "Out Of Memory"),
    ("DEBUG PANIC", ("--use-exit-on-panic", "yes"), 1, "Guru Meditation"),
])  # fmt: skip
def test_a_crash_is_told_of_and_loses_nothing(
    tmp_path: Path, command: str, options: tuple[str, ...], code: int, told: str
) -> None:
    folder = tmp_path / "data"
    # With everysec a write may wait for a sync that takes its time, and be lost, as in a Redis.
    with serving(folder, *AOF, "--appendfsync", "always", *options) as running:
        client = running.client()
        for number in range(200):
            client.set(f"k{number}", "x" * number)
        assert lose(running, command) == code
        log = text_of(running)
        for part in (BEGIN, told, "STACK TRACE", "redis_version:", "CURRENT CLIENT INFO", "END"):
            assert part in log
        assert "cmd=debug" in log
    assert check_path(folder / "appendonly.aof").verdict is Verdict.CLEAN
    with serving(folder, *AOF) as running:
        assert running.client().dbsize() == 200


def test_no_report_where_none_is_wanted(tmp_path: Path) -> None:
    with serving(tmp_path / "data", *AOF, "--crash-log-enabled", "no") as running:
        assert lose(running, "DEBUG SEGFAULT") == -signal.SIGSEGV
        assert BEGIN not in text_of(running)


@pytest.mark.parametrize(("number", "told"), [
    (signal.SIGABRT, "crashed by signal: 6"),
    (signal.SIGSEGV, "Segmentation fault"),  # compiled code: only the stack can be told
])  # fmt: skip
def test_faults_from_outside(tmp_path: Path, number: signal.Signals, told: str) -> None:
    log = tmp_path / "own.log"
    with serving(tmp_path / "data", "--logfile", str(log)) as running:
        running.process.send_signal(number)
        assert running.process.wait(10) == -number
    assert told in log.read_text()


def test_signals_that_end_nothing(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as running:
        for number in (signal.SIGHUP, signal.SIGPIPE, signal.SIGALRM):
            running.process.send_signal(number)
        running.wait_for_log("Received SIGALRM")
        assert running.client().ping()


def test_the_log_may_be_moved(tmp_path: Path) -> None:
    log = tmp_path / "own.log"
    with serving(tmp_path / "data", "--logfile", str(log)) as running:
        log.rename(tmp_path / "old.log")
        running.client().execute_command("DEBUG", "LOG", "after")
        assert "after" in log.read_text()
        assert "after" not in (tmp_path / "old.log").read_text()


def test_ctrl_c_twice_ends_a_server_that_is_busy(tmp_path: Path) -> None:
    with serving(tmp_path / "data", *AOF) as running:
        busy = running.client().connection_pool.get_connection()
        busy.send_command("DEBUG", "SLEEP", "60")
        time.sleep(0.2)
        busy.disconnect()
        running.process.send_signal(signal.SIGINT)
        running.wait_for_log("Received SIGINT scheduling shutdown...")
        assert running.process.poll() is None
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(10) == 1
        assert "You insist... exiting now." in text_of(running)


@pytest.mark.parametrize(("word", "saved"), [
    ("default", False), ("save", True), ("nosave", False), ("nosave force", False),
])  # fmt: skip
def test_what_a_signal_saves(tmp_path: Path, word: str, saved: bool) -> None:
    folder = tmp_path / "data"
    with serving(folder, "--shutdown-on-sigterm", word) as running:
        client = running.client()
        assert client.config_get("shutdown-on-sigterm") == {"shutdown-on-sigterm": word}
        client.set("a", 1)
        running.process.terminate()
        assert running.process.wait(10) == 0
    assert (folder / "dump.rdb").exists() is saved


@pytest.mark.parametrize("ends", [
    lambda running: running.process.terminate(),
    lambda running: running.client().execute_command("SHUTDOWN"),
    lambda running: running.client().execute_command("SHUTDOWN", "SAVE"),
], ids=["SIGTERM", "SHUTDOWN", "SHUTDOWN SAVE"])  # fmt: skip
@pytest.mark.parametrize("appendonly", ["no", "yes"])
def test_what_is_half_loaded_is_not_saved(
    tmp_path: Path, ends: Callable[[Running], Any], appendonly: str
) -> None:
    folder = tmp_path / "data"
    options = ("--appendonly", appendonly, "--aof-use-rdb-preamble", "no")
    with serving(folder, *options) as running:
        pipeline = running.client().pipeline(transaction=False)
        for number in range(20_000):
            pipeline.set(f"k{number}", number)
        pipeline.execute()
        running.client().save()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    running = start(folder, tmp_path / "s", *options, "--save", "1 1", "--key-load-delay", "1000")
    try:
        while not running.socket.exists():  # then it loads, a second for each thousand keys
            assert running.process.poll() is None, text_of(running)
        with pytest.raises(redis.BusyLoadingError):
            running.client().get("a")
        with suppress(redis.ConnectionError):
            ends(running)
        assert running.process.wait(10) == 0  # it does not load the rest
    finally:
        running.kill()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_it_begins_again(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with serving(folder, *AOF, "--compat-version", "7.4") as running:
        client = running.client()
        for command in ("DEBUG RESTART", "DEBUG CRASH-AND-RECOVER 50"):
            run_id = client.info("server")["run_id"]
            client.incr("n")
            with pytest.raises(redis.ConnectionError):
                client.execute_command(*command.split())
            wait_until_loaded(running)
            now = client.info("server")
            assert now["run_id"] != run_id
            assert now["process_id"] == running.process.pid
        assert client.get("n") == b"2"
        assert text_of(running).count("ready to exit") == 1  # only one of them was asked politely


def _shown(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").decode()


def test_the_title(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as running:
        assert _shown(running.process.pid) == f"aofserver {running.socket}"
        client = running.client()
        client.config_set("proc-title-template", "my {title} on {port} {unixsocket}{config-file}")
        assert _shown(running.process.pid) == f"my aofserver on 0 {running.socket}"
        with pytest.raises(redis.ResponseError, match="template format is invalid"):
            client.config_set("proc-title-template", "{nosuch}")
    with serving(tmp_path / "data", "--set-proc-title", "no") as running:
        assert "-m\0aofserver" in _shown(running.process.pid)


def _score(pid: int) -> int:
    return int(Path(f"/proc/{pid}/oom_score_adj").read_text())


def test_how_dear_it_is_when_memory_is_short(tmp_path: Path) -> None:
    base = _score(os.getpid())
    options = ("--oom-score-adj", "yes", "--oom-score-adj-values", "10 20 40")
    with serving(tmp_path / "data", *options, "--rdb-key-save-delay", "100000000") as running:
        client = running.client()
        assert _score(running.process.pid) == base + 10
        client.config_set("oom-score-adj-values", "30 40 50")
        assert _score(running.process.pid) == base + 30
        client.config_set("oom-score-adj", "absolute")
        assert _score(running.process.pid) == 30
        client.set("a", 1)
        client.bgsave()
        found = subprocess.run(
            ["pgrep", "-P", str(running.process.pid)], capture_output=True, text=True, check=True
        )
        child = int(found.stdout)
        deadline = time.monotonic() + 5
        while _score(child) != 50:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_in_the_background(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    pidfile, log = tmp_path / "pid", tmp_path / "own.log"
    options = ("--daemonize", "yes", "--pidfile", str(pidfile), "--logfile", str(log))
    running = start(folder, tmp_path / "s", *options)
    assert running.process.wait(10) == 0  # its child goes on
    deadline = time.monotonic() + 10
    while not (log.exists() and "Ready to accept connections" in log.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    pid = int(pidfile.read_text())
    try:
        assert running.client().info("server")["process_id"] == pid
        assert os.getsid(pid) == pid
        os.kill(pid, signal.SIGTERM)
        while pidfile.exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert "bye bye" in log.read_text()
    assert not running.socket.exists()


@pytest.mark.parametrize(("option", "named", "told"), [
    ("systemd", "NOTIFY_SOCKET", "systemd"),
    ("auto", "NOTIFY_SOCKET", "systemd"),
    ("systemd", "", "no"),
    ("no", "NOTIFY_SOCKET", "no"),
])  # fmt: skip
def test_who_has_started_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str, named: str, told: str
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "n"))
        ear.settimeout(10)
        if named:
            monkeypatch.setenv(named, str(tmp_path / "n"))
        with serving(tmp_path / "data", "--supervised", option) as running:
            assert running.client().info("server")["process_supervised"] == told
            if told == "systemd":
                assert b"READY=1\n" in ear.recv(1000)
            running.process.terminate()
            assert running.process.wait(10) == 0
            if told == "systemd":
                assert ear.recv(1000) == b"STOPPING=1\n"
            else:
                ear.setblocking(False)
                with pytest.raises(BlockingIOError):
                    ear.recv(1000)


def test_the_processors_it_runs_on(tmp_path: Path) -> None:
    cpu = min(os.sched_getaffinity(0))
    with serving(tmp_path / "data", "--server_cpulist", str(cpu)) as running:
        assert os.sched_getaffinity(running.process.pid) == {cpu}


def test_the_watchdog(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "--hz", "50") as running:
        client = running.client()
        client.execute_command("DEBUG", "SLEEP", "0.3")
        client.config_set("watchdog-period", 100)
        time.sleep(0.3)
        assert "WATCHDOG" not in text_of(running)  # the loop comes by
        client.execute_command("DEBUG", "SLEEP", "0.3")
        log = text_of(running)
        assert "--- WATCHDOG TIMER EXPIRED ---" in log
        assert "debug_sleep" in log
        client.config_set("watchdog-period", 0)
        client.execute_command("DEBUG", "SLEEP", "0.3")
        assert text_of(running).count("WATCHDOG") == 1


def test_a_library_leaves_the_process_alone(tmp_path: Path) -> None:
    config = Config({"dir": str(tmp_path), "save": ""})
    with Server(config).running_in_thread() as server:
        client: Any = redis.Redis(port=server.port)
        for command in ("RESTART", "CRASH-AND-RECOVER"):
            with pytest.raises(redis.ResponseError, match="failed to restart the server"):
                client.execute_command("DEBUG", command)
        assert client.ping()
        client.close()
