"""Times whole processes side by side: in turn, several times, medians compared."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Argv = Sequence[str]
#: By name: the words of a command, and what it finds in its environment.
Commands = Mapping[str, tuple[Argv, Mapping[str, str]]]


@dataclass(frozen=True)
class Run:
    """One finished process: wall seconds, peak resident bytes, exit code."""

    seconds: float
    peak: int
    exit_code: int


@dataclass(frozen=True)
class Summary:
    """Several runs of one command: medians and the spread of the wall time."""

    seconds: float
    fastest: float
    slowest: float
    peak: int


def run_once(argv: Argv, env: Mapping[str, str] | None = None) -> Run:
    """Run to the end and read the kernel's account of it."""
    start = time.perf_counter()
    process = subprocess.Popen(
        argv,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **(env or {})},
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    scale = 1 if sys.platform == "darwin" else 1024
    return Run(seconds, usage.ru_maxrss * scale, process.returncode)


def side_by_side(commands: Commands, runs: int) -> dict[str, Summary]:
    """Each command once to warm up, then all in turn ``runs`` times; all must exit with 0."""
    seen: dict[str, list[Run]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, (argv, env) in commands.items():
            run = run_once(argv, env)
            if run.exit_code:
                raise SystemExit(f"{' '.join(argv)}: exit code {run.exit_code}")
            if turn:
                seen[name].append(run)
    return {name: _summary(found) for name, found in seen.items()}


def _summary(runs: list[Run]) -> Summary:
    seconds = [run.seconds for run in runs]
    return Summary(
        statistics.median(seconds), min(seconds), max(seconds), max(run.peak for run in runs)
    )
