"""Our declarations of a server's own commands against what real servers tell (COMMAND)."""

from __future__ import annotations

from pathlib import Path

import pytest

from aofserver.commands import SERVER_TABLE
from tests.compat.differences import SERVER_DECLARED
from tests.compat.differential import Real
from tests.compat.servers import RELEASES, serving
from tests.compat.test_command_table import SERVER_COMMANDS, declaration, facts, told

#: Commands that are not here: what stands in for HTTP.
ABSENT = frozenset((b"HOST:", b"POST"))


@pytest.mark.parametrize("release", RELEASES)
def test_rows(release: str, tmp_path: Path) -> None:
    with serving(release, tmp_path) as client:
        rows = told(Real(client))
    declared = SERVER_TABLE.declared()
    found = set()
    for name, row in rows.items():
        first = name.partition(b" ")[0]
        if first not in SERVER_COMMANDS or first in ABSENT:
            continue
        here, there = declaration(declared[name], release), facts(row, release)
        found |= {(release, name.decode(), what) for what in there if here[what] != there[what]}
    allowed = {row for row in SERVER_DECLARED if row[0] == release}
    assert found - allowed == set(), "not meant"
    assert allowed - found == set(), "no longer so"
