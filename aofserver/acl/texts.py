"""What is said of what is not allowed, by release."""

from __future__ import annotations

from aofserver.acl.checks import Reason
from aoftool.keyspace.context import Style

_COMMAND = {
    Style.REDIS_6: b"NOPERM this user has no permissions to run the '%b' command or its subcommand",
    Style.REDIS_7: b"NOPERM this user has no permissions to run the '%b' command",
}
_ARGUMENTS = {
    Reason.KEY: b"NOPERM this user has no permissions to access one of the keys used as arguments",
    Reason.CHANNEL: b"NOPERM this user has no permissions to access one of the channels used as "
    b"arguments",
}
_IN_EXEC = (
    b"NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC "
    b"call. This command is no longer allowed for the following reason: %b"
)
_REASONS = {
    Reason.COMMAND: b"no permission to execute the command or subcommand",
    Reason.KEY: b"no permission to touch the specified keys",
    Reason.CHANNEL: b"no permission to access one of the channels used as arguments",
}
#: Behind "The user executing the script".
_IN_SCRIPT = {
    Reason.COMMAND: b"can't run this command or subcommand",
    Reason.KEY: b"can't access at least one of the keys mentioned in the command arguments",
    Reason.CHANNEL: b"can't publish to the channel mentioned in the command",
}


def no_permission(reason: Reason, name: bytes, style: Style) -> bytes:
    """The error of a command that is refused; ``name``: which one."""
    return _COMMAND[style] % name if reason is Reason.COMMAND else _ARGUMENTS[reason]


def no_permission_in_exec(reason: Reason) -> bytes:
    """The error in place of the reply of a queued command."""
    return _IN_EXEC % _REASONS[reason]


def no_permission_in_script(reason: Reason) -> bytes:
    """What a script is told."""
    return b"The user executing the script " + _IN_SCRIPT[reason]


def dry_refusal(reason: Reason, name: bytes, about: bytes) -> bytes:
    """What ACL DRYRUN answers; ``about``: the key or the channel."""
    if reason is Reason.COMMAND:
        return b"This user has no permissions to run the '%b' command" % name
    kind = b"key" if reason is Reason.KEY else b"channel"
    return b"This user has no permissions to access the '%b' %b" % (about, kind)
