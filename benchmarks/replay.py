"""Times ``aoftool replay`` beside ``redis-cli --pipe``: same file, same redis-server, in turn.

Standalone (``python benchmarks/replay.py``); exits with 1 where replay is slower, or needs more
memory than its bound on a file of a gigabyte and a target that is slow.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import files
from benchmarks.timing import run_once

MIB = 1 << 20
#: Most memory of a replay, whatever the file's size.
BOUND = 100 * MIB


@dataclass(frozen=True)
class Way:
    """How the server is reached: by redis-cli, and by a replay."""

    name: str
    cli: str
    url: str


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


@contextmanager
def server(folder: Path) -> Iterator[tuple[list[Way], redis.Redis]]:
    """A fresh redis-server without persistence: the ways to it, and a client."""
    path, port = str(folder / "socket"), free_port()
    argv = ["redis-server", "--port", str(port), "--unixsocket", path, "--save", "",
            "--enable-debug-command", "yes", "--logfile", str(folder / "log")]  # fmt: skip
    process = subprocess.Popen(argv)
    client = redis.Redis(unix_socket_path=path)
    try:
        while True:
            try:
                client.ping()
                break
            except redis.ConnectionError:
                time.sleep(0.01)
        yield (
            [
                Way("TCP", f"redis-cli -p {port}", f"redis://127.0.0.1:{port}"),
                Way("Unix socket", f"redis-cli -s {path}", f"unix://{path}"),
            ],
            client,
        )
    finally:
        client.close()
        process.kill()
        process.wait()


def ours(path: Path, way: Way, *more: str) -> list[str]:
    """The words of a replay."""
    return [sys.executable, "-m", "aoftool", "replay", str(path), "--to", way.url, *more]


def compare(path: Path, way: Way, client: redis.Redis, runs: int) -> bool:
    """Both in turn; prints medians and says whether ours is at least as fast."""
    pipe = ["sh", "-c", f"{way.cli} --pipe < {path}"]
    seen: dict[str, list[float]] = {"redis-cli --pipe": [], "aoftool replay": []}
    peak = 0
    for turn in range(runs + 1):
        for name, argv in (("redis-cli --pipe", pipe), ("aoftool replay", ours(path, way))):
            client.flushall()
            run = run_once(argv)
            if run.exit_code:
                raise SystemExit(f"{name}: exit code {run.exit_code}")
            if turn:
                seen[name].append(run.seconds)
            if name == "aoftool replay":
                peak = max(peak, run.peak)
    theirs, mine = (statistics.median(found) for found in seen.values())
    for name, found in seen.items():
        print(f"{path.name}, {way.name}: {name}: {statistics.median(found):.2f} s "
              f"({min(found):.2f} to {max(found):.2f})")  # fmt: skip
    print(f"{path.name}, {way.name}: {theirs / mine:.2f}x as fast, {peak / MIB:.0f} MiB at most")
    return theirs / mine >= 1.0


def slow_target(path: Path, way: Way, client: redis.Redis) -> bool:
    """A gigabyte into a server that sleeps again and again; says whether memory is bounded."""
    client.flushall()
    sleeper = subprocess.Popen(
        ["sh", "-c", f"for n in 1 2 3; do {way.cli} DEBUG SLEEP 1; sleep 0.5; done"],
        stdout=subprocess.DEVNULL,
    )
    run = run_once(ours(path, way, "--into-nonempty"))
    sleeper.wait()
    print(f"{path.name}: {path.stat().st_size / MIB:.0f} MiB into a slow target: "
          f"{run.seconds:.1f} s, {run.peak / MIB:.0f} MiB at most")  # fmt: skip
    return run.exit_code == 0 and run.peak < BOUND


def main() -> None:
    """Measure, print, and tell by the exit code whether every target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where files are kept (default: temporary)")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--size", type=int, default=1 << 30, help="bytes of the compared file")
    parser.add_argument("--large", type=int, default=1 << 30, help="bytes for the slow target")
    options = parser.parse_args()
    # What is installed has its byte code at hand.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="aof-") as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        with server(Path(temporary)) as (ways, client):
            small = files.small_sets(folder, options.size)
            met = [compare(small, way, client, options.runs) for way in ways]
            met.append(slow_target(files.small_sets(folder, options.large), ways[0], client))
    raise SystemExit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
