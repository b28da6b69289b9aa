"""What the AOF holds of random commands of every group rebuilds the keyspace.

Commands run on one keyspace, with time going by; what the AOF would hold is replayed on another
one as the loader does it: with another clock that stands still, other chance and another seed of
hashes. Once as commands, once through the bytes of a file and the loader.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from aoftool.format.aof import AofEncoder
from aoftool.format.resp.replies import OK, ErrorReply, Reply
from aoftool.keyspace.command import TABLE, find
from aoftool.keyspace.context import Context, Options, Style
from aoftool.keyspace.engine import run, run_logged
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.keyspace import Keyspace
from aoftool.ops.loading import LoadOptions, load
from aoftool.ops.source import resolve
from tests.compat.differential import comparable
from tests.property.shrinking import shortest
from tests.random_calls import KEYS, RandomCalls, loses

START_MS = 1_700_000_000_000
STEPS_MS = (0, 0, 0, 1, 3, 40, 2500)

Record = tuple[int, Sequence[bytes]]


class Primary:
    """A keyspace with time going by, and the AOF that comes of it.

    Attributes:
        units: what the AOF holds: one record each, or the records of a transaction.
    """

    def __init__(self, style: Style, seed: int) -> None:
        self.keyspace = Keyspace()
        self.keyspace.clock.now_ms = START_MS
        self.ctx = Context(self.keyspace, Random(seed), Options(style=style, send=_taken_by_other))
        self.units: list[list[Record]] = []
        for database in self.keyspace.databases:
            database.on_expired = self._expired
            database.on_fields_expired = self._fields_expired

    def _expired(self, index: int, key: bytes) -> None:
        self.units.append([(index, (b"DEL", key))])

    def _fields_expired(self, index: int, key: bytes, fields: list[bytes]) -> None:
        self.units += [[(index, (b"HDEL", key, name))] for name in fields]

    def __call__(self, argv: list[bytes]) -> Reply:
        """Run a call; errors are replies."""
        index = self.ctx.db.index
        try:
            reply, logged, row = run_logged(self.ctx, argv)
        except CommandError as error:
            return ErrorReply(error.text)
        if row.name == b"SELECT":
            return reply
        records = [(index, record) for record in logged]
        if row.wraps(self.ctx.options.style):
            self.units += [records] if records else []
        else:
            self.units += [[record] for record in records]
        return reply

    def pass_ms(self, duration_ms: int) -> None:
        """Let time go by."""
        self.keyspace.clock.now_ms += duration_ms


def _taken_by_other(
    host: bytes, port: bytes, timeout_ms: int, commands: Sequence[Sequence[bytes]]
) -> Sequence[Reply]:
    return [OK] * len(commands)


def contents(keyspace: Keyspace) -> dict[int, Any]:
    """All that is in a keyspace, as something that compares."""
    return {
        database.index: (
            {key: comparable(value) for key, value in database.data.items()},
            dict(database.expires),
        )
        for database in keyspace.databases
        if database.data
    } | {-1: keyspace.functions}


def replayed(primary: Primary) -> Keyspace:
    """A keyspace on which the AOF's commands were run."""
    keyspace = Keyspace()
    keyspace.clock.paused = True
    keyspace.clock.now_ms = START_MS + 77_777_777
    ctx = Context(keyspace, Random(99), Options(style=primary.ctx.options.style))
    ctx.trusted = True
    for unit in primary.units:
        ctx.db = keyspace.database(unit[0][0])  # a script may select another one inside
        for _, argv in unit:
            run(ctx, argv)
    return keyspace


def through_bytes(primary: Primary, path: Path) -> Keyspace:
    """A keyspace that was loaded from the file that the AOF is."""
    encoder = AofEncoder()
    with path.open("wb") as file:
        for unit in primary.units:
            if len(unit) > 1:
                file.write(encoder.transaction(unit))
            else:
                ((index, argv),) = unit
                file.write(encoder.command(argv, index))
    style = primary.ctx.options.style
    return load(resolve(path), LoadOptions(now_ms=1, truncated=False, style=style)).keyspace


#: A call, and the ms that go by before it.
Script = Sequence[tuple[int, list[bytes]]]


def random_script(
    style: Style, seed: int, count: int, groups: frozenset[str] | None = None
) -> Script:
    """So many random calls, of all groups or of some."""
    rng, now_ms = Random(seed), START_MS
    calls = RandomCalls(rng, groups=groups)
    script = []
    for _ in range(count):
        wait_ms = rng.choice(STEPS_MS)
        now_ms += wait_ms
        argv = calls.next(now_ms)
        if not loses(argv, style):
            script.append((wait_ms, argv))
    return script


def ran(style: Style, script: Script) -> Primary:
    """A keyspace on which the script was run."""
    primary = Primary(style, 1)
    for wait_ms, argv in script:
        primary.pass_ms(wait_ms)
        primary(argv)
    return primary


def diverges(style: Style, script: Script) -> str:
    """What became otherwise when the AOF was replayed, or nothing."""
    primary = ran(style, script)
    expected = contents(primary.keyspace)
    try:
        got = contents(replayed(primary))
    except CommandError as error:
        return f"a record fails: {error}"
    return "" if got == expected else f"was:\n{expected}\nbecame:\n{got}"


def assert_converges(style: Style, script: Script) -> None:
    """Fail with the shortest part of the script that diverges."""
    if diverges(style, script):
        least = shortest(script, lambda part: bool(diverges(style, part)))
        told = "\n".join(map(repr, least))
        pytest.fail(f"{diverges(style, least)}\nthe script:\n{told}")


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("seed", range(4))
def test_all_groups_together(style: Style, seed: int) -> None:
    assert_converges(style, random_script(style, seed, 3000))


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("group", sorted(KEYS))
def test_one_group_with_what_works_on_any_key(style: Style, group: str) -> None:
    for seed in range(4):
        script = random_script(style, seed, 600, frozenset((group, "generic", "scripting")))
        assert_converges(style, script)


@pytest.mark.parametrize("style", Style)
def test_through_the_bytes_of_a_file(style: Style, tmp_path: Path) -> None:
    for seed in range(3):
        primary = ran(style, random_script(style, seed, 1500))
        loaded = through_bytes(primary, tmp_path / f"{seed}.aof")
        assert contents(loaded) == contents(primary.keyspace)


#: Nothing runs that could be killed, there is no LFU policy, and no payload of functions is drawn.
NEVER_ANSWERED = {b"FUNCTION KILL", b"SCRIPT KILL", b"OBJECT FREQ", b"FUNCTION RESTORE"}


def test_what_random_calls_reach() -> None:
    """The calls are no noise: nearly every command is answered without an error now and then."""
    answered: set[bytes] = set()
    for seed in range(12):
        primary = Primary(Style.REDIS_7, seed)
        for wait_ms, argv in random_script(Style.REDIS_7, seed, 2500):
            primary.pass_ms(wait_ms)
            if not isinstance(primary(argv), ErrorReply):
                row = find(argv)
                answered.add(row.name)
    rows = {name for name, row in TABLE.declared().items() if not row.subcommands}
    assert rows - answered <= NEVER_ANSWERED
