"""A Lua 5.1 for the scripts of one keyspace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha1
from typing import TYPE_CHECKING, Any

from lupa import lua51

from aoftool.format.resp.replies import ErrorReply, Reply
from aoftool.keyspace.context import Style
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.scripting.conversion import from_lua, to_lua
from aoftool.keyspace.scripting.libraries import libraries
from aoftool.keyspace.scripting.library import Values
from aoftool.keyspace.scripting.sandbox import SANDBOX

if TYPE_CHECKING:
    from random import Random

#: Runs one command for a script: its reply, an ErrorReply for an error.
Caller = Callable[[list[bytes]], Reply]


class ScriptFailed(CommandError):
    """A script that did not compile, raised an error, or was stopped."""


def sha1hex(text: bytes) -> bytes:
    """40 lower-case hexadecimal digits: a script's name."""
    return sha1(text, usedforsecurity=False).hexdigest().encode()


@dataclass(frozen=True, slots=True)
class LibraryFunction:
    """A function that a library has registered; ``read_only``: it may not write."""

    callback: Any
    read_only: bool


class Runtime:
    """One Lua state with the sandbox in it, and the functions compiled in it so far.

    Attributes:
        interrupt: called every 100,000 instructions; returns why the script must stop, or None.
    """

    def __init__(self, style: Style = Style.REDIS_7) -> None:
        self._modern = style is Style.REDIS_7
        self._lua = lua51.LuaRuntime(
            encoding=None,
            register_eval=False,
            register_builtins=False,
            unpack_returned_tuples=True,
            attribute_filter=_no_attributes,
        )
        self._is_table = _is_table
        self._caller: Caller | None = None
        self._rng: Random | None = None
        self._resp3 = False
        self.interrupt: Callable[[], bytes | None] = lambda: None
        self._functions: dict[bytes, Any] = {}
        boot = self._lua.execute(b"return function(text) return loadstring(text, '@sandbox') end")
        faces = boot(SANDBOX)(self._host())
        self._compile, self._execute, self._load_library, self._call_function = faces
        self._libraries: dict[bytes, dict[bytes, LibraryFunction]] = {}

    def _host(self) -> Any:
        """The Python functions that the sandbox stands in front of."""
        table = self._lua.table_from
        # A userdata of Lua's own, which only the host can tell from others.
        null = self._lua.execute(b"return newproxy()")
        plugged = libraries(Values(table, null))
        return self._lua.table_from(
            {
                b"call": self._call,
                b"lib_error": lambda text: b"ERR " + text,
                b"error_text": _error_text if self._modern else bytes,
                b"status_text": lambda text: text,
                b"sha1hex": sha1hex,
                b"log": lambda level, text: None,
                b"set_repl": lambda flags: None,
                b"setresp": self._set_resp,
                b"random": self._random,
                b"randomseed": lambda seed: None,
                b"interrupted": lambda: self.interrupt(),
                b"libraries": table({name: table(held) for name, held in plugged.items()}),
                b"null": null,
                b"modern": self._modern,
                b"no_arguments": b"Please specify at least one argument for this %b call"
                % (b"redis lib" if self._modern else b"redis.call()"),
            }
        )

    def _random(self) -> float:
        assert self._rng is not None
        return self._rng.random()

    def _set_resp(self, version: int) -> None:
        self._resp3 = version == 3

    def _call(self, words: Any) -> Any:
        """redis.call: no Python exception may cross Lua, so errors come back as tables."""
        assert self._caller is not None
        argv = [words[at] for at in range(1, len(words) + 1)]
        return to_lua(self._caller(argv), self._lua, self._resp3)

    def compile(self, text: bytes) -> bytes:
        """Make a script known; its SHA-1. Raises ScriptFailed where it does not compile."""
        name = sha1hex(text)
        if name not in self._functions:
            found = self._compile(text, b"@user_script")
            function, reason = found if isinstance(found, tuple) else (found, b"")
            if function is None:
                raise ScriptFailed(
                    b"ERR Error compiling script (new function): " + reason.replace(b"\n", b" ")
                )
            place = None if b"\n" in text.rstrip() else b"user_script:1"
            self._functions[name] = function, place
        return name

    def knows(self, name: bytes) -> bool:
        """Whether a script of this SHA-1 was compiled."""
        return name in self._functions

    def forget(self) -> None:
        """Forget all scripts (SCRIPT FLUSH)."""
        self._functions.clear()

    def run(
        self, name: bytes, keys: Sequence[bytes], argv: Sequence[bytes], caller: Caller, rng: Random
    ) -> Reply:
        """Run a compiled script. Raises ScriptFailed where it raises an error that it keeps."""
        self._caller, self._rng, self._resp3 = caller, rng, False
        table = self._lua.table_from
        function, place = self._functions[name]
        ok, result, at = _triple(self._execute(function, table(keys), table(argv), place))
        self._caller = self._rng = None
        if not ok:
            raise ScriptFailed(self._error(result, name, at))
        return from_lua(result, self._is_table)

    def load_library(self, name: bytes, code: bytes) -> None:
        """Run a library's source and keep the functions it registers.

        Raises ScriptFailed where it does not compile, fails, or registers none.
        """
        ok, found, _ = _triple(self._load_library(code))
        if not ok:
            shown = self._error(found, b"", None).removeprefix(b"ERR ")
            raise ScriptFailed(b"ERR Error registering functions: " + shown)
        functions = {
            function: LibraryFunction(row[b"callback"], bool(row[b"read_only"]))
            for function, row in found.items()
        }
        if not functions:
            raise ScriptFailed(b"ERR No functions registered")
        self._libraries[name] = functions

    def forget_library(self, name: bytes) -> None:
        """Forget a library, if it is known."""
        self._libraries.pop(name, None)

    def libraries(self) -> dict[bytes, dict[bytes, LibraryFunction]]:
        """The functions of each library that was loaded."""
        return self._libraries

    def call_function(
        self,
        function: LibraryFunction,
        keys: Sequence[bytes],
        argv: Sequence[bytes],
        caller: Caller,
        rng: Random,
    ) -> Reply:
        """Call a library's function. Raises ScriptFailed where it raises an error that it keeps."""
        self._caller, self._rng, self._resp3 = caller, rng, False
        table = self._lua.table_from
        ok, result, _ = _triple(self._call_function(function.callback, table(keys), table(argv)))
        self._caller = self._rng = None
        if not ok:
            raise ScriptFailed(self._error(result, b"", None))
        return from_lua(result, self._is_table)

    def _error(self, error: Any, name: bytes, place: bytes | None) -> bytes:
        """An error's text, with the script's name and the place where it was raised."""
        if self._is_table(error) and isinstance(error[b"err"], bytes):
            text: bytes = error[b"err"]
            return text + self._raised(name, place) if self._modern else text
        shown = error if isinstance(error, bytes) else str(error).encode()
        if not name:
            return b"ERR " + shown
        if self._modern:
            return b"ERR " + shown + self._raised(name, place)
        where = place or b"user_script"
        return b"ERR Error running script (call to f_%b): @%b: %b" % (name, where, shown)

    @staticmethod
    def _raised(name: bytes, place: bytes | None) -> bytes:
        return b" script: %b, on @%b." % (name, place) if name and place else b""


def _is_table(value: object) -> bool:
    return bool(lua51.lua_type(value) == "table")


def _triple(result: Any) -> tuple[Any, Any, bytes | None]:
    if not isinstance(result, tuple):
        return result, None, None
    return (*result, None) if len(result) == 2 else result


def _error_text(text: bytes) -> bytes:
    """``redis.error_reply`` puts ERR before a text that has no code (7.0 and later)."""
    return text if b" " in text else b"ERR " + text


def _no_attributes(target: object, name: object, setting: bool) -> object:
    raise AttributeError("scripts see no attributes of host objects")


__all__ = ["Caller", "ErrorReply", "Runtime", "ScriptFailed", "sha1hex"]
