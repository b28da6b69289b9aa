"""What a report says of redis-check-aof and the loader is what these were observed to do.

The words of an opinion claim some kinds of behaviour; over all cases that carry it, each kind that
is claimed must have been observed, and each that was observed must be claimed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from aoftool.ops.check import CheckOptions, Finding, Severity, SourceReport
from aoftool.ops.check.opinions import OPINIONS
from aoftool.ops.check.state import check_state
from tests.compat.damage import CASES
from tests.compat.observe import deciding
from tests.compat.observed import CRASHES, CUTS, REFUSES, STARTS, Checked, Row, Started, rows

VALID, INVALID = "valid", "invalid"
FIX_CUTS, FIX_DOES_NOTHING = "fix cuts", "fix does nothing"
#: A server cuts elsewhere than ``truncate``, and loses something by it.
LOSES = "loses"

_CHECKER_WORDS = {
    VALID: r"\bvalid\b",
    INVALID: r"\binvalid\b|\brefuses the\b",
    CRASHES: r"\bcrash",
    FIX_CUTS: r"--fix cuts",
    FIX_DOES_NOTHING: r"--fix does nothing|--fix refuses",
}
_LOADER_WORDS = {
    STARTS: r"\bloads\b|\bstays in\b|\bgoes on\b|\bruns\b|\bfails\b|starts empty"
    r"|does not look at|does not load it",
    CUTS: r"\bcuts\b",
    REFUSES: r"\brefuses\b",
    CRASHES: r"\bcrash|\baborts\b",
    LOSES: r"\bloses\b",
}

#: Findings that others bring along: RDB data behind commands may hold keys that are there.
_FOLLOWS = ("duplicate-key",)

#: Code, checker's and loader's text of a finding.
Opinion = tuple[str, str, str]
CHECKER, LOADER = 1, 2


def _alone(report: SourceReport) -> Finding | None:
    """The finding that decides, where what the programs do is due to it and to nothing else.

    One of the set as a whole is; one of a file, where it is the last file and has no other error.
    """
    finding = deciding(report)
    if finding is None or finding in report.findings:
        return finding
    last = report.files[-1].findings
    errors = [
        other
        for other in last
        if other.severity is Severity.ERROR and (other is finding or other.code not in _FOLLOWS)
    ]
    return finding if finding in last and errors in ([], [finding]) else None


@cache
def rows_by_opinion() -> dict[Opinion, list[Row]]:
    """The rows with one finding that carries an opinion, by that opinion."""
    found: dict[Opinion, list[Row]] = defaultdict(list)
    for name, case in CASES.items():
        with TemporaryDirectory(prefix="aof-") as folder:
            finding = _alone(check_state(case.write(Path(folder)), CheckOptions()))
        row = rows()[name]
        if finding is not None and finding.code == row.ours.code:
            found[finding.code, finding.checker, finding.loader].append(row)
    return dict(found)


def _claimed(text: str, words: dict[str, str]) -> set[str]:
    return {kind for kind, pattern in words.items() if re.search(pattern, text)}


def _of_checker(checked: Checked) -> set[str]:
    if checked.exit <= 0:
        return {CRASHES if checked.exit else VALID}
    return {INVALID, FIX_DOES_NOTHING if checked.fixed is None else FIX_CUTS}


def _of_server(row: Row, started: Started) -> set[str]:
    kinds = {started.start, started.strict} - {""}
    if started.size is None:
        return kinds
    kinds |= {CUTS}
    if started.start == REFUSES and started.again is not None:
        kinds |= {STARTS}
    if row.ours.cut is not None and started.size != row.ours.cut:
        kinds |= {LOSES}
    return kinds


def _with(text: int) -> list[Opinion]:
    """The opinions that have such a text."""
    return [opinion for opinion in rows_by_opinion() if opinion[text]]


def test_every_opinion_is_about_something_observed() -> None:
    told = {code for code, opinion in OPINIONS.items() if opinion.checker or opinion.loader}
    assert {code for code, _, _ in rows_by_opinion()} == told


@pytest.mark.parametrize(
    "opinion", [o for o in _with(CHECKER) if "--fix cuts here" in o[CHECKER]], ids=": ".join
)
def test_fix_cuts_where_truncate_does(opinion: Opinion) -> None:
    for row in rows_by_opinion()[opinion]:
        for checked in row.checkers.values():
            assert checked.fixed in (None, row.ours.cut or 0)


@pytest.mark.parametrize("opinion", _with(CHECKER), ids=": ".join)
def test_redis_check_aof_does_what_the_opinion_says(opinion: Opinion) -> None:
    observed: set[str] = set()
    for row in rows_by_opinion()[opinion]:
        observed = observed.union(*(_of_checker(told) for told in row.checkers.values()))
    if "--fix" not in opinion[CHECKER]:
        observed -= {FIX_CUTS, FIX_DOES_NOTHING}
    assert _claimed(opinion[CHECKER], _CHECKER_WORDS) == observed


@pytest.mark.parametrize("opinion", _with(LOADER), ids=": ".join)
def test_servers_do_what_the_opinion_says(opinion: Opinion) -> None:
    observed: set[str] = set()
    for row in rows_by_opinion()[opinion]:
        observed = observed.union(*(_of_server(row, told) for told in row.servers.values()))
    assert _claimed(opinion[LOADER], _LOADER_WORDS) == observed
