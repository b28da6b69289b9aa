"""Level ``state``: runs what a file holds on a keyspace, and reports each command that fails.

Needs the memory that the data need, and reads the files twice: once as ``check_path`` does, for
everything that the other levels see, and once as a server that loads them.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

from aoftool.errors import AofError
from aoftool.keyspace.keyspace import Keyspace
from aoftool.keyspace.values import type_name
from aoftool.ops.check import check_path
from aoftool.ops.check.collector import Collector
from aoftool.ops.check.options import CheckOptions, Level
from aoftool.ops.check.report import (
    FileReport,
    Finding,
    KeyCount,
    Severity,
    SourceReport,
    Verdict,
)
from aoftool.ops.check.resp_part import shown
from aoftool.ops.failures import DamagedError, Failure
from aoftool.ops.loading import LoadOptions, load
from aoftool.ops.source import STDIN, resolve
from aoftool.ops.window import Progress, Window, no_progress

#: Verdicts of the other levels behind which nothing can be loaded.
_HOPELESS = (Verdict.FILE_SET, Verdict.UNREADABLE, Verdict.NEWER)
#: Verdicts of files that load up to their ends, or up to where they are cut.
_SOUND = (Verdict.CLEAN, Verdict.TRUNCATED)
#: Replies to what level ``commands`` has reported by itself, beside every wrong SELECT.
_SEEN_BEFORE = (b"ERR unknown ", b"ERR Unknown subcommand", b"ERR wrong number of arguments ")
#: Of a command that fails a finding shows so many words, and of each so many bytes.
_SHOWN_WORDS, _SHOWN_BYTES = 4, 40


def check_state(
    path: Path,
    options: CheckOptions,
    progress: Progress = no_progress,
    *,
    now_ms: int = 0,
) -> SourceReport:
    """Check what ``path`` stands for at level ``state``; raises nothing for bad input.

    ``progress`` sees the bytes twice. ``now_ms``: the time that commands see, Unix time in ms.
    Standard input is read only once: its report says that its commands were not run.
    """
    report = check_path(path, replace(options, level=Level.COMMANDS), progress)
    report.level = Level.STATE.value
    if report.verdict in _HOPELESS or not report.files:
        return report
    if path == STDIN:
        text = "standard input was read once; its commands were not run"
        report.files[0].add(Finding("read-once", Severity.NOTICE, text))
        return report
    watcher = _Watcher(report, options)
    try:
        how = LoadOptions(skip_errors=True, now_ms=now_ms)
        loaded = load(resolve(path), how, progress, watcher.failed)
    except DamagedError as error:
        watcher.damaged(error)
    except AofError as error:
        if report.verdict in _SOUND:  # else the other levels have seen why
            report.add_error("unreadable", str(error), Verdict.UNREADABLE)
    else:
        report.state = key_counts(loaded.keyspace)
    finally:
        watcher.close()
    return report


def key_counts(keyspace: Keyspace) -> list[KeyCount]:
    """How many keys of each type each database has, and how many of them expire."""
    found = []
    for database in keyspace.databases:
        counts: Counter[str] = Counter()
        expiring: Counter[str] = Counter()
        for key, value in database.data.items():
            kind = type_name(value).decode()
            counts[kind] += 1
            expiring[kind] += key in database.expires
        found += [
            KeyCount(database.index, kind, count, expiring[kind])
            for kind, count in sorted(counts.items())
        ]
    return found


class _Watcher:
    """Turns what fails while loading into findings on the file that it stands in."""

    def __init__(self, report: SourceReport, options: CheckOptions) -> None:
        self._files = {file.path: file for file in report.files}
        self._options = options
        self._path: str | None = None
        self._collector: Collector | None = None
        self._fd = -1

    def failed(self, failure: Failure) -> None:
        """A command that answered an error, or a key of RDB data that was there already."""
        if failure.record is None:
            code, reason = "duplicate-key", _named(failure)
        elif self._seen_before(failure) or self._options.allows(failure.argv[0].upper()):
            return
        else:
            code, reason = "command-fails", _named(failure)
        self._add(failure.path, code, reason, failure.offset, failure.record)

    @staticmethod
    def _seen_before(failure: Failure) -> bool:
        return failure.argv[0].upper() == b"SELECT" or failure.reply.startswith(_SEEN_BEFORE)

    def damaged(self, error: DamagedError) -> None:
        """What stops the load; damage that the other levels saw is not told again."""
        path = str(error.path)
        if self._files[path].verdict in _SOUND:
            self._add(path, "rdb-value", error.error.reason, error.error.offset, None)

    def _add(self, path: str, code: str, reason: str, offset: int, record: int | None) -> None:
        self._collector_of(path).add(
            code,
            Severity.ERROR,
            reason,
            offset,
            start=offset,
            record=record,
            verdict=Verdict.CORRUPT,
        )

    def _collector_of(self, path: str) -> Collector:
        """Files are loaded one after the other, so one collector at a time is enough."""
        if self._collector is None or path != self._path:
            self.close()
            report: FileReport = self._files[path]
            self._path, self._fd = path, os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            self._collector = Collector(Window(self._fd), self._fd, report)
        return self._collector

    def close(self) -> None:
        """Close the file whose bytes were shown."""
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._collector = -1, None


def _named(failure: Failure) -> str:
    reply = failure.reply.decode("utf-8", "backslashreplace")
    if not failure.argv:
        return reply
    words = " ".join(shown(word[:_SHOWN_BYTES]) for word in failure.argv[:_SHOWN_WORDS])
    more = len(failure.argv) - _SHOWN_WORDS
    return f"{words}{f' ... (+{more} arguments)' if more > 0 else ''}: {reply}"
