"""``aoftool replay``."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aoftool.cli import replay_values as values
from aoftool.cli.failures import exit_on_error
from aoftool.cli.progress import progress_option, shown_progress
from aoftool.cli.render import replay as render
from aoftool.cli.render.words import number, printable
from aoftool.errors import AofError, ExitCode
from aoftool.ops.failures import Failure
from aoftool.ops.replay.address import Address
from aoftool.ops.replay.connecting import connect
from aoftool.ops.replay.model import Expired, Window
from aoftool.ops.replay.preparing import Prepared, Wishes, prepare
from aoftool.ops.replay.running import (
    INTERRUPTED,
    Control,
    Outcome,
    ReplayOptions,
    Runner,
)
from aoftool.ops.replay.selection import TYPES, Choice, Selection
from aoftool.ops.replay.sinks import Sink
from aoftool.ops.replay.survey import Survey, survey
from aoftool.ops.source import source_size

if TYPE_CHECKING:
    from aoftool.ops.replay.memory import MemorySink
    from aoftool.ops.replay.verify import Comparison


def _option(*names: str, **settings: Any) -> Callable[[Any], Any]:
    return click.option(*names, **settings)


_OPTIONS = [
    _option("--to", "target", required=True, metavar="TARGET",
            help="redis://[user[:password]@]host[:port], rediss://, unix:///socket, or memory."),
    _option("--cluster", is_flag=True, help="TARGET is a node of a cluster; all of it is meant."),
    _option("--ask-password", is_flag=True,
            help="Ask for the password (else: the URL's, else AOFTOOL_PASSWORD; AOFTOOL_USER)."),
    _option("--tls-ca", type=click.Path(path_type=Path), help="Authorities to trust (PEM)."),
    _option("--tls-cert", type=click.Path(path_type=Path), help="Our certificate (PEM)."),
    _option("--tls-key", type=click.Path(path_type=Path), help="Its key (PEM)."),
    _option("--tls-verify/--no-tls-verify", default=True, help="Check who the target is."),
    _option("--into-nonempty", is_flag=True, help="Add to the keys that the target holds."),
    _option("--flush", is_flag=True, help="Empty the target first; asks."),
    _option("--yes", "-y", is_flag=True, help="Do not ask."),
    _option("--replace", "overwrite", is_flag=True,
            help="With --into-nonempty: RESTORE and FUNCTION LOAD may replace what is there."),
    _option("--on-error", type=click.Choice(["stop", "continue"]), default="stop",
            show_default=True, help="What to do when a command fails."),
    _option("--max-errors", type=click.IntRange(1), help="Stop when so many commands failed."),
    _option("--checkpoint", type=click.Path(path_type=Path),
            help="Keep in this file how far everything is acknowledged."),
    _option("--resume", is_flag=True, help="Go on where the checkpoint says."),
    _option("--pipeline", type=click.IntRange(1), default=Window().commands, show_default=True,
            help="Most commands without a reply."),
    _option("--pipeline-bytes", default="8MB", show_default=True, metavar="SIZE",
            help="Most bytes without a reply."),
    _option("--expired", type=click.Choice([one.value for one in Expired]), default="drop",
            show_default=True,
            help="Keys whose time has come at --now: keep them without a time, drop them, or shift "
            "all times by what has passed since."),
    _option("--now", metavar="TIME",
            help="That moment (default: now; for shift: when the source was written last)."),
    _option("--hold-expiry/--no-hold-expiry", default=True,
            help="Set times of expiry only at the end, so that no key expires on the way."),
    _option("--match", multiple=True, metavar="PATTERN", help="Only keys like this."),
    _option("--exclude", multiple=True, metavar="PATTERN", help="No keys like this."),
    _option("--db", "dbs", multiple=True, metavar="N[:M]", help="Only database N, into M."),
    _option("--command", "commands", multiple=True, metavar="NAME", help="Only these commands."),
    _option("--skip-command", "skip", multiple=True, metavar="NAME", help="Not these commands."),
    _option("--type", "types", multiple=True, type=click.Choice(TYPES),
            help="Only keys, and commands on keys, of this type."),
    _option("--since", metavar="WHERE",
            help="From offset:N, record:N or a time (by '#TS:' lines) on."),
    _option("--until", metavar="WHERE", help="Up to there."),
    _option("--rename", "renames", multiple=True, metavar="PREFIX:NEW",
            help="Give keys that begin with PREFIX another beginning."),
    _option("--rate", metavar="N", help="Commands (20000) or bytes (10MB) a second."),
    _option("--speed", metavar="X", help="real, 2x, ...: as fast as '#TS:' lines say, or so much "
            "faster."),
    _option("--follow", is_flag=True, help="Wait for more, across rewrites, until stopped."),
    _option("--verify", is_flag=False, flag_value="digest", metavar="[digest|full|N]",
            help="Compare afterwards: digests if the target has them, all keys, or N keys."),
    _option("--aof-load-truncated", type=click.Choice(["yes", "no"]), default="yes",
            show_default=True,
            help="yes: go on where the tail of the last file is cut; no: refuse."),
    _option("--report", type=click.Choice(["text", "json"]), default="text",
            help="json: a line for each failure and one for the summary."),
    progress_option,
]  # fmt: skip


def _with_options(function: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@dataclass(frozen=True, slots=True)
class _Speaker:
    """Says things in the chosen form."""

    as_json: bool

    def failure(self, failure: Failure) -> None:
        text = (
            json.dumps(render.failure_facts(failure))
            if self.as_json
            else render.failure_line(failure)
        )
        _write(text)

    def note(self, text: str) -> None:
        click.echo(printable(text), err=True)


def _write(text: str) -> None:
    """A line that does not run into the progress bar."""
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)
    click.echo(printable(text))


@click.command("replay")
@click.argument("source", metavar="SOURCE", type=click.Path(path_type=Path))
@_with_options
def command(source: Path, **given: Any) -> None:
    """Play what SOURCE holds into a live server, a cluster, or memory.

    SOURCE is all that 'check' takes; it is only read. Commands go out as the bytes that they are,
    in pipelines; keys in RDB form as RESTORE or as commands, by the target's release. Nothing
    counts as done that was not acknowledged, and a transaction travels whole or not at all.

    Ctrl-C stops between two records. With --checkpoint, --resume goes on there; what was sent and
    not acknowledged when a connection broke is then sent again.

    Times of expiry are held back until the end (--no-hold-expiry: not), because a live server would
    let keys expire between two commands that belong together. Until then they lie far ahead.
    """
    speaker = _Speaker(given["report"] == "json")
    address = _address(given)
    options, wishes = _wishes(given)
    values.refuse_vain_comparison(source, address, given["verify"], given["follow"])
    with exit_on_error():
        with shown_progress(given["progress"], source_size(source), "looking") as advance:
            found = survey(source, options.truncated, advance)
        _refuse_unclear_ranges(found, options.selection)
        sink = _sink(found, address, given["cluster"], wishes)
        try:
            options = replace(options, target="memory" if address is None else str(address))
            ready = prepare(found, sink, options, wishes, _asker(given["yes"]))
            if ready is None:
                click.echo("Nothing was sent.")
                click.get_current_context().exit(int(ExitCode.REFUSED))
            for note in ready.notes:
                speaker.note(note)
            outcome = _run(found, sink, ready, speaker, given["progress"])
            compared = _verify(found, sink, ready, outcome, given["verify"])
        finally:
            sink.close()
    if given["verify"] is not None and compared is None:
        speaker.note("Not compared: it has not reached the end of the source.")
    _finish(outcome, sink, ready, compared, speaker)


def _address(given: dict[str, Any]) -> Address | None:
    tls = values.parse_tls(
        given["tls_ca"], given["tls_cert"], given["tls_key"], given["tls_verify"]
    )
    return values.parse_target(given["target"], tls, given["ask_password"])


def _wishes(given: dict[str, Any]) -> tuple[ReplayOptions, Wishes]:
    if given["resume"] and given["checkpoint"] is None:
        raise click.UsageError("--resume needs --checkpoint")
    if given["flush"] and (given["into_nonempty"] or given["resume"]):
        raise click.UsageError("--flush excludes --into-nonempty and --resume")
    selection = Selection(
        tuple(map(os.fsencode, given["match"])),
        tuple(map(os.fsencode, given["exclude"])),
        values.parse_databases(given["dbs"]),
        _names(given["commands"]),
        _names(given["skip"]),
        frozenset(given["types"]),
        values.parse_bound(given["since"], "--since"),
        values.parse_bound(given["until"], "--until"),
        values.parse_renames(given["renames"]),
    )
    options = ReplayOptions(
        selection,
        Window(given["pipeline"], values.parse_size(given["pipeline_bytes"])),
        values.parse_pace(given["rate"], given["speed"]),
        stop_on_error=given["on_error"] == "stop",
        max_errors=given["max_errors"],
        truncated=given["aof_load_truncated"] == "yes",
        follow=given["follow"],
        checkpoint=given["checkpoint"],
    )
    now = given["now"]
    wishes = Wishes(
        given["into_nonempty"],
        given["overwrite"],
        given["flush"],
        given["resume"],
        Expired(given["expired"]),
        None if now is None else values.parse_moment(now, "--now") * 1000,
        given["hold_expiry"],
    )
    return options, wishes


def _names(words: tuple[str, ...]) -> frozenset[bytes]:
    return frozenset(os.fsencode(word).upper() for word in words)


def _refuse_unclear_ranges(found: Survey, selection: Selection) -> None:
    bounds = (selection.since, selection.until)
    placed = any(bound.offset is not None or bound.record is not None for bound in bounds)
    if placed and len(found.source.parts) > 1:
        raise click.UsageError("offsets and records are those of one file: name it as SOURCE")


def _sink(found: Survey, address: Address | None, cluster: bool, wishes: Wishes) -> Sink:
    if address is None:
        if cluster:
            raise click.UsageError("memory is no cluster")
        return _memory(found, wishes.now_ms)
    if not cluster:
        return connect(address)
    if address.path is not None:
        raise click.UsageError("--cluster needs a host and a port: its nodes are not on one socket")
    try:
        from aoftool.ops.replay.cluster import connect_cluster
    except ImportError as error:
        raise click.UsageError(
            "--cluster needs the redis package: pip install 'aoftool[cluster]'"
        ) from error
    return connect_cluster(address)


def _choice(selection: Selection) -> Choice | None:
    if selection.is_all:
        return None
    from aoftool.ops.replay.choosing import Chooser  # the command table, which takes its time

    return Chooser(selection)


def _memory(found: Survey, now_ms: int | None) -> MemorySink:
    from aoftool.keyspace.context import Style
    from aoftool.ops.replay.memory import MemorySink  # the keyspace, which a live target has

    style = Style.REDIS_6 if found.source.manifest is None else Style.REDIS_7
    return MemorySink(style, time.time_ns() // 1_000_000 if now_ms is None else now_ms)


def _asker(yes: bool) -> Callable[[str], bool]:
    def ask(question: str) -> bool:
        if yes:
            return True
        try:
            return click.confirm(question, err=True)
        except click.Abort:  # nobody is there to answer
            click.echo(err=True)
            return False

    return ask


@contextmanager
def _interruptible(control: Control, speaker: _Speaker) -> Iterator[None]:
    """The first Ctrl-C (or SIGTERM) ends it between two records, the second one at once."""

    speaking = again = False

    def stop(number: int, frame: object) -> None:
        nonlocal speaking, again
        if speaking:  # an exception would end in the midst of what is being said
            again = True
            return
        if control.stop:
            raise KeyboardInterrupt
        control.stop = speaking = True
        speaker.note("\nStopping; again to wait for no replies.")
        speaking = False
        if again:
            raise KeyboardInterrupt

    before = {which: signal.signal(which, stop) for which in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for which, handler in before.items():
            signal.signal(which, handler)


def _run(
    found: Survey, sink: Sink, ready: Prepared, speaker: _Speaker, progress: bool | None
) -> Outcome:
    control, began = Control(), time.monotonic()
    runner: Runner

    def beside() -> str:
        return render.beside_bar(runner.ledger, time.monotonic() - began)

    with shown_progress(progress, found.size, "replaying", beside=beside) as advance:
        runner = Runner(
            found.source, sink, ready.options, start=ready.start, behind=ready.behind,
            choice=_choice(ready.options.selection),
            control=control, progress=advance, tell=speaker.failure,
        )  # fmt: skip
        advance(ready.start.offset)
        with _interruptible(control, speaker):
            return runner.run()


def _verify(
    found: Survey, sink: Sink, ready: Prepared, outcome: Outcome, wanted: str | None
) -> Comparison | None:
    how = values.parse_verify(wanted)
    if how is None or outcome.error is not None or outcome.stopped is not None:
        return None
    from aoftool.ops.replay.verify import compare

    digest, sample = how
    moments = ready.options.moments
    memory = _memory(found, moments.now_ms)
    options = replace(ready.options, checkpoint=None, follow=False, max_errors=None,
                      stop_on_error=False, moments=replace(moments, hold=True))  # fmt: skip
    Runner(found.source, memory, options, choice=_choice(options.selection)).run()
    now_ms = time.time_ns() // 1_000_000
    alone = not ready.options.added
    return compare(sink, memory.keyspace, now_ms, digest=digest, sample=sample, alone=alone)


def _finish(
    outcome: Outcome,
    sink: Sink,
    ready: Prepared,
    compared: Comparison | None,
    speaker: _Speaker,
) -> None:
    code = _exit_code(outcome, compared)
    keyspace = _keyspace(sink) if sink.passing else None
    target = ready.options.target
    if speaker.as_json:
        facts = render.summary_facts(outcome, target, int(code), compared, keyspace)
        _write(json.dumps(facts))
    else:
        _write(render.summary_text(outcome, target, compared, keyspace))
    if outcome.error is not None:
        speaker.note(f"aoftool: {outcome.error}")
    if (outcome.error or outcome.stopped) and ready.options.checkpoint is not None:
        speaker.note(
            "Go on with the same command and --resume."
            if outcome.unkept is None
            else f"--resume cannot go on: no checkpoint of the last place: {outcome.unkept}"
        )
    sys.exit(int(code))


def _exit_code(outcome: Outcome, compared: Comparison | None) -> ExitCode:
    if isinstance(outcome.error, AofError):
        return outcome.error.exit_code
    if outcome.stopped == INTERRUPTED:
        return ExitCode.INTERRUPTED
    if outcome.counts.failed or (compared is not None and not compared.equal):
        return ExitCode.FAILED
    return ExitCode.CLEAN


def _keyspace(sink: Sink) -> dict[str, object]:
    from aoftool.keyspace.digest import keyspace_digest
    from aoftool.ops.replay.memory import MemorySink

    assert isinstance(sink, MemorySink)
    facts: dict[str, object] = {"digest": keyspace_digest(sink.keyspace)}
    for database in sink.keyspace.databases:
        if len(database):
            facts[f"db{database.index}"] = (
                f"{number(len(database))} keys, {number(len(database.expires))} expire"
            )
    return facts
