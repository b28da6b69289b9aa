"""Database numbers beyond those of the server that will load a file."""

from __future__ import annotations

from aoftool.ops.check.collector import Collector
from aoftool.ops.check.options import DEFAULT_DATABASES, CheckOptions
from aoftool.ops.check.report import Severity, Verdict


def check_database_range(
    collector: Collector, code: str, greatest: int, options: CheckOptions
) -> None:
    """Say so where the greatest number is out of range.

    It is an error where the caller told how many databases there are; otherwise a warning, since a
    server may be configured for more than the default.
    """
    limit = options.databases
    if greatest < (limit or DEFAULT_DATABASES):
        return
    text = f"database {greatest} is used: the server needs 'databases {greatest + 1}' or more"
    if limit is None:
        collector.add(code, Severity.WARNING, text)
    else:
        collector.add(code, Severity.ERROR, text, verdict=Verdict.CORRUPT)
