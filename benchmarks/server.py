"""aofserver beside redis-server: throughput, starting, and latency while the AOF is rewritten."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

#: redis-benchmark's names of what is measured.
TESTS = ("set", "get", "incr", "lpush", "rpush", "lpop", "rpop", "sadd", "hset", "zadd",
         "lrange_100", "mset")  # fmt: skip
ROOT = Path(__file__).parents[1]
SERVERS = {"ours": [sys.executable, "-m", "aofserver"], "theirs": ["redis-server"]}


@dataclass(frozen=True)
class Live:
    """A running server."""

    process: subprocess.Popen[bytes]
    socket: Path
    port: int
    client: redis.Redis


@contextmanager
def serving(kind: str, folder: Path, port: int, *options: str) -> Iterator[Live]:
    """A server of one kind on ``folder``, ready to answer; it is killed at the end."""
    socket = folder / "s"
    process = subprocess.Popen(
        [*SERVERS[kind], "--port", str(port), "--unixsocket", str(socket), "--dir", str(folder),
         "--appendonly", "yes", "--save", "", *options],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        client = redis.Redis(unix_socket_path=str(socket))
        until(lambda: bool(client.ping()))
        yield Live(process, socket, port, client)
    finally:
        process.kill()
        process.wait()


def until(done: Callable[[], bool], pause_s: float = 0.01) -> None:
    """Wait for something that takes at most some minutes."""
    for _ in range(60_000):
        try:
            if done():
                return
        except (redis.ConnectionError, redis.BusyLoadingError):
            pass
        time.sleep(pause_s)
    raise SystemExit("a server did not get there in time")


@contextmanager
def both(*options: str) -> Iterator[dict[str, Live]]:
    """One server of each kind, side by side."""
    with (
        tempfile.TemporaryDirectory() as ours,
        tempfile.TemporaryDirectory() as theirs,
        serving("ours", Path(ours), 7961, *options) as first,
        serving("theirs", Path(theirs), 7962, *options) as second,
    ):
        yield {"ours": first, "theirs": second}


def benchmark(live: Live, test: str, requests: int, pipeline: int) -> float:
    """Requests a second of one of redis-benchmark's tests."""
    out = subprocess.run(
        ["redis-benchmark", "-p", str(live.port), "--csv", "-t", test, "-n", str(requests),
         "-P", str(pipeline)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout  # fmt: skip
    # LRANGE's tests fill their list first, under a name of its own.
    rows = list(csv.reader(io.StringIO(out)))
    return float(rows[-1][1])


def throughput(
    pipeline: int, runs: int, requests: int, tests: Sequence[str] = TESTS, *options: str
) -> Iterator[tuple[str, dict[str, float]]]:
    """For each test the medians of requests a second, both servers in turn."""
    with both(*options) as servers:
        for test in tests:
            seen: dict[str, list[float]] = {kind: [] for kind in servers}
            for _ in range(runs):
                for kind, live in servers.items():
                    seen[kind].append(benchmark(live, test, requests, pipeline))
            yield test, {kind: statistics.median(found) for kind, found in seen.items()}


def start_seconds(kind: str, source: Path) -> float:
    """Wall seconds from the start of a server on a copy of ``source`` until it answers."""
    with tempfile.TemporaryDirectory() as name:
        shutil.copy(source, Path(name) / "appendonly.aof")
        began = time.perf_counter()
        with serving(kind, Path(name), 0):
            return time.perf_counter() - began


def starts(source: Path, runs: int) -> dict[str, float]:
    """Medians of ``start_seconds``."""
    seen: dict[str, list[float]] = {kind: [] for kind in SERVERS}
    for _ in range(runs):
        for kind in SERVERS:
            seen[kind].append(start_seconds(kind, source))
    return {kind: statistics.median(found) for kind, found in seen.items()}


_PERCENTILE = re.compile(r"^([\d.]+)% <= ([\d.]+) milliseconds", re.MULTILINE)


def rewrite_latency(kind: str, keys: int, requests: int) -> tuple[float, float]:
    """p99.9 in ms of SET on a server of ``keys`` keys: while nothing else happens, and while
    rewrites follow one another."""
    with tempfile.TemporaryDirectory() as name, serving(kind, Path(name), 7963) as live:
        for at in range(0, keys, 1000):
            live.client.mset({f"key:{n}": "x" * 100 for n in range(at, min(at + 1000, keys))})
        quiet = _p999(live, requests, lambda: None)

        def rewrite() -> None:
            if not live.client.info("persistence")["aof_rewrite_in_progress"]:
                live.client.bgrewriteaof()

        return quiet, _p999(live, requests, rewrite)


def _p999(live: Live, requests: int, meanwhile: Callable[[], None]) -> float:
    with tempfile.TemporaryFile("w+") as out:  # a pipe would fill while nobody reads it
        process = subprocess.Popen(
            ["redis-benchmark", "-p", str(live.port), "-t", "set", "-n", str(requests),
             "-r", "100000"],
            stdout=out,
        )  # fmt: skip
        while process.poll() is None:
            meanwhile()
            time.sleep(0.05)
        out.seek(0)
        found = _PERCENTILE.findall(out.read())
    return next(float(ms) for share, ms in found if float(share) >= 99.9)
