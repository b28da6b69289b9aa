"""``aoftool rewrite``."""

from __future__ import annotations

import json
import resource
import time
from contextlib import AbstractContextManager
from pathlib import Path

import click

from aoftool.cli.failures import exit_on_error
from aoftool.cli.progress import progress_option, shown_progress
from aoftool.cli.render.words import number, plural, shown_bytes, shown_command
from aoftool.ops.failures import Failure
from aoftool.ops.loading import LoadOptions
from aoftool.ops.rewrite import (
    Beside,
    Destination,
    Form,
    InPlace,
    RewriteOptions,
    Rewritten,
    rewrite,
)
from aoftool.ops.source import STDIN, resolve
from aoftool.ops.targets import TARGETS, Target
from aoftool.ops.window import Progress

_SUFFIXES = {Form.RESP: ".rewritten.aof", Form.PREAMBLE: ".rewritten.aof", Form.RDB: ".rdb"}
#: A single file may be meant for an old server; file sets came with 7.0.
_DEFAULT_TARGET, _DEFAULT_OF_SETS = "redis-6.2", "redis-7.0"


@click.command("rewrite")
@click.argument("source", metavar="SOURCE", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The new file.")
@click.option(
    "--in-place",
    is_flag=True,
    help="Replace SOURCE in one step; of a file set, BASE, INCR and manifest.",
)
@click.option("--backup/--no-backup", default=True, help="With --in-place: keep the old files.")
@click.option(
    "--in-use",
    is_flag=True,
    help="With --in-place: even though another process has a file open for writing.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in Form]),
    default=Form.PREAMBLE.value,
    show_default=True,
    help="resp: commands; preamble: an AOF that is all RDB preamble; rdb: an RDB file.",
)
@click.option(
    "--target",
    type=click.Choice(list(TARGETS)),
    help=f"The oldest server that must read the new file (default: {_DEFAULT_TARGET}, or "
    f"{_DEFAULT_OF_SETS} where SOURCE is a file set).",
)
@click.option("--allow-loss", is_flag=True, help="Leave out what the target cannot hold.")
@click.option(
    "--aof-load-truncated",
    type=click.Choice(["yes", "no"]),
    default="yes",
    show_default=True,
    help="yes: go on where the tail of the last file is cut; no: stop there.",
)
@click.option("--skip-errors", is_flag=True, help="Pass over commands that fail, and list them.")
@click.option(
    "--now", type=click.IntRange(0), help="Unix time in seconds that commands see (default: now)."
)
@click.option(
    "--expired",
    type=click.Choice(["keep", "drop"]),
    default="keep",
    show_default=True,
    help="Keys whose time has come: servers keep them when they load a file.",
)
@click.option("--verify/--no-verify", default=True, help="Read the new file again and compare.")
@click.option(
    "--report", type=click.Choice(["text", "json"]), default="text", help="Form of the summary."
)
@progress_option
def command(
    source: Path,
    output: Path | None,
    in_place: bool,
    backup: bool,
    in_use: bool,
    form: str,
    target: str | None,
    allow_loss: bool,
    aof_load_truncated: str,
    skip_errors: bool,
    now: int | None,
    expired: str,
    verify: bool,
    report: str,
    progress: bool | None,
) -> None:
    """Write the smallest file that rebuilds what SOURCE holds, without a server.

    SOURCE is all that 'check' takes. The new file stands beside it as NAME.rewritten.aof (or
    NAME.rdb) unless -o or --in-place says otherwise; it is written under a temporary name, synced,
    read again and compared, and only then given its name.
    """
    started = time.monotonic()
    second = int(time.time()) if now is None else now
    loading = LoadOptions(
        truncated=aof_load_truncated == "yes",
        skip_errors=skip_errors,
        now_ms=second * 1000,
        drop_expired=expired == "drop",
    )
    destination = _destination(source, output, in_place, backup, in_use, Form(form))

    def stage(name: str, total: int, unit: str) -> AbstractContextManager[Progress]:
        return shown_progress(progress, total, name, unit)

    with exit_on_error():
        chosen = _target(source, target, in_place)
        options = RewriteOptions(
            Form(form), chosen, allow_loss, verify, ctime=second, loading=loading
        )
        done = rewrite(source, destination, options, stage)
    facts = _facts(done, time.monotonic() - started)
    click.echo(json.dumps(facts, indent=2) if report == "json" else _text(done, facts))


def _target(source: Path, name: str | None, in_place: bool) -> Target:
    is_set = resolve(source).manifest is not None
    target = TARGETS[name or (_DEFAULT_OF_SETS if is_set else _DEFAULT_TARGET)]
    if in_place and is_set and not target.sets:
        raise click.UsageError(f"{target.name} knows no file sets: give --output")
    return target


def _destination(
    source: Path, output: Path | None, in_place: bool, backup: bool, in_use: bool, form: Form
) -> Destination:
    if in_place and output is not None:
        raise click.UsageError("--in-place and --output exclude each other")
    if in_place and source == STDIN:
        raise click.UsageError("standard input cannot be replaced")
    if in_place:
        return InPlace(keep_old=backup, in_use=in_use)
    if output is not None:
        return Beside(output)
    if source == STDIN:
        raise click.UsageError("standard input has no name to stand beside: give --output")
    return Beside(source.with_name(source.name.removesuffix(".aof") + _SUFFIXES[form]))


def _facts(done: Rewritten, seconds: float) -> dict[str, object]:
    """The summary as plain data; its fields are those of the JSON report."""
    loaded = done.loaded
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "schema": "aoftool.rewrite/1",
        "output": str(done.path),
        "backup": None if done.backup is None else str(done.backup),
        "records_in": loaded.records,
        "rdb_keys_in": loaded.rdb_keys,
        "bytes_in": loaded.bytes,
        "bytes_out": done.bytes_out,
        "ratio": round(done.bytes_out / loaded.bytes, 4) if loaded.bytes else None,
        "keys": {f"db{db} {kind}": count for (db, kind), count in sorted(done.keys.items())},
        "expired_dropped": loaded.expired,
        "cut": None if loaded.cut is None else list(loaded.cut),
        "failed": loaded.failed,
        "failures": [
            {
                "path": failure.path,
                "offset": failure.offset,
                "record": failure.record,
                "command": shown_command(failure.argv),
                "reply": shown_bytes(failure.reply, 200),
            }
            for failure in loaded.failures
        ],
        "lost": done.lost,
        "verified": done.verified,
        "seconds": round(seconds, 3),
        "peak_memory": peak,
    }


