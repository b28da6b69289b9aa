"""When the AOF is written and synced: every branch of ``flushAppendOnlyFile``."""

from __future__ import annotations

import pytest

from aofserver.persistence.policy import FlushPolicy, Fsync, Moment, Sync

ALWAYS, EVERYSEC, NO = Fsync.ALWAYS, Fsync.EVERYSEC, Fsync.NO


def moment(
    now_s: int = 100, *, pending: bool = True, unsynced: bool = True, **more: bool
) -> Moment:
    return Moment(now_s, pending, unsynced, **more)


@pytest.mark.parametrize("fsync", list(Fsync))
def test_nothing_is_written_where_nothing_waits(fsync: Fsync) -> None:
    assert not FlushPolicy(fsync).write(moment(pending=False)).write


@pytest.mark.parametrize("fsync", list(Fsync))
def test_what_waits_is_written(fsync: Fsync) -> None:
    assert FlushPolicy(fsync).write(moment()).write


def test_a_write_waits_two_seconds_for_a_sync_and_is_then_made_late() -> None:
    policy = FlushPolicy(EVERYSEC)
    seen = [policy.write(moment(now, sync_running=True)) for now in (100, 101, 102, 102, 103, 104)]
    assert [step.write for step in seen] == [False, False, True, False, False, True]
    assert [step.delayed for step in seen] == [False, False, True, False, False, True]


def test_a_write_that_waited_is_made_at_once_when_the_sync_has_ended() -> None:
    policy = FlushPolicy(EVERYSEC)
    assert not policy.write(moment(100, sync_running=True)).write
    step = policy.write(moment(101))
    assert (step.write, step.delayed) == (True, False)
    assert policy.postponed_since is None


@pytest.mark.parametrize("fsync", [ALWAYS, NO])
def test_other_policies_do_not_wait(fsync: Fsync) -> None:
    assert FlushPolicy(fsync).write(moment(sync_running=True)).write


def test_force_does_not_wait() -> None:
    assert FlushPolicy(EVERYSEC).write(moment(sync_running=True, force=True)).write


@pytest.mark.parametrize(
    ("fsync", "now_s", "running", "expected"),
    [
        (ALWAYS, 100, False, Sync.INLINE),
        (ALWAYS, 100, True, Sync.INLINE),
        (EVERYSEC, 100, False, Sync.BACKGROUND),
        (EVERYSEC, 100, True, Sync.NONE),
        (EVERYSEC, 0, False, Sync.NONE),
        (NO, 100, False, Sync.NONE),
    ],
)
def test_what_a_write_is_followed_by(
    fsync: Fsync, now_s: int, running: bool, expected: Sync
) -> None:
    policy = FlushPolicy(fsync)
    assert policy.sync(moment(now_s, sync_running=running), wrote=True) is expected


def test_everysec_syncs_once_a_second() -> None:
    policy = FlushPolicy(EVERYSEC)
    assert [policy.sync(moment(now), wrote=True) for now in (100, 100, 101)] == [
        Sync.BACKGROUND, Sync.NONE, Sync.BACKGROUND,
    ]  # fmt: skip


def test_a_sync_that_runs_lets_the_second_pass() -> None:
    policy = FlushPolicy(EVERYSEC)
    policy.sync(moment(100, sync_running=True), wrote=True)
    assert policy.last_fsync == 100


@pytest.mark.parametrize("fsync", list(Fsync))
def test_children_are_spared(fsync: Fsync) -> None:
    policy = FlushPolicy(fsync, spare_children=True)
    assert policy.sync(moment(child_running=True), wrote=True) is Sync.NONE
    expected = FlushPolicy(fsync).sync(moment(), wrote=True)
    assert policy.sync(moment(), wrote=True) is expected


@pytest.mark.parametrize(
    ("now_s", "unsynced", "running", "expected"),
    [
        (101, True, False, Sync.BACKGROUND),
        (100, True, False, Sync.NONE),
        (101, False, False, Sync.NONE),
        (101, True, True, Sync.NONE),
    ],
)
def test_the_idle_tail_is_synced(now_s: int, unsynced: bool, running: bool, expected: Sync) -> None:
    policy = FlushPolicy(EVERYSEC)
    policy.last_fsync = 100
    seen = policy.sync(
        moment(now_s, pending=False, unsynced=unsynced, sync_running=running), wrote=False
    )
    assert seen is expected
