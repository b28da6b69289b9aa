"""Runs a replay: from a source that was looked over to a target that is ready."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from aoftool.errors import AofError, SourceError
from aoftool.format.aof import Event
from aoftool.ops.collection import no_collection
from aoftool.ops.replay.checkpoint import Checkpoint, Prefix, sizes_of, write_checkpoint
from aoftool.ops.replay.ledger import Ledger, Tell, tell_nobody
from aoftool.ops.replay.model import Counts, Position, TargetError, Window
from aoftool.ops.replay.moments import Moments
from aoftool.ops.replay.pacing import Pace, Pacer
from aoftool.ops.replay.planning import Passed, Planner, Refused, Second, Step_
from aoftool.ops.replay.reading import Reader
from aoftool.ops.replay.selection import Choice, Everything, Selection
from aoftool.ops.replay.settling import Settled
from aoftool.ops.replay.sinks import Sink
from aoftool.ops.replay.translation import Translator
from aoftool.ops.source import Source
from aoftool.ops.window import Progress, no_progress

#: Seconds between two looks at a file that is followed, and between two checkpoints.
_LOOK, _SAVE = 0.05, 1.0
#: Why a replay stopped that was told to.
INTERRUPTED = "interrupted"
#: A window into which whole runs of plain commands fit, as the decoder cuts them.
_WIDE = 1000


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """How to replay.

    Attributes:
        selection, window, pace, moments: see there.
        overwrite: a key that stands in the target may be replaced by one in RDB form, a function
            library by one of its name.
        added: the target held keys of its own before.
        stop_on_error, max_errors: when to stop at commands that fail; None: never.
        truncated: a cut tail of the last file is left out, and no damage.
        follow: wait for more at the end of the source.
        checkpoint: file that keeps the place, or None.
        target, fingerprint: what a checkpoint says of the target and of these options.
    """

    selection: Selection = field(default_factory=Selection)
    window: Window = field(default_factory=Window)
    pace: Pace = field(default_factory=Pace)
    moments: Moments = field(default_factory=Moments)
    overwrite: bool = True
    added: bool = False
    stop_on_error: bool = False
    max_errors: int | None = None
    truncated: bool = True
    follow: bool = False
    checkpoint: Path | None = None
    target: str = ""
    fingerprint: str = ""


@dataclass(slots=True)
class Control:
    """What is asked of a replay while it runs.

    Attributes:
        stop: end it at the next record that stands outside of a transaction. Who does not want to
            wait for replies either raises KeyboardInterrupt.
    """

    stop: bool = False


@dataclass(slots=True)
class Outcome:
    """What became of a replay.

    Attributes:
        counts: see there; position: up to where everything was answered; path: of that file.
        bytes: that were sent and answered.
        stopped: why it ended early, or None; error: what ended it, or None.
        settled: times of expiry that were put right; held: whether some still wait for that.
        restarted: relative times that began anew, because nothing says when they began.
        cut: (path, offset, reason) of a tail that was left out.
        unkept: why the checkpoint does not tell of the last place, or None.
        seconds: how long it took.
    """

    counts: Counts
    position: Position
    path: Path
    bytes: int = 0
    stopped: str | None = None
    error: AofError | None = None
    settled: Settled = field(default_factory=Settled)
    held: bool = False
    restarted: int = 0
    cut: tuple[str, int, str] | None = None
    unkept: SourceError | None = None
    seconds: float = 0.0


class Runner:
    """One replay.

    Args:
        choice: applies the selection; None: everything is wanted.
        clock, wait: seconds that only go forward, and how to let some pass; None: the sink's turn.
        behind: whether times of expiry wait in the target already, of the run that is resumed.
    """

    def __init__(
        self,
        source: Source,
        sink: Sink,
        options: ReplayOptions,
        *,
        choice: Choice | None = None,
        start: Position | None = None,
        behind: bool = False,
        control: Control | None = None,
        progress: Progress = no_progress,
        tell: Tell = tell_nobody,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] | None = None,
    ) -> None:
        start = start or Position()
        self.control = control or Control()
        self._sink = sink
        self._options = options
        self._clock = clock
        self._wait = wait or sink.turn
        free = options.pace.is_free
        narrow = options.window.commands < _WIDE
        self._reader = Reader(
            source,
            start,
            truncated=options.truncated,
            follow=options.follow,
            batches=free,
            progress=progress,
            plain=lambda: self._planner.plain_scanner() if free and not narrow else None,
        )
        self.ledger = Ledger(self._reader.parts, start, tell)
        self._chooser = choice or Everything()
        assert self._chooser.is_all is options.selection.is_all
        self._translator = Translator(
            sink.facts, options.moments, options.overwrite, lambda: time.time_ns() // 1_000_000
        )
        self._translator.sent_times = behind
        self._pacer = Pacer(options.pace, clock())
        self._planner = Planner(
            sink.facts, self._chooser, self._translator, start,
            overwrite=options.overwrite, most=options.window.commands,
        )  # fmt: skip
        self._prefix = Prefix()
        self._saved = clock()
        self._unkept: SourceError | None = None
        self._settled = Settled()

    def run(self) -> Outcome:
        """Replay to the end of the source, to an error, or until it is told to stop.

        The outcome holds the error that ended it, if any; what was acknowledged is in it, and in
        the checkpoint, whatever happens.
        """
        began = self._clock()
        sink, ledger = self._sink, self.ledger
        sink.start(ledger, self._options.window)
        stopped: str | None = None
        error: AofError | None = None
        try:
            with no_collection():
                stopped = self._send()
            sink.drain()
            stopped = stopped or self._why_stop()
            self._end(stopped)
        except AofError as raised:
            error = raised
            if not isinstance(error, TargetError):
                self._save_what_can_be(sink)
        except KeyboardInterrupt:
            stopped = INTERRUPTED
        if self._options.checkpoint is not None:
            self._save(done=stopped is None and error is None)
        return self._outcome(stopped, error, self._clock() - began)

    def _save_what_can_be(self, sink: Sink) -> None:
        """The source is at fault, not the target: what is on its way gets there."""
        try:
            sink.drain()
        except TargetError:
            return

    # Sending.
    def _send(self) -> str | None:
        """Send everything; why it stopped before the end, or None."""
        # Closed by hand: what is raised while a generator is dropped (KeyboardInterrupt) is lost.
        with closing(self._reader.events()) as events:
            return self._send_all(events)

    def _send_all(self, events: Iterable[Event | None]) -> str | None:
        part = self._reader.part
        for event in events:
            if self._reader.part != part:
                part = self._reader.part
                place = self._planner.begin(self._reader.start)
                if place.offset:
                    self.ledger.passed(place)
            if event is None:
                why = self._idle()
                if why:
                    return why
                continue
            for step in self._planner.take(event, self._reader.raw):
                self._take(step)
                why = self._why_stop()
                if why:
                    return why
        return None

    def _take(self, step: Step_) -> None:
        ledger = self.ledger
        if isinstance(step, Passed):
            ledger.passed(step.end)
        elif isinstance(step, Second):
            self._pacer.annotated(step.second, self._clock())
        elif isinstance(step, Refused):
            ledger.failed(step.origin, step.end, step.reason)
            ledger.passed(step.end)
        else:
            if not self._options.pace.is_free:
                if not self._pause():
                    return
                self._pacer.sent(step.records, len(step.data), self._clock())
            self._sink.push(step)
        if self._options.checkpoint is not None and self._clock() - self._saved >= _SAVE:
            self._save(done=False)

    def _pause(self) -> bool:
        """Wait until it is time; False where it shall stop instead."""
        while (seconds := self._pacer.wait(self._clock())) > 0:
            if self.control.stop:
                return False
            self._wait(min(seconds, 0.1))
        return True

    def _why_stop(self) -> str | None:
        if self.control.stop:
            return INTERRUPTED
        failed = self.ledger.counts.failed
        if failed and self._options.stop_on_error:
            return "a command failed"
        most = self._options.max_errors
        return "too many commands failed" if most is not None and failed >= most else None

    def _idle(self) -> str | None:
        """At the end of a source that is followed."""
        self._sink.drain()
        moments = self._translator.moments
        if moments.hold:
            # From here on commands come when they are written: times can go as they are.
            self._settle()
            self._translator.moments = Moments(
                moments.expired, moments.now_ms, moments.delta_ms, hold=False
            )
        if self._clock() - self._saved >= _SAVE and self._options.checkpoint is not None:
            self._save(done=False)
        self._wait(_LOOK)
        return self._why_stop()

    # The end.
    def _end(self, stopped: str | None) -> None:
        # A replay that can be resumed keeps times back until it has ended.
        if stopped is None or self._options.checkpoint is None:
            self._settle()

    def _settle(self) -> None:
        moments = self._options.moments
        if self._translator.sent_times and self._translator.moments.hold:
            found = self._sink.settle(moments)
            self._settled.keys += found.keys
            self._settled.expired += found.expired
            self._translator.sent_times = False

    def _save(self, done: bool) -> None:
        path, place, moments = (
            self._options.checkpoint, self.ledger.position, self._options.moments,
        )  # fmt: skip
        assert path is not None
        parts = self._reader.parts
        at = parts[min(place.part, len(parts) - 1)].path
        self._saved = self._clock()
        try:
            digest = self._prefix.digest(at, place.offset, self._reader.identity(place.part))
        except SourceError as error:
            # Removed or replaced by a rewrite while its last commands were on their way: their
            # place means nothing in what has its name now. The next place will be in that.
            self._unkept = error
            return
        write_checkpoint(
            path,
            Checkpoint(
                source=at.name,
                sizes=sizes_of(parts),
                offset=place.offset,
                record=place.record,
                db=place.db,
                digest=digest,
                target=self._options.target,
                options=self._options.fingerprint,
                held=self._translator.sent_times and self._translator.moments.hold,
                now_ms=moments.now_ms,
                delta_ms=moments.delta_ms,
                done=done,
            ),
        )
        self._unkept = None

    def _outcome(self, stopped: str | None, error: AofError | None, seconds: float) -> Outcome:
        ledger = self.ledger
        counts = ledger.counts
        counts.skipped, counts.partly = self._chooser.skipped, self._chooser.partly
        parts = self._reader.parts
        return Outcome(
            counts,
            ledger.position,
            parts[min(ledger.position.part, len(parts) - 1)].path,
            ledger.bytes,
            stopped,
            error,
            self._settled,
            self._translator.sent_times and self._translator.moments.hold,
            self._translator.restarted,
            self._reader.cut,
            self._unkept,
            seconds,
        )
