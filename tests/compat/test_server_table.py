"""Our declarations of a server's own commands against what real servers tell (COMMAND)."""

from __future__ import annotations

from pathlib import Path

import pytest

from aofserver.commands import SERVER_TABLE
from tests.compat.differential import Real
from tests.compat.servers import RELEASES, serving
from tests.compat.test_command_table import SERVER_COMMANDS, declaration, facts, told

#: Commands that are not here: what stands in for HTTP.
ABSENT = frozenset((b"HOST:", b"POST"))
ABSENT_SUBCOMMANDS = frozenset((b"ACL DRYRUN", b"MODULE LOADEX"))
_SINCE_7 = "told as Redis 7 does"
_NO_SLOTS = "answers all sub-commands by itself: there is no cluster"
_CONTAINER = "is a container here, which has flags of its own in Redis"
_ORDER = "the tip is about the order, which stays the same here"
_RANDOM = "called so in 7.0, although it was not random before"
#: (release, command, what): why it is told otherwise here.
MEANT = {
    **{("6.2", name, "flags"): _SINCE_7 for name in ("ECHO", "READONLY", "READWRITE", "RESET")},
    ("6.2", "CLUSTER", "flags"): _NO_SLOTS,
    ("6.2", "MEMORY", "flags"): _SINCE_7,
    ("6.2", "MEMORY", "keys"): _SINCE_7,
    ("7.0", "CLUSTER", "flags"): _NO_SLOTS,
    ("7.0", "CLUSTER", "acl"): _NO_SLOTS,
    **{("7.0", "COMMAND", what): _CONTAINER for what in ("flags", "acl")},
    **{("7.0", "DEBUG", what): _CONTAINER for what in ("flags", "acl")},
    **{
        ("7.0", name, "tips"): _ORDER
        for name in ("COMMAND", "COMMAND DOCS", "COMMAND INFO", "COMMAND LIST", "MODULE LIST")
    },
    **{
        ("7.0", f"COMMAND {name}", "arity"): "took one more word before 7.2"
        for name in ("GETKEYS", "GETKEYSANDFLAGS")
    },
    **{
        ("7.0", f"LATENCY {name}", "tips"): _RANDOM
        for name in ("DOCTOR", "GRAPH", "HISTOGRAM", "HISTORY", "LATEST")
    },
}  # fmt: skip


@pytest.mark.parametrize("release", RELEASES)
def test_rows(release: str, tmp_path: Path) -> None:
    with serving(release, tmp_path) as client:
        rows = told(Real(client))
    declared = SERVER_TABLE.declared()
    found = set()
    for name, row in rows.items():
        first = name.partition(b" ")[0]
        if first not in SERVER_COMMANDS or first in ABSENT or name in ABSENT_SUBCOMMANDS:
            continue
        if name.startswith(b"CLUSTER "):
            continue
        here, there = declaration(declared[name], release), facts(row, release)
        found |= {(release, name.decode(), what) for what in there if here[what] != there[what]}
    allowed = {row for row in MEANT if row[0] == release}
    assert found - allowed == set(), "not meant"
    assert allowed - found == set(), "no longer so"
