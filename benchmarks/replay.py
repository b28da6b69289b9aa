"""Times ``aoftool replay`` beside ``redis-cli --pipe``: same file, same redis-server, in turn.

Standalone (``python benchmarks/replay.py``); exits with 1 where replay is slower, or needs more
memory than its bound on a file of a gigabyte and a target that is slow.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import files
from benchmarks.timing import run_once

MIB = 1 << 20
#: Most memory of a replay, whatever the file's size.
BOUND = 100 * MIB


@contextmanager
def server(folder: Path) -> Iterator[tuple[str, redis.Redis]]:
    """A fresh redis-server without persistence: its socket, and a client."""
    socket = str(folder / "socket")
    argv = ["redis-server", "--port", "0", "--unixsocket", socket, "--save", "",
            "--enable-debug-command", "yes", "--logfile", str(folder / "log")]  # fmt: skip
    process = subprocess.Popen(argv)
    client = redis.Redis(unix_socket_path=socket)
    try:
        while True:
            try:
                client.ping()
                break
            except redis.ConnectionError:
                time.sleep(0.01)
        yield socket, client
    finally:
        client.close()
        process.kill()
        process.wait()


def ours(path: Path, socket: str, *more: str) -> list[str]:
    """The words of a replay."""
    return [sys.executable, "-m", "aoftool", "replay", str(path), "--to", f"unix://{socket}", *more]


def compare(path: Path, socket: str, client: redis.Redis, runs: int) -> bool:
    """Both in turn; prints medians and says whether ours is at least as fast."""
    pipe = ["sh", "-c", f"redis-cli -s {socket} --pipe < {path}"]
    seen: dict[str, list[float]] = {"redis-cli --pipe": [], "aoftool replay": []}
    peak = 0
    for turn in range(runs + 1):
        for name, argv in (("redis-cli --pipe", pipe), ("aoftool replay", ours(path, socket))):
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
        print(f"{path.name}: {name}: {statistics.median(found):.2f} s "
              f"({min(found):.2f} to {max(found):.2f})")  # fmt: skip
    print(f"{path.name}: {theirs / mine:.2f}x as fast, {peak / MIB:.0f} MiB at most")
    return theirs / mine >= 1.0


def slow_target(path: Path, socket: str, client: redis.Redis) -> bool:
    """A gigabyte into a server that sleeps again and again; says whether memory is bounded."""
    client.flushall()
    sleeper = subprocess.Popen(
        ["sh", "-c", f"for n in 1 2 3; do redis-cli -s {socket} DEBUG SLEEP 1; sleep 0.5; done"],
        stdout=subprocess.DEVNULL,
    )
    run = run_once(ours(path, socket, "--into-nonempty"))
    sleeper.wait()
    print(f"{path.name}: {path.stat().st_size / MIB:.0f} MiB into a slow target: "
          f"{run.seconds:.1f} s, {run.peak / MIB:.0f} MiB at most")  # fmt: skip
    return run.exit_code == 0 and run.peak < BOUND


def main() -> None:
    """Measure, print, and tell by the exit code whether every target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where files are kept (default: temporary)")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--size", type=int, default=168 * MIB, help="bytes of the compared file")
    parser.add_argument("--large", type=int, default=1 << 30, help="bytes for the slow target")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aof-") as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        with server(Path(temporary)) as (socket, client):
            met = [
                compare(files.small_sets(folder, options.size), socket, client, options.runs),
                slow_target(files.small_sets(folder, options.large), socket, client),
            ]
    raise SystemExit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
