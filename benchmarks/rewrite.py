"""rewrite beside a server that loads the same file and finishes BGREWRITEAOF."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import redis

from benchmarks.timing import run_once


def server_seconds(source: Path) -> tuple[float, int]:
    """Wall seconds from the start of redis-server to the end of its rewrite; its peak memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(source, folder / "appendonly.aof")
        socket = folder / "s"
        start = time.perf_counter()
        process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", str(socket), "--dir", name,
             "--appendonly", "yes", "--save", ""],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        client = redis.Redis(unix_socket_path=str(socket))
        _until(lambda: bool(client.ping()))
        client.bgrewriteaof()
        _until(lambda: not client.info("persistence")["aof_rewrite_in_progress"])
        seconds = time.perf_counter() - start
        peak = int(client.info("memory")["used_memory_peak"])
        client.shutdown(nosave=True)
        process.wait()
    return seconds, peak


def _until(done: object) -> None:
    assert callable(done)
    for _ in range(20_000):
        try:
            if done():
                return
        except (redis.ConnectionError, redis.BusyLoadingError):
            pass
        time.sleep(0.01)
    raise SystemExit("the server did not get there in time")


def our_seconds(source: Path, verify: bool) -> tuple[float, int]:
    """Wall seconds and peak memory of one run."""
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "out.aof"
        flag = "--verify" if verify else "--no-verify"
        run = run_once(
            [sys.executable, "-m", "aoftool", "rewrite", flag, "-o", str(out), str(source)]
        )
        if run.exit_code:
            raise SystemExit(f"rewrite {source}: exit code {run.exit_code}")
    return run.seconds, run.peak


def compare(source: Path, runs: int) -> dict[str, tuple[float, int]]:
    """Medians of wall seconds, and the greatest peak, of the server and of ours in turn."""
    seen: dict[str, list[tuple[float, int]]] = {"server": [], "ours": [], "ours, verified": []}
    for _ in range(runs):
        seen["server"].append(server_seconds(source))
        seen["ours"].append(our_seconds(source, verify=False))
        seen["ours, verified"].append(our_seconds(source, verify=True))
    return {
        name: (statistics.median(s for s, _ in found), max(peak for _, peak in found))
        for name, found in seen.items()
    }
