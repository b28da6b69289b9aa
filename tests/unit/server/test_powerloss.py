"""The power goes before every single operation: what is found afterwards loads, and keeps promises.

A scenario runs on a recorded folder and notes after each command which digest stands for it and
how many commands are promised to last. Then each state that a crash may leave is loaded.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aofserver.persistence.loader import LoadFailure
from tests.fakes.machine import QUICK, Machine, Now
from tests.fakes.powerloss import Recording, State, contents, crash_states

EMPTY = "0" * 40


class Story:
    """A machine whose every operation is recorded, and what it has promised when.

    Attributes:
        machine: the one that runs now.
        digests: the keyspace's after each command, the first being that of nothing.
        promises: (operations of the journal, commands that must be there from then on).
    """

    def __init__(self, folder: Path, files: Recording | None = None, **options: str) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.files = files or Recording(folder)
        self.now = Now()
        self.before = contents(folder)
        self.options = options
        self.digests = [EMPTY]
        self.promises: list[tuple[int, int]] = []
        self.machine = Machine(folder, self.files, self.now, **options)

    def boot(self) -> Story:
        self.machine.boot()
        if self.machine.digest() != self.digests[-1]:
            self.digests.append(self.machine.digest())
        self.promise()
        return self

    def run(self, *words: str) -> None:
        """Run a command; after the reply the promises of the policy hold."""
        reply = self.machine.run(*words)
        assert not reply.startswith(b"-"), reply
        self.digests.append(self.machine.digest())
        self.promise()

    def promise(self) -> None:
        """What is durable, as the machine itself believes, must last."""
        persistence = self.machine.persistence
        state = persistence.aof.writer.state
        whole = state.durable == state.size and not state.pending and state.error is None
        if whole and persistence.rewrites.schedule.mode.name == "ON":
            self.promises.append((len(self.files.journal), len(self.digests) - 1))

    def tick(self, ms: int = 100) -> None:
        self.machine.tick(ms)
        self.promise()

    def rewrite(self, *while_it_runs: tuple[str, ...]) -> None:
        """A rewrite from its start until it is in force."""
        self.run("BGREWRITEAOF")
        self.finish(*while_it_runs)

    def finish(self, *while_it_runs: tuple[str, ...]) -> None:
        for words in while_it_runs:
            self.run(*words)
        assert self.machine.children.finish() == 0
        self.run("SET", "between", "the child's end and the cron")
        self.tick()
        assert self.machine.persistence.rewrites.running is None
        assert self.machine.persistence.rewrites.schedule.last_ok

    def restart(self) -> None:
        """End as SIGTERM does, and start again."""
        assert self.machine.shutdown()
        self.promises.append((len(self.files.journal), len(self.digests) - 1))
        self.machine.close()
        self.machine = Machine(self.folder, self.files, self.now, **self.options)
        self.boot()

    # After the crash.
    def broken(self, scratch: Path) -> Iterator[str]:
        """What is wrong with the states that crashes leave."""
        latest = {digest: at for at, digest in enumerate(self.digests)}
        known: dict[tuple[tuple[str, bytes], ...], str] = {}
        for done, state in crash_states(self.before, self.files.journal):
            key = tuple(sorted(state.items()))
            if key not in known:
                known[key] = self.loaded(scratch / f"crash-{len(known)}", state)
            promised = max((count for at, count in self.promises if at <= done), default=0)
            at = latest.get(known[key])
            if at is None:
                yield f"after {done} operations: {known[key]} was never the state"
            elif at < promised:
                yield f"after {done} operations: {promised} were promised, {at} are there"

    def loaded(self, folder: Path, state: State) -> str:
        folder.mkdir()
        for name, data in state.items():
            (folder / name).write_bytes(data)
        machine = Machine(folder, QUICK, Now(self.now.ms), **self.options)
        try:
            machine.boot()
        except LoadFailure as failure:
            return str(failure)
        machine.close()
        shutil.rmtree(folder)
        return machine.digest()


def assert_survives(story: Story, scratch: Path) -> None:
    promised = max(count for _, count in story.promises)
    assert promised > 0
    assert not list(story.broken(scratch))


def some_writes(story: Story, tag: str, count: int = 3) -> None:
    for n in range(count):
        # Not SET with EX, which Redis 6 logs as two records.
        story.run("SET", f"{tag}{n}", "x" * n)
        story.run("EXPIRE", f"{tag}{n}", "1000")
        story.run("RPUSH", tag + "l", str(n))
    story.run("MULTI")
    story.run("INCR", "n")
    story.run("SELECT", "1")
    story.run("INCR", "n")
    story.run("EXEC")
    story.run("SELECT", "0")


Scenario = Callable[[Story], None]


def writes(story: Story) -> None:
    story.boot()
    for tag in "abc":
        some_writes(story, tag)
        story.tick(1000)


def rewriting(story: Story) -> None:
    story.boot()
    some_writes(story, "a")
    story.rewrite(("SET", "during", "1"), ("INCR", "n"))
    story.run("SET", "after", "1")
    story.tick(1100)
    story.rewrite()
    story.run("DEL", "after")
    story.tick(1100)


def a_child_that_fails(story: Story) -> None:
    story.boot()
    some_writes(story, "a")
    story.run("BGREWRITEAOF")
    story.run("SET", "during", "1")
    story.machine.children.end(1)
    story.tick()
    assert not story.machine.persistence.rewrites.schedule.last_ok
    story.run("SET", "after", "1")
    story.tick(1100)


def turned_off_and_on(story: Story) -> None:
    story.boot()
    some_writes(story, "a")
    story.run("CONFIG", "SET", "appendonly", "no")
    story.run("SET", "unlogged", "1")
    story.run("CONFIG", "SET", "appendonly", "yes")
    story.finish(("SET", "while", "1"), ("INCR", "n"))
    story.run("SET", "logged", "1")
    story.tick(1100)


def restarts(story: Story) -> None:
    story.boot()
    some_writes(story, "a")
    story.restart()
    some_writes(story, "b")
    story.rewrite(("INCR", "n"))
    story.restart()
    some_writes(story, "c")


def a_first_aof_of_a_snapshot(story: Story) -> None:
    story.machine.config.give("appendonly", ["no"])
    story.boot()
    some_writes(story, "a")
    story.run("SAVE")
    story.promises.append((len(story.files.journal), len(story.digests) - 1))
    story.restart()
    some_writes(story, "b")
    story.tick(1100)


SCENARIOS = [writes, rewriting, a_child_that_fails, turned_off_and_on, restarts,
             a_first_aof_of_a_snapshot]  # fmt: skip


@pytest.mark.parametrize("fsync", ["always", "everysec"])
@pytest.mark.parametrize("preamble", ["yes", "no"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_crash_breaks_a_promise(
    tmp_path: Path, scenario: Scenario, fsync: str, preamble: str
) -> None:
    story = Story(tmp_path / "data", appendfsync=fsync, aof_use_rdb_preamble=preamble)
    scenario(story)
    assert_survives(story, tmp_path)


@pytest.mark.parametrize("scenario", [writes, rewriting])
def test_the_style_of_redis_7(tmp_path: Path, scenario: Scenario) -> None:
    story = Story(tmp_path / "data", appendfsync="always", compat_version="7.4")
    scenario(story)
    assert_survives(story, tmp_path)


def test_under_always_every_reply_is_a_promise(tmp_path: Path) -> None:
    story = Story(tmp_path / "data", appendfsync="always")
    writes(story)
    counts = [count for _, count in story.promises]
    assert sorted(set(counts)) == list(range(len(story.digests)))


def test_everysec_promises_what_a_sync_has_covered(tmp_path: Path) -> None:
    story = Story(tmp_path / "data").boot()
    story.machine.syncer.end_at_once = False
    story.run("SET", "a", "1")
    story.run("SET", "b", "1")
    assert story.promises[-1][1] == 0
    story.machine.syncer.end()
    story.tick(1)
    state = story.machine.persistence.aof.writer.state
    assert state.durable < state.size
    story.tick(1000)
    story.machine.syncer.end()
    story.promise()
    assert story.promises[-1][1] == 2


def test_a_tail_is_cut_so_that_it_can_be_cut_again(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    first = Story(folder, appendfsync="always").boot()
    some_writes(first, "a")
    first.machine.close()
    path = first.machine.persistence.places.aof
    path.write_bytes(path.read_bytes() + b"*3\r\n$3\r\nSET\r\n$1\r\nz\r\n$10\r\ncut")
    story = Story(folder, appendfsync="always")
    story.digests = [first.digests[-1]]
    story.promises = [(0, 0)]
    story.boot()
    some_writes(story, "b")
    assert_survives(story, tmp_path)


class Forgetful(Recording):
    """A file system of which somebody has forgotten one kind of sync."""

    forgotten = ""

    def fdatasync(self, fd: int) -> None:
        if self.forgotten != "file":
            super().fdatasync(fd)

    def sync_directory(self, folder: Path) -> None:
        if self.forgotten != "folder":
            super().sync_directory(folder)


@pytest.mark.parametrize("forgotten", ["file", "folder"])
def test_a_sync_that_is_left_out_is_found(tmp_path: Path, forgotten: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    files = Forgetful(folder)
    files.forgotten = forgotten
    story = Story(folder, files, appendfsync="always")
    rewriting(story)
    assert list(story.broken(tmp_path))


def test_a_rename_that_comes_too_early_is_found(tmp_path: Path) -> None:
    """The child's file must be durable before it takes the place of the one that is."""
    folder = tmp_path / "data"
    folder.mkdir()

    class Early(Recording):
        def fdatasync(self, fd: int) -> None:
            if not Path(f"/proc/self/fd/{fd}").readlink().name.startswith("temp-"):
                super().fdatasync(fd)

    story = Story(folder, Early(folder), appendfsync="always")
    rewriting(story)
    assert list(story.broken(tmp_path))
