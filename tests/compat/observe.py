"""Runs the real programs on a case and says what they did.

``python -m tests.compat.observe`` runs all cases and writes ``observed.toml`` anew; what is
expected of ``aoftool`` is kept from there, and for a new case taken from what it says now.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from aoftool.ops.check import CheckOptions, Finding, Severity, SourceReport
from aoftool.ops.check.state import check_state
from tests.compat.damage import CASES, Case
from tests.compat.observed import (
    CRASHES,
    CUTS,
    FILE,
    REFUSES,
    STARTS,
    Checked,
    Ours,
    Row,
    Started,
    dumped,
    rows,
)
from tests.compat.servers import RELEASES, WITH_AOF, ServerExit, run_checker, serving

# The first of these that matches is what an output is known by.
_CHECKER_SAYS = re.compile(
    r"0x +[0-9a-f]+: (?P<a>.*?)(?:, got.*| in AOF .*)?$"
    r"|AOF \S+ (?P<b>format error|is empty)"
    r"|(?P<c>Empty file|Cannot open file|RDB preamble of AOF file is not sane)"
    r"|# (?P<d>(?:Found|The AOF manifest|Invalid AOF|File can't|Unknown AOF).*)",
    re.MULTILINE,
)
_SERVER_LOGS = [
    re.compile(pattern)
    for pattern in (
        r"the truncated file is not the last file",
        r"short read while loading the AOF file",
        r"Bad file format",
        r"Unknown command '.*?'",
        r"sending an error to its AOF-loading-client: '.*?'",
        r"Out Of Memory",
        r"crashed by signal: \d+",
        r"RDB has duplicated key",
        r"Wrong RDB checksum",
        r"Short read or OOM loading DB",
        r"Can't handle RDB format version \d+",
        r"created with a Redis server configured to handle more than 16 databases",
        r"Unable to obtain the AOF file \S+ length",
        r"(?:Found an|Found a|The AOF manifest|Invalid AOF|Found dup|File can't|Unknown AOF).*",
    )
]


def deciding(report: SourceReport) -> Finding | None:
    """The first error of a report, else its first finding."""
    found = [*report.findings, *(finding for file in report.files for finding in file.findings)]
    errors = [finding for finding in found if finding.severity is Severity.ERROR]
    return next(iter(errors + found), None)


def told_by_aoftool(case: Case, folder: Path) -> Ours:
    """What ``aoftool check --level state`` says, which sees all that the other levels see."""
    report = check_state(case.write(folder), CheckOptions())
    finding = deciding(report)
    cut = report.files[-1].cut if report.files else None
    return Ours(
        report.verdict.value,
        finding.code if finding else "",
        cut.offset if cut else None,
        cut.forced if cut else False,
    )


def told_by_checker(case: Case, release: str, folder: Path) -> Checked:
    """What redis-check-aof says, and what its ``--fix`` does."""
    path = case.write(folder)
    code, output = run_checker(release, path)
    if code <= 0:
        return Checked(code)
    match = _CHECKER_SAYS.search(output)
    says = next(filter(None, match.groups())) if match else ""
    before = case.size(folder)
    run_checker(release, "--fix", path, answer="y\n")
    after = case.size(folder)
    return Checked(code, says, None if after == before else after)


def told_by_server(case: Case, release: str, folder: Path) -> Started:
    """What a server does with the case, at its first start and, where it cuts, at its next one."""
    case.write(folder)
    before = case.size(folder)
    first = _start(release, folder)
    after = case.size(folder)
    if after == before:
        return first
    start = CUTS if first.start == STARTS else first.start
    again = _start(release, folder).keys
    strict = folder.with_name(f"{folder.name}-strict")
    case.write(strict)
    refusal = _start(release, strict, "--aof-load-truncated", "no").start
    return replace(first, start=start, size=after, again=again, strict=refusal)


def _start(release: str, folder: Path, *options: str) -> Started:
    try:
        with serving(release, folder, *WITH_AOF, *options) as client:
            keys = client.dbsize()
    except ServerExit as error:
        return Started(CRASHES if error.code < 0 else REFUSES, log=_telling(error.log))
    return Started(STARTS, keys, log=_telling((folder / "log").read_text(errors="replace")))


def _telling(log: str) -> str:
    found = (pattern.search(log) for pattern in _SERVER_LOGS)
    return next((match[0] for match in found if match), "")


def observe(case: Case, folder: Path) -> Row:
    """Everything about one case, in new folders below ``folder``."""
    releases = [release for release in RELEASES if release != "6.2" or not case.is_set]
    return Row(
        told_by_aoftool(case, folder / "ours"),
        {r: told_by_checker(case, r, folder / f"checker-{r}") for r in releases},
        {r: told_by_server(case, r, folder / f"server-{r}") for r in releases},
    )


def main() -> None:
    """Write ``observed.toml`` anew."""
    known = rows() if FILE.exists() else {}
    table = {}
    for name, case in CASES.items():
        with TemporaryDirectory(prefix="aof-") as folder:
            row = observe(case, Path(folder))
        table[name] = replace(row, ours=known[name].ours) if name in known else row
    FILE.write_text(dumped(table))


if __name__ == "__main__":
    main()
