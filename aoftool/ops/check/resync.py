"""Looks for well-formed commands behind damage, so that nobody cuts away good data unknowingly."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aoftool.format.resp.limits import MAX_DIGITS, MAX_HEADER
from aoftool.format.resp.scan import Note, RespScanner
from aoftool.ops.check.options import Level
from aoftool.ops.check.report import Run
from aoftool.ops.check.scanning import drive, new_scanner
from aoftool.ops.window import Window

#: Runs that are reported; behind the last one nothing more is looked for.
MAX_RUNS = 1000
#: Places that look like the start of a command but are none, before the search gives up.
MAX_PROBES = 200_000

_CANDIDATE = re.compile(
    rb"\*[1-9]\d{0,%d}\r\n\$[1-9]\d{0,%d}\r\n" % (MAX_DIGITS - 1, MAX_DIGITS - 1)
)
_OVERLAP = 2 * MAX_HEADER


def find_runs(fd: int, start: int, also_known: list[bytes]) -> Iterator[Run]:
    """The runs of known, well-formed commands from file offset ``start`` on, in order.

    A run begins with a command whose name and arity are those of a command that a server knows
    (or is in ``also_known``), and goes on to the next damage. Commands whose record is not whole
    do not count. Works on regular files. Raises OSError.
    """
    window = Window(fd, start)
    scanner = new_scanner(Level.COMMANDS)
    for name in also_known:
        scanner.learn(name, 0)
    scanner.loose_exec = True
    runs = probes = 0
    while runs < MAX_RUNS and probes < MAX_PROBES:
        offset = _next_candidate(window)
        if offset is None:
            return
        run = _try(Window(fd, offset), scanner, offset)
        if run is None:
            probes += 1
            window.pos = offset + 1 - window.base
            continue
        runs += 1
        yield run
        window.skip(run.end - window.offset)


def _next_candidate(window: Window) -> int | None:
    """Offset of the next place that looks like the start of a command; moves to it."""
    while True:
        match = _CANDIDATE.search(bytes(window.view[window.pos : window.end]))
        if match:
            window.pos += match.start()
            return window.offset
        window.pos = max(window.pos, window.end - _OVERLAP)
        if not window.fill():
            return None


def _try(window: Window, scanner: RespScanner, offset: int) -> Run | None:
    """Scan from ``offset``; None where not even the first command is whole and known."""
    before = scanner.records
    scanner.begin(offset)
    first_is_known = True

    def noted() -> bool:
        nonlocal first_is_known
        doubtful = scanner.note in (Note.UNKNOWN, Note.ARITY, Note.SELECT)
        if doubtful and scanner.records - before == 1:
            first_is_known = False
        return first_is_known

    drive(scanner, window, noted)
    records = scanner.records - before
    if not records or not first_is_known:
        return None
    return Run(offset, scanner.good_end, records)
