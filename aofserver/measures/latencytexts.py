"""Latency samples for people: a graph, and a report with advice."""

from __future__ import annotations

from aofserver.measures.latency import Event, Latency

#: Characters of a graph from low to high, and how high it is; columns at most.
_DOTS, _ROWS, _COLUMNS = "_o#", 4, 80
#: What may be behind an event, and what helps.
_ADVICE = {
    "command": "Look at SLOWLOG GET for the commands, and at how many keys they walk over.",
    "fork": "Children are split off slowly: fewer rewrites and snapshots, or less memory, help.",
    "aof-write": "The disk is slow or busy with something else.",
    "aof-fsync-always": "appendfsync always waits for the disk: everysec does not.",
    "aof-write-pending-fsync": "A sync keeps the disk busy: no-appendfsync-on-rewrite yes helps.",
    "aof-write-active-child": "A child writes meanwhile: no-appendfsync-on-rewrite yes helps.",
    "eviction-cycle": "Keys go because memory is short: a higher maxmemory, or fewer data, help.",
    "eviction-del": "Large values are freed as they are evicted: smaller ones help.",
    "expire-cycle": "Many keys expire at the same time: spread their times to live.",
}


def graph(name: str, event: Event, now_s: int) -> str:
    """The samples as columns, the oldest first, with how long ago each was."""
    samples = list(event.samples)[-_COLUMNS:]
    lows, highs = min(ms for _, ms in samples), max(ms for _, ms in samples)
    head = f"{name} - high {highs} ms, low {lows} ms (all time high {event.worst} ms)"
    span = (highs - lows) or 1
    levels = [(ms - lows) * (_ROWS * len(_DOTS) - 1) // span for _, ms in samples]
    rows = [_row(levels, row) for row in reversed(range(_ROWS))]
    ages = [_age(now_s - at_s) for at_s, _ in samples]
    height = max(map(len, ages))
    columns = ["".join(age.ljust(height)[at] for age in ages).rstrip() for at in range(height)]
    return "\n".join([head, "-" * _COLUMNS, *rows, "", *columns]) + "\n"


def _row(levels: list[int], row: int) -> str:
    """One line of a graph: a full column below its top, its top, or nothing."""
    found = ""
    for level in levels:
        top, dot = divmod(level, len(_DOTS))
        found += "|" if row < top else _DOTS[dot] if row == top else " "
    return found.rstrip()


def _age(seconds: int) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def report(latency: Latency, now_s: int) -> str:
    """What the samples say."""
    if not latency.threshold_ms and not latency.events:
        return (
            "Nothing is watched: latency-monitor-threshold is 0. CONFIG SET it to the number of "
            "milliseconds from which on an event is worth keeping.\n"
        )
    if not latency.events:
        return f"Nothing has taken {latency.threshold_ms} ms or more so far.\n"
    parts = [f"Events of {latency.threshold_ms} ms or more:\n"]
    for number, (name, event) in enumerate(latency.events.items(), 1):
        times = [ms for _, ms in event.samples]
        mean = sum(times) / len(times)
        spread = sum(abs(ms - mean) for ms in times) / len(times)
        parts.append(
            f"{number}. {name}: {len(times)} samples, mean {mean:.0f} ms, mean deviation "
            f"{spread:.0f} ms, the last {_age(now_s - event.samples[-1][0])} ago, worst "
            f"{event.worst} ms."
        )
    advice = [f"- {name}: {_ADVICE[name]}" for name in latency.events if name in _ADVICE]
    return "\n".join([*parts, *(["", "What may help:"] if advice else []), *advice]) + "\n"
