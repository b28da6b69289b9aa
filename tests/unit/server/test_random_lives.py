"""Random lives: clients with transactions and scripts, time, rewrites, restarts, all mixed.

However it goes, a server that is killed and started again holds what it held.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from aoftool.keyspace.command import TABLE, Flags
from tests.fakes.machine import QUICK, Machine
from tests.random_calls import RandomCalls, loses

STEPS = 500
CLIENTS = (1, 2, 3)
LEFT_OUT = frozenset(name for name, row in TABLE.declared().items() if row.flags & Flags.BLOCKING)


class Life:
    """One machine after the other on one folder."""

    def __init__(self, folder: Path, seed: int, **options: str) -> None:
        self.folder, self.options = folder, options
        self.rng = Random(seed)
        self.calls = RandomCalls(self.rng, LEFT_OUT)
        self.machine = Machine(folder, **options).boot()
        self.restarts = self.rewrites = self.transactions = 0

    def step(self) -> None:
        """Something happens."""
        machine, chance = self.machine, self.rng.random()
        client = self.rng.choice(CLIENTS)
        if chance < 0.85:
            self.call(client)
        elif chance < 0.92:
            open_ = machine.client(client).transaction is not None
            line = "EXEC" if open_ else self.rng.choice(["MULTI", "MULTI", "WATCH s1 l1"])
            machine.run(*line.split(), client=client)
            self.transactions += open_
        elif chance < 0.96:
            machine.tick(self.rng.choice([1, 100, 1100, 5000]))
        elif chance < 0.985:
            self.rewrite()
        else:
            self.restart()

    def call(self, client: int) -> None:
        now_ms = self.machine.clock.unix_ms()
        argv = self.calls.next(now_ms)
        if not loses(argv, self.machine.ctx.options.style):
            self.machine.run(*argv, client=client)

    def rewrite(self) -> None:
        machine = self.machine
        if not machine.is_rewriting():
            machine.run("BGREWRITEAOF", client=9)
        else:
            assert machine.children.finish() == 0
            machine.tick(0)
            assert machine.persistence.rewrites.schedule.last_ok
            self.rewrites += 1

    def restart(self) -> None:
        """Killed, and started again: everything is there."""
        machine = self.machine
        machine.persistence.aof.writer.flush(force=True)
        before, functions = machine.digest(), dict(machine.keyspace.functions)
        machine.persistence.rewrites.kill()
        machine.close()
        self.machine = Machine(self.folder, QUICK, machine.clock, **self.options).boot()
        assert self.machine.digest() == before
        assert self.machine.keyspace.functions == functions
        assert not self.machine.logged("CRITICAL")
        self.restarts += 1


@pytest.mark.parametrize("preamble", ["yes", "no"])
@pytest.mark.parametrize("style", ["6.0", "7.4"])
@pytest.mark.parametrize("seed", range(4))
def test_a_life(tmp_path: Path, seed: int, style: str, preamble: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    life = Life(folder, seed, compat_version=style, aof_use_rdb_preamble=preamble)
    for _ in range(STEPS):
        life.step()
    life.restart()
    assert life.restarts > 2
    assert life.rewrites > 1
    assert life.transactions > 1
    life.machine.close()
