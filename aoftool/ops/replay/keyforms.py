"""Keys in RDB form, and libraries, as the commands by which a target takes them."""

from __future__ import annotations

from aoftool.errors import AofError
from aoftool.format.rdb import HashField, Key, Value
from aoftool.keyspace.context import Style
from aoftool.keyspace.payload import dump
from aoftool.keyspace.rdbmap import live_value
from aoftool.keyspace.snapshot import key_as_commands
from aoftool.ops.replay.model import Argv
from aoftool.ops.replay.target import Facts
from aoftool.ops.replay.translation import Translator

#: A payload larger than this goes as commands: no server takes a string of 512 MB.
_MAX_PAYLOAD = 256 << 20


class KeyForms:
    """RESTORE with a payload of the target's release, or other commands where it takes none.

    Args:
        overwrite: whether a key may replace one that is there.
    """

    def __init__(self, facts: Facts, translator: Translator, overwrite: bool) -> None:
        self._facts = facts
        self._translator = translator
        self._overwrite = overwrite

    def string(self, name: bytes, value: bytes) -> Argv:
        """The command for a string without a time."""
        if self._overwrite or self._facts.rdb_version is None:
            return b"SET", name, value
        return b"RESTORE", name, b"0", dump(value, self._facts.rdb_version)

    def key(self, name: bytes, key: Key) -> list[Argv]:
        """The commands for a key that is to be called ``name``.

        Raises AofError where there is no form that the target takes.
        """
        version, at_ms = self._facts.rdb_version, key.expire_at_ms
        if key.kind == "string" and (self._overwrite or version is None):
            assert isinstance(key.value, bytes)
            found: list[Argv] = [(b"SET", name, key.value)]
            return found if at_ms is None else found + self._translator.expire_at(name, at_ms)
        value = live_value(key.kind, self._shifted(key))
        payload = None if version is None else dump(value, version)
        if payload is not None and len(payload) <= _MAX_PAYLOAD:
            out = 0 if at_ms is None else self._translator.outgoing(at_ms) or 0
            last = [b"REPLACE"] * self._overwrite + [b"ABSTTL"] * bool(out)
            return [[b"RESTORE", name, b"%d" % out, payload, *last]]
        style = Style.REDIS_7 if self._facts.version >= (7, 0) else Style.REDIS_6
        commands: list[Argv] = [[b"DEL", name]] if self._overwrite else []
        commands += key_as_commands(name, value, style)
        return commands if at_ms is None else commands + self._translator.expire_at(name, at_ms)

    def library(self, code: bytes) -> Argv:
        """The command for a library of functions. Raises AofError where the target has none."""
        if not self._facts.knows(b"FUNCTION"):
            raise AofError("the target has no functions")
        return [b"FUNCTION", b"LOAD", *([b"REPLACE"] if self._overwrite else []), code]

    def _shifted(self, key: Key) -> Value:
        """The value; fields' own times become what those of keys do, but are not held back."""
        if key.kind != "hash":
            return key.value
        fields: list[HashField] = key.value  # type: ignore[assignment]
        final = self._translator.moments.final
        return [(name, text, at and final(at)) for name, text, at in fields]
