"""Measures aoftool and aofserver beside Redis's programs, in one run: ``make bench``.

Prints medians, ratios of medians and peak memory, and whether each target is met; the exit code is
1 where one is missed. Files are made once and kept in --folder.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import files, rewrite, server
from benchmarks.timing import Commands, Summary, side_by_side

GIB = 1 << 30
MIB = 1 << 20
PURE = {"AOFTOOL_PURE": "1"}
AOFTOOL = [sys.executable, "-m", "aoftool"]


@dataclass(frozen=True)
class Row:
    """One line of the result: what was measured, beside what, and what was asked for."""

    name: str
    ours: str
    theirs: str
    ratio: str
    target: str
    met: bool


def checks(folder: Path, size: int, keys: int, runs: int) -> Iterator[Row]:
    """check beside redis-check-aof."""
    cases = [
        ("small SETs", files.small_sets(folder, size), 10.0, 1 / 3),
        ("values of 500 KB", files.large_values(folder, size), 3.0, None),
        (f"RDB preamble of {keys:,} keys", files.preamble(folder, keys), 1.0, None),
    ]
    for name, path, target, pure_target in cases:
        commands: Commands = {
            "ours": ([*AOFTOOL, "check", "--quiet", str(path)], {}),
            "theirs": (["redis-check-aof", str(path)], {}),
            "pure": ([*AOFTOOL, "check", "--quiet", str(path)], PURE),
        }
        found = side_by_side(commands, runs)
        label = f"check, {name}, {path.stat().st_size / MIB:,.0f} MiB"
        yield _compared(label, found["ours"], found["theirs"], target)
        yield _compared(f"{label}, pure Python", found["pure"], found["theirs"], pure_target)
        yield _memory(label, found["ours"])


def _compared(name: str, ours: Summary, theirs: Summary, target: float | None) -> Row:
    ratio = theirs.seconds / ours.seconds
    asked = "-" if target is None else f">= {target:.2f}x"
    met = target is None or ratio >= target
    return Row(name, _seconds(ours), _seconds(theirs), f"{ratio:.2f}x as fast", asked, met)


def _memory(name: str, ours: Summary) -> Row:
    peak = ours.peak / MIB
    return Row(f"{name}, peak memory", f"{peak:.0f} MiB", "", "", "< 100 MiB", peak < 100)


def _seconds(found: Summary) -> str:
    return f"{found.seconds:.3f} s ({found.fastest:.3f} to {found.slowest:.3f})"


def start_up(folder: Path, runs: int) -> Iterator[Row]:
    """What a call costs before it does anything; one huge value costs no memory."""
    one = files.one_value(folder, 512 * MIB)
    commands: Commands = {
        "help": ([*AOFTOOL, "--help"], {}),
        "one": ([*AOFTOOL, "check", "--quiet", str(one)], {}),
    }
    found = side_by_side(commands, max(runs, 5))
    fast = found["help"].seconds < 0.150
    yield Row("aoftool --help", _seconds(found["help"]), "", "", "< 0.150 s", fast)
    yield _memory("check, one value of 512 MiB", found["one"])


def rewrites(folder: Path, runs: int) -> Iterator[Row]:
    """rewrite beside a server that starts on the same file and finishes BGREWRITEAOF."""
    cases = [
        ("3 M small SETs", files.small_sets(folder, 168 * MIB)),
        ("mixed file", files.mixed(folder, 500_000)),
    ]
    for name, path in cases:
        found = rewrite.compare(path, runs)
        server, peak = found["server"]
        for which in ("ours", "ours, verified"):
            seconds, memory = found[which]
            ratio = server / seconds
            label = f"rewrite, {name}, {which}"
            target = 1.0 if which == "ours" else 0.0
            yield Row(
                label, f"{seconds:.2f} s", f"{server:.2f} s (server)", f"{ratio:.2f}x as fast",
                ">= 1.00x" if target else "-", ratio >= target,
            )  # fmt: skip
            yield Row(
                f"{label}, peak memory", f"{memory / MIB:.0f} MiB", f"{peak / MIB:.0f} MiB",
                f"{memory / peak:.2f}x", "<= 2.00x", memory <= 2 * peak,
            )  # fmt: skip


def servers(folder: Path, runs: int) -> Iterator[Row]:
    """aofserver beside redis-server, both with an AOF."""
    cases = [
        ("everysec", 1, 100_000, server.TESTS, 0.9),
        ("everysec", 16, 400_000, server.TESTS, 0.6),
        ("always", 1, 30_000, ("set", "incr", "lpush"), 0.9),
    ]
    for policy, pipeline, requests, tests, target in cases:
        options = ("--appendfsync", policy)
        for test, found in server.throughput(pipeline, runs, requests, tests, *options):
            yield _rates(f"aofserver, {policy}, -P {pipeline}, {test}", found, target)
    for name, path in (
        ("3 M small SETs", files.small_sets(folder, 168 * MIB)),
        ("mixed file", files.mixed(folder, 500_000)),
    ):
        seconds = server.starts(path, runs)
        ratio = seconds["theirs"] / seconds["ours"]
        yield Row(
            f"aofserver, start on the {name}", f"{seconds['ours']:.2f} s",
            f"{seconds['theirs']:.2f} s (server)", f"{ratio:.2f}x as fast", ">= 1.00x", ratio >= 1,
        )  # fmt: skip
    waits = {kind: server.rewrite_latency(kind, 500_000, 300_000) for kind in server.SERVERS}
    for at, name in enumerate(("quiet", "while rewriting")):
        ours, theirs = waits["ours"][at], waits["theirs"][at]
        yield Row(
            f"aofserver, p99.9 of SET, {name}", f"{ours:.2f} ms", f"{theirs:.2f} ms (server)",
            f"{ours / theirs:.2f}x", "-", True,
        )  # fmt: skip


def _rates(name: str, found: dict[str, float], target: float) -> Row:
    ratio = found["ours"] / found["theirs"]
    return Row(
        name, f"{found['ours']:,.0f}/s", f"{found['theirs']:,.0f}/s (server)",
        f"{ratio:.2f}x as fast", f">= {target:.2f}x", ratio >= target,
    )  # fmt: skip


PARTS = {
    "check": lambda folder, options: checks(folder, options.size, options.keys, options.runs),
    "start-up": lambda folder, options: start_up(folder, options.runs),
    "rewrite": lambda folder, options: rewrites(folder, options.runs),
    "server": lambda folder, options: servers(folder, options.runs),
}


def main() -> None:
    """Measure, print, and tell by the exit code whether every target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where files are kept (default: temporary)")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this (repeatable)")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--size", type=int, default=GIB, help="bytes of the AOFs")
    parser.add_argument("--keys", type=int, default=1_000_000, help="keys of the preamble")
    options = parser.parse_args()
    if shutil.which("redis-check-aof") is None:
        raise SystemExit("redis-check-aof is not on PATH")
    missed = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        print("| measured | ours | Redis's | ratio | target | met |")
        print("|---|---|---|---|---|---|")
        for part in options.part or PARTS:
            for row in PARTS[part](folder, options):
                met = "yes" if row.met else "NO"
                missed += not row.met
                cells = (row.name, row.ours, row.theirs, row.ratio, row.target, met)
                print(f"| {' | '.join(cells)} |", flush=True)
    raise SystemExit(1 if missed else 0)


if __name__ == "__main__":
    main()
