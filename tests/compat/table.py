"""The table in docs/compatibility.md; ``python -m tests.compat.table`` prints it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from itertools import groupby

from tests.compat.damage import CASES, Case
from tests.compat.observed import CUTS, REFUSES, STARTS, Checked, Ours, Row, Started, rows

_HEAD = (
    "| the file | aoftool check | redis-check-aof | the server |",
    "|---|---|---|---|",
)


def table() -> str:
    """One Markdown table for each group of cases."""
    lines: list[str] = []
    for group, cases in groupby(CASES.values(), key=lambda case: case.group):
        lines += [f"#### {group}", "", *_HEAD]
        lines += [_line(case, rows()[case.name]) for case in cases]
        lines += [""]
    return "\n".join(lines)


def _line(case: Case, row: Row) -> str:
    checkers = {release: _checked(told) for release, told in row.checkers.items()}
    servers = {release: _started(told) for release, told in row.servers.items()}
    cells = [_escaped(case.name), _ours(row.ours), _merged(checkers), _merged(servers)]
    return f"| {' | '.join(cells)} |"


def _escaped(name: str) -> str:
    return name.replace("*", r"\*").replace("#", r"\#")


def _merged(cells: Mapping[str, str]) -> str:
    """One text where the releases agree, else what each does."""
    texts = set(cells.values())
    if len(texts) == 1:
        return texts.pop()
    return "<br>".join(f"{release}: {text}" for release, text in cells.items())


def _ours(ours: Ours) -> str:
    text = ours.verdict + (f" (`{ours.code}`)" if ours.code else "")
    if ours.cut is not None:
        text += f", keeps {ours.cut}" + (" with `--corrupt`" if ours.forced else "")
    return text


def _checked(told: Checked) -> str:
    if told.exit <= 0:
        return "crashes" if told.exit else "valid"
    return "invalid" + ("" if told.fixed is None else f", `--fix` keeps {told.fixed}")


def _started(told: Started) -> str:
    if told.start == CUTS:
        return f"keeps {told.size}, starts with {_keys(told.keys)}{_again(told)}"
    if told.start == STARTS:
        return f"starts with {_keys(told.keys)}"
    if told.start == REFUSES and told.size is not None:
        return f"refuses, but keeps only {told.size}{_again(told)}"
    return told.start


def _again(told: Started) -> str:
    """What comes of a cut at the next start, where that differs."""
    if told.again == told.keys:
        return ""
    return ", next time " + ("refuses" if told.again is None else _keys(told.again))


def _keys(number: int | None) -> str:
    return f"{number} key{'' if number == 1 else 's'}"


if __name__ == "__main__":
    sys.stdout.write(table())
