"""What is expected of ``aoftool check`` and what was observed of the real programs, case by case.

``observed.toml`` holds it, one table a case; ``python -m tests.compat.observe`` writes it anew.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from pathlib import Path

from tests.compat.servers import RELEASES

FILE = Path(__file__).with_name("observed.toml")

_HEAD = "# Written by python -m tests.compat.observe; what stands under aoftool is kept by it.\n"
STARTS, CUTS, REFUSES, CRASHES = "starts", "cuts", "refuses", "crashes"


@dataclass(frozen=True, slots=True)
class Ours:
    """What ``aoftool check`` must say.

    Attributes:
        verdict: of the whole; code: of the first error, else of the first finding, else empty.
        cut: bytes that ``truncate`` leaves of the target, where it would cut; forced: it does so
            only with ``--corrupt``.
    """

    verdict: str
    code: str = ""
    cut: int | None = None
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """What redis-check-aof did.

    Attributes:
        exit: its exit code, or minus the signal that ended it; says: its message.
        fixed: bytes that ``--fix`` leaves of the target, where it cuts.
    """

    exit: int
    says: str = ""
    fixed: int | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """What a server did, with ``aof-load-truncated yes`` unless told otherwise.

    Attributes:
        start: STARTS, CUTS (and starts), REFUSES or CRASHES.
        keys: DBSIZE of database 0, where it started.
        size: bytes of the target afterwards, where it cut.
        again: DBSIZE after it was started again, where it cut.
        strict: as ``start``, with ``aof-load-truncated no``, where it cuts otherwise.
        log: the telling part of its log.
    """

    start: str
    keys: int | None = None
    size: int | None = None
    again: int | None = None
    strict: str = ""
    log: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One case: ours, and by release what its programs did; 6.2 is left out for a set."""

    ours: Ours
    checkers: Mapping[str, Checked]
    servers: Mapping[str, Started]

    def releases(self) -> list[str]:
        """The releases that know the format of this case."""
        return list(self.servers)


@cache
def rows() -> dict[str, Row]:
    """All rows by the name of their case."""
    tables = tomllib.loads(FILE.read_text())
    return {name: _row(table) for name, table in tables.items()}


def _row(table: dict[str, dict[str, object]]) -> Row:
    known = [release for release in RELEASES if f"redis-{release}" in table]
    return Row(
        Ours(**table["aoftool"]),  # type: ignore[arg-type]
        {release: Checked(**table[f"checker-{release}"]) for release in known},  # type: ignore[arg-type]
        {release: Started(**table[f"redis-{release}"]) for release in known},  # type: ignore[arg-type]
    )


def dumped(table: Mapping[str, Row]) -> str:
    """The rows as the text of ``observed.toml``."""
    return "\n".join([_HEAD, *(_dumped_row(name, row) for name, row in table.items())])


def _dumped_row(name: str, row: Row) -> str:
    lines = [f"[{json.dumps(name)}]", f"aoftool = {_inline(row.ours)}"]
    for release in row.releases():
        lines.append(f'"checker-{release}" = {_inline(row.checkers[release])}')
        lines.append(f'"redis-{release}" = {_inline(row.servers[release])}')
    return "\n".join(lines) + "\n"


def _inline(entry: Ours | Checked | Started) -> str:
    """A TOML inline table of what is not the default; JSON writes its values alike."""
    told = {
        field.name: value
        for field in fields(entry)
        if (value := getattr(entry, field.name)) != field.default or field.default is MISSING
    }
    return "{" + ", ".join(f"{key} = {json.dumps(value)}" for key, value in told.items()) + "}"
