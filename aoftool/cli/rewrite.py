"""``aoftool rewrite``."""

from __future__ import annotations

import json
import resource
import time
from pathlib import Path

import click

from aoftool.cli.failures import exit_on_error
from aoftool.cli.progress import byte_progress, progress_option
from aoftool.cli.render.words import number, plural, shown_bytes, shown_command
from aoftool.ops.loading import LoadOptions
from aoftool.ops.rewrite import Form, RewriteOptions, Rewritten, rewrite
from aoftool.ops.source import STDIN, source_size
from aoftool.ops.targets import TARGETS

_SUFFIXES = {Form.RESP: ".rewritten.aof", Form.PREAMBLE: ".rewritten.aof", Form.RDB: ".rdb"}
_DEFAULT_TARGET = "redis-6.2"


@click.command("rewrite")
@click.argument("source", metavar="SOURCE", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The new file.")
@click.option(
    "--in-place", is_flag=True, help="Replace SOURCE in one step, keeping it under another name."
)
@click.option("--backup/--no-backup", default=True, help="With --in-place: keep the old file.")
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
    default=_DEFAULT_TARGET,
    show_default=True,
    help="The oldest server that must read the new file.",
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
    form: str,
    target: str,
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
    options = RewriteOptions(
        Form(form), TARGETS[target], allow_loss, verify, ctime=second, loading=loading
    )
    out = _output(source, output, in_place, options.form)
    with exit_on_error(), byte_progress(progress, source_size(source), "loading") as advance:
        done = rewrite(source, out, options, replace=in_place, backup=backup, progress=advance)
    facts = _facts(done, time.monotonic() - started)
    click.echo(json.dumps(facts, indent=2) if report == "json" else _text(done, facts))


def _output(source: Path, output: Path | None, in_place: bool, form: Form) -> Path:
    if in_place and output is not None:
        raise click.UsageError("--in-place and --output exclude each other")
    if in_place and source == STDIN:
        raise click.UsageError("standard input cannot be replaced")
    if in_place:
        return source
    if output is not None:
        return output
    if source == STDIN:
        raise click.UsageError("standard input has no name to stand beside: give --output")
    return source.with_name(source.name.removesuffix(".aof") + _SUFFIXES[form])


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


def _text(done: Rewritten, facts: dict[str, object]) -> str:
    loaded = done.loaded
    lines = [f"{done.path}: {number(done.bytes_out)} bytes"]
    if loaded.cut is not None:
        path, offset, reason = loaded.cut
        lines.append(f"  left out      the tail of {path} from offset {number(offset)}: {reason}")
    for failure in loaded.failures:
        lines.append(
            f"  skipped       record {number(failure.record)} at offset {number(failure.offset)}: "
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
