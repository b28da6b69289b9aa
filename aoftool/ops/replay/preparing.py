"""Everything that is decided, refused or said before the first byte is sent."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from aoftool.errors import RefusedError
from aoftool.ops.replay.checkpoint import Checkpoint, place_of, read_checkpoint
from aoftool.ops.replay.connecting import flush, refuse_full, refuse_missing_databases
from aoftool.ops.replay.model import Expired, Position
from aoftool.ops.replay.moments import Moments
from aoftool.ops.replay.running import ReplayOptions
from aoftool.ops.replay.sinks import Sink
from aoftool.ops.replay.survey import (
    Survey,
    UnknownCommands,
    announcements,
    unfit_commands,
    unknown_commands,
)
from aoftool.ops.source import STDIN

#: Asked before something that may be a mistake. False: nothing is done.
Ask = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What may be done to the target and to times of expiry.

    Attributes:
        into_nonempty: add to keys that are there; replace: and write over them.
        flush: empty it first.
        resume: go on at the checkpoint.
        expired: see there; now_ms: the moment that it means, None: the present, for SHIFT the time
            at which the source was written last.
        hold: hold times of expiry back until the end.
    """

    into_nonempty: bool = False
    replace: bool = False
    flush: bool = False
    resume: bool = False
    expired: Expired = Expired.DROP
    now_ms: int | None = None
    hold: bool = True


@dataclass(frozen=True, slots=True)
class Prepared:
    """A replay that may begin.

    Attributes:
        options: completed; start: where to begin; behind: see Runner.
        notes: what should be said before.
    """

    options: ReplayOptions
    start: Position
    behind: bool
    notes: list[str]


def prepare(
    found: Survey, sink: Sink, options: ReplayOptions, wishes: Wishes, ask: Ask
) -> Prepared | None:
    """Make sure that a replay may begin, and empty the target where that is wished.

    None: ``ask`` said no. Raises RefusedError (a changed source, commands that the target has not),
    NotEmptyError, TargetError.
    """
    path = found.source.path
    if path == STDIN and options.checkpoint is not None:
        raise RefusedError("standard input is gone once it is read: no checkpoint of it", path)
    options = replace(options, fingerprint=_fingerprint(options, wishes))
    kept = _kept(found, options) if wishes.resume else None
    start = Position() if kept is None else place_of(kept, list(found.source.parts), path)
    options = replace(options, moments=_moments(found, wishes, kept))
    unknown = unknown_commands(found, options.selection, sink.facts)
    unfit = unfit_commands(found, options.selection)
    if (unknown or unfit) and options.stop_on_error:
        raise UnknownCommands(unknown, unfit, path)
    notes = announcements(found, options.selection)
    notes += [f"{name}: {count} times; the target has it not" for name, count in unknown.items()]
    notes += [f"{name}: {count} times; not about data, not sent" for name, count in unfit.items()]
    if sink.passing:
        options = replace(options, moments=replace(options.moments, hold=True))
        return Prepared(options, start, False, notes)
    if kept is not None and not _is_the_same(sink, kept, options.target, ask):
        return None
    empty = _make_room(sink, options, wishes, ask, resumed=kept is not None)
    if empty is None:
        return None
    wanted = map(options.selection.database, found.databases)
    mapped = [db for db in wanted if db is not None]
    for link in sink.links():
        refuse_missing_databases(link, mapped)
    options = replace(
        options,
        # What is sent again may stand there already; but so may keys that nobody gave up.
        overwrite=empty or wishes.replace or (kept is not None and not wishes.into_nonempty),
        added=wishes.into_nonempty and not empty,
    )
    return Prepared(options, start, kept is not None and kept.held, notes)


def _make_room(
    sink: Sink, options: ReplayOptions, wishes: Wishes, ask: Ask, resumed: bool
) -> bool | None:
    """Whether the target is empty; None: it was to be emptied, and ``ask`` said no."""
    if resumed:
        return False
    if wishes.flush:
        if not ask(f"Empty {options.target} ({sum(sink.facts.keys.values()):,} keys)?"):
            return None
        for link in sink.links():
            flush(link, sink.facts)
        return True
    if wishes.into_nonempty:
        return not any(sink.facts.keys.values())
    for link in sink.links():
        refuse_full(link, sink.facts)
    return True


def _is_the_same(sink: Sink, kept: Checkpoint, target: str, ask: Ask) -> bool:
    """Whether to go on in this target; asks where it does not seem to be the one of before."""
    if kept.target != target and not ask(f"The checkpoint is of {kept.target}. Go on in {target}?"):
        return False
    if any(sink.facts.keys.values()) or not kept.offset:
        return True
    return ask(
        f"{target} is empty, but {kept.source} was replayed up to offset {kept.offset:,} before. "
        "Go on there nevertheless?"
    )


def _kept(found: Survey, options: ReplayOptions) -> Checkpoint:
    path = options.checkpoint
    assert path is not None
    kept = read_checkpoint(path)
    if kept.options != options.fingerprint:
        raise RefusedError(
            "it was made with other options of selection or expiry: give the same again", path
        )
    return kept


def _fingerprint(options: ReplayOptions, wishes: Wishes) -> str:
    """What must be the same when a replay goes on: another choice would not fit what was sent."""
    chosen = options.selection
    words = (
        chosen.match, chosen.exclude, sorted((chosen.dbs or {}).items()), chosen.dbs is None,
        sorted(chosen.commands), sorted(chosen.skip), sorted(chosen.types), chosen.since,
        chosen.renames, wishes.expired.value,
    )  # fmt: skip
    return hashlib.blake2b(repr(words).encode(), digest_size=8).hexdigest()


def _moments(found: Survey, wishes: Wishes, kept: Checkpoint | None) -> Moments:
    if kept is not None:
        return Moments(wishes.expired, kept.now_ms, kept.delta_ms, wishes.hold)
    present = time.time_ns() // 1_000_000
    moment = wishes.now_ms
    if moment is None:
        moment = _written(found) if wishes.expired is Expired.SHIFT else present
    delta = present - moment if wishes.expired is Expired.SHIFT else 0
    return Moments(wishes.expired, moment, delta, wishes.hold)


def _written(found: Survey) -> int:
    """When the source was written last, in ms: by its annotations, else by its last file."""
    if found.last_second is not None:
        return found.last_second * 1000
    last: Path = found.source.parts[-1].path
    if last == STDIN:
        return time.time_ns() // 1_000_000
    return last.stat().st_mtime_ns // 1_000_000