def _record(failure: Failure) -> str:
    return "RDB data" if failure.record is None else f"record {number(failure.record)}"


def _text(done: Rewritten, facts: dict[str, object]) -> str:
    loaded = done.loaded
    lines = [f"{done.path}: {number(done.bytes_out)} bytes"]
    if loaded.cut is not None:
        path, offset, reason = loaded.cut
        lines.append(f"  left out      the tail of {path} from offset {number(offset)}: {reason}")
    for failure in loaded.failures:
        lines.append(
            f"  skipped       {_record(failure)} at offset {number(failure.offset)}: "
            f"{shown_command(failure.argv)}: {shown_bytes(failure.reply, 200)}"
        )
    if loaded.failed > len(loaded.failures):
        lines.append(f"  skipped       and {number(loaded.failed - len(loaded.failures))} more")
    lines += [f"  lost          {line}" for line in done.lost]
    read = f"{plural(loaded.records, 'command')}, {plural(loaded.rdb_keys, 'key')} in RDB form"
    lines.append(f"  read          {read}, {number(loaded.bytes)} bytes")
    for (db, kind), count in sorted(done.keys.items()):
        lines.append(f"  keys          db{db} {kind} {number(count)}")
    if loaded.expired:
        lines.append(f"  expired       {plural(loaded.expired, 'key')} dropped")
    if done.backup is not None:
        lines.append(f"  backup        {done.backup}")
    checked = "read again and found equal" if done.verified else "not read again"
    peak = facts["peak_memory"]
    assert isinstance(peak, int)
    lines.append(
        f"  {checked}; {facts['ratio']} of the size, {facts['seconds']} s, "
        f"{peak >> 20} MiB of memory at most"
    )
    return "\n".join(lines)
