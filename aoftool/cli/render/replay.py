"""What ``replay`` says: failures as they come, and the summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from aoftool.cli.render.words import number, plural, shown_bytes, shown_command
from aoftool.ops.failures import Failure
from aoftool.ops.replay.ledger import Ledger
from aoftool.ops.replay.running import Outcome

if TYPE_CHECKING:
    from aoftool.ops.replay.verify import Comparison

SCHEMA = "aoftool.replay/1"


def beside_bar(ledger: Ledger, seconds: float) -> str:
    """What stands beside the progress bar: speed, place, errors."""
    counts = ledger.counts
    rate = number(int(counts.acknowledged / seconds)) if seconds else "0"
    return f"{rate}/s, at {number(ledger.position.offset)}, {number(counts.failed)} failed"


def failure_facts(failure: Failure) -> dict[str, object]:
    """One failed record as plain data."""
    return {
        "type": "failure",
        "path": failure.path,
        "offset": failure.offset,
        "record": failure.record,
        "command": shown_command(failure.argv),
        "reply": shown_bytes(failure.reply, 200),
    }


def failure_line(failure: Failure) -> str:
    """One failed record as a line."""
    record = "RDB data" if failure.record is None else f"record {number(failure.record)}"
    return (
        f"{failure.path}: {record} at offset {number(failure.offset)}: "
        f"{shown_command(failure.argv)}: {shown_bytes(failure.reply, 200)}"
    )


def summary_facts(
    outcome: Outcome, target: str, exit_code: int, compared: Comparison | None,
    keyspace: Mapping[str, object] | None,
) -> dict[str, object]:  # fmt: skip
    """The summary as plain data."""
    counts = outcome.counts
    return {
        "type": "summary",
        "schema": SCHEMA,
        "target": target,
        "sent": counts.sent,
        "acknowledged": counts.acknowledged,
        "failed": counts.failed,
        "failed_by_kind": counts.kinds,
        "skipped": counts.skipped,
        "partly_chosen": counts.partly,
        "bytes": outcome.bytes,
        "path": str(outcome.path),
        "offset": outcome.position.offset,
        "record": outcome.position.record,
        "cut": None if outcome.cut is None else list(outcome.cut),
        "expiries_set_right": outcome.settled.keys,
        "expired": outcome.settled.expired,
        "expiries_held_back": outcome.held,
        "expiries_restarted": outcome.restarted,
        "stopped": outcome.stopped,
        "checkpoint_error": None if outcome.unkept is None else str(outcome.unkept),
        "error": None if outcome.error is None else str(outcome.error),
        "verified": None if compared is None else comparison_facts(compared),
        "keyspace": keyspace,
        "seconds": round(outcome.seconds, 3),
        "exit_code": exit_code,
    }


def comparison_facts(found: Comparison) -> dict[str, object]:
    """A comparison as plain data."""
    return {
        "how": found.how,
        "keys": found.keys,
        "different": found.different,
        "surplus": found.surplus,
        "named": [
            {"db": one.db, "key": shown_bytes(one.key, 200), "what": one.what}
            for one in found.named
        ],
    }


def summary_text(
    outcome: Outcome, target: str, compared: Comparison | None,
    keyspace: Mapping[str, object] | None,
) -> str:  # fmt: skip
    """The summary for people."""
    counts = outcome.counts
    rate = counts.acknowledged / outcome.seconds if outcome.seconds else 0
    lines = [f"{target}: {_verdict(outcome)}"]
    lines.append(
        f"  sent          {number(counts.sent)}, acknowledged {number(counts.acknowledged)}, "
        f"failed {number(counts.failed)}"
    )
    for kind, count in sorted(counts.kinds.items()):
        lines.append(f"  failed        {kind} {number(count)}")
    if counts.skipped:
        lines.append(f"  not chosen    {number(counts.skipped)}")
    if counts.partly:
        lines.append(
            f"  left out      {number(counts.partly)}: only a part of what they touch was chosen, "
            "and they cannot be split"
        )
    if outcome.cut is not None:
        path, offset, reason = outcome.cut
        lines.append(f"  left out      the tail of {path} from offset {number(offset)}: {reason}")
    lines += _expiries(outcome)
    lines += [f"  {name:<13} {value}" for name, value in (keyspace or {}).items()]
    lines += _comparison(compared)
    lines.append(f"  {outcome.seconds:.1f} s, {number(int(rate))} a second")
    return "\n".join(lines)


def _verdict(outcome: Outcome) -> str:
    place = f"{outcome.path} offset {number(outcome.position.offset)}"
    if outcome.error is not None:
        return f"ended by an error; acknowledged up to {place}"
    if outcome.stopped is not None:
        return f"stopped ({outcome.stopped}); acknowledged up to {place}"
    return "replayed to the end"


def _expiries(outcome: Outcome) -> list[str]:
    settled = outcome.settled
    lines = []
    if settled.keys or settled.expired:
        lines.append(
            f"  expiry        {plural(settled.keys, 'time')} set right, "
            f"{number(settled.expired)} had expired"
        )
    if outcome.restarted:
        lines.append(
            f"  expiry        {number(outcome.restarted)} relative times began anew: the source "
            "does not say when they began"
        )
    if outcome.held:
        lines.append("  expiry        times are held back in the target until --resume has ended")
    return lines


def _comparison(found: Comparison | None) -> list[str]:
    if found is None:
        return []
    if found.how == "digest" and found.equal:
        return [f"  compared      equal digests, {plural(found.keys, 'key')}"]
    result = "equal" if found.equal else f"{number(found.different)} different"
    if found.surplus:
        result += f", {number(found.surplus)} more than the source has"
    lines: Sequence[str] = [
        f"  different     db{one.db} {shown_bytes(one.key, 60)}: {one.what}" for one in found.named
    ]
    return [f"  compared      {found.how}, {number(found.keys)}: {result}", *lines]
