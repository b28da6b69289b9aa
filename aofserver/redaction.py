"""Words of a command that neither SLOWLOG nor MONITOR shows (``redactClientCommandArgument``)."""

from __future__ import annotations

from collections.abc import Iterator

from aoftool.keyspace.keyspecs import Argv

_HIDDEN = b"(redacted)"
#: Options whose values are secret.
_SECRET_OPTIONS = frozenset((b"requirepass", b"masterauth", b"masteruser", b"tls-key-file-pass",
                             b"tls-client-key-file-pass"))  # fmt: skip
#: How many words behind one are secret, by command and word.
_BEHIND = {
    (b"HELLO", b"AUTH"): 2,
    (b"MIGRATE", b"AUTH"): 1,
    (b"MIGRATE", b"AUTH2"): 2,
}


def redacted(argv: Argv, name: bytes = b"") -> list[bytes]:
    """The words with the secret ones replaced; ``name``: of the command, if it is called another.

    Of a sub-command the name may be both words.
    """
    words = list(argv)
    own = name.partition(b" ")[0] or argv[0].upper()
    for at in _secret(own, words):
        if at < len(words):
            words[at] = _HIDDEN
    return words


def _secret(name: bytes, argv: list[bytes]) -> Iterator[int]:
    """Positions of secret words of a command."""
    if name == b"AUTH":
        yield from range(1, len(argv))
    elif name in (b"HELLO", b"MIGRATE"):
        for at, word in enumerate(argv):
            count = _BEHIND.get((name, word.upper()), 0)
            yield from range(at + 1, at + 1 + count)
    elif name == b"CONFIG" and len(argv) > 3 and argv[1].upper() == b"SET":
        for at in range(2, len(argv) - 1, 2):
            if argv[at].lower() in _SECRET_OPTIONS:
                yield at + 1
    elif name == b"ACL" and len(argv) > 2 and argv[1].upper() == b"SETUSER":
        yield from range(2, len(argv))
