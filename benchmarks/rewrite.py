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
    """Wall seconds from the start of redis-server to the end of its rewrite; its peak memory.

    That is what the kernel says of the process, as it does of ours, and what its child had to copy
    while it wrote: the rest of the child's memory is the server's own.
    """
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
        peak = _peak(process.pid) + int(client.info("persistence")["aof_last_cow_size"])
        client.shutdown(nosave=True)
        process.wait()
    return seconds, peak


def _peak(pid: int) -> int:
    """The greatest resident memory that a process has had so far, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "VmHWM":
            return int(value.split()[0]) * 1024
    raise SystemExit("this kernel does not tell the peak memory of a process")


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
