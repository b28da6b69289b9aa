"""A Lua 5.1 for the scripts of one keyspace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha1
from typing import Any

from lupa import lua51

from aoftool.format.resp.replies import ErrorReply, Reply
from aoftool.keyspace.context import Style
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.scripting.chance import Chance
from aoftool.keyspace.scripting.conversion import Refusal, from_lua, to_lua
from aoftool.keyspace.scripting.libraries import libraries, new_json
from aoftool.keyspace.scripting.library import Values, is_table
from aoftool.keyspace.scripting.running import Running, busy
from aoftool.keyspace.scripting.sandbox import SANDBOX
from aoftool.keyspace.scripting.sandbox_api import API
from aoftool.keyspace.scripting.sandbox_register import REGISTER
from aoftool.keyspace.scripting.sandbox_run import RUN
from aoftool.keyspace.scripting.shebang import FLAGS, Script, split_script
from aoftool.keyspace.scripting.tailcalls import keep_callers

#: Runs one command for a script: its reply, an ErrorReply for an error of the command, a Refusal
#: where it is not called at all.
Caller = Callable[[list[bytes]], "Reply | Refusal"]
#: Bytes that a script's values may take before it gets Lua's "not enough memory".
MAX_MEMORY = 1 << 30
#: Whom scripts of Redis 7 take us for (``redis.REDIS_VERSION``).
_VERSION, _VERSION_NUMBER = b"7.0.15", 0x0007000F
_KILLED = b"Script killed by user with SCRIPT KILL..."
#: What ``on_long_run`` raises ScriptKilled with, once loading a library took half a second.
LOAD_TIMEOUT = b"FUNCTION LOAD timeout"


class ScriptFailed(CommandError):
    """A script that did not compile, raised an error, or was stopped."""


class ScriptKilled(Exception):
    """Raised by ``Runtime.on_long_run`` to stop the script that runs; ``text``: the error."""

    def __init__(self, text: bytes = _KILLED) -> None:
        super().__init__(text.decode(errors="backslashreplace"))
        self.text = text


def sha1hex(text: bytes) -> bytes:
    """40 lower-case hexadecimal digits: a script's name."""
    return sha1(text, usedforsecurity=False).hexdigest().encode()


@dataclass(frozen=True, slots=True)
class LibraryFunction:
    """A function that a library has registered.

    Attributes:
        flags: ``no-writes`` and others, in Redis's order.
    """

    name: bytes
    callback: Any
    description: bytes | None
    flags: tuple[bytes, ...]

    @property
    def read_only(self) -> bool:
        """Whether it may not write."""
        return b"no-writes" in self.flags


class Runtime:
    """One Lua state with the sandbox in it, and the functions compiled in it so far.

    Attributes:
        running: what runs now, or None; ``kill`` and FUNCTION STATS look at it.
        resp3: whether it has asked for replies in RESP3 (``redis.setresp``).
        on_long_run: called every 100,000 instructions of a script; what it raises as ScriptKilled
            stops the script. A server serves its other clients here.
        on_end: called when a script ends for which ``on_long_run`` was called.
        on_log: called with (level from 0 to 3, text) by ``redis.log``.
        may_call: says of a command whether ``redis.acl_check_cmd`` allows it; None: no command.
        max_memory: bytes that the values of a script may take.
    """

    def __init__(self, style: Style = Style.REDIS_7, max_memory: int = MAX_MEMORY) -> None:
        self._modern = style is Style.REDIS_7
        self.max_memory = max_memory
        self._lua = lua51.LuaRuntime(
            encoding=None,
            register_eval=False,
            register_builtins=False,
            unpack_returned_tuples=True,
            attribute_filter=_no_attributes,
            max_memory=0,
        )
        self.running: Running | None = None
        self.on_long_run: Callable[[], None] = lambda: None
        self.on_end: Callable[[], None] = lambda: None
        self._long = False
        self.on_log: Callable[[int, bytes], None] = lambda level, text: None
        self.may_call: Callable[[list[bytes]], bool | None] = lambda argv: True
        self._caller: Caller | None = None
        self.resp3 = False
        self._chance = Chance()
        self._broken: BaseException | None = None
        self._functions: dict[bytes, Any] = {}
        self._flags: dict[bytes, frozenset[bytes] | None] = {}
        self._libraries: dict[bytes, dict[bytes, LibraryFunction]] = {}
        boot = self._lua.execute(b"return function(text) return loadstring(text, '=sandbox') end")
        host, box = self._host(), self._lua.table_from({})
        for chunk in (SANDBOX, REGISTER, API):
            boot(chunk)(host, box)
        faces = boot(RUN)(host, box)
        self._compile, self._execute, self._load_library, self._call_function = faces

    def _host(self) -> Any:
        """The Python functions that the sandbox stands in front of."""
        table = self._lua.table_from
        # A userdata of Lua's own, which only the host can tell from others.
        null = self._lua.execute(b"return newproxy()")
        values = Values(table, null)
        return table(
            {
                b"call": self._call,
                b"sha1hex": sha1hex,
                b"log": self._log,
                b"set_repl": self._set_repl,
                b"setresp": self._set_resp,
                b"may_call": self._allowed,
                b"random": self._chance.random,
                b"randomseed": self._chance.seed,
                b"interrupted": self._interrupted,
                b"bounded": self._bound,
                b"unbounded": lambda: self._lua.set_max_memory(0),
                b"memory": lambda: self.max_memory,
                b"keep_callers": keep_callers,
                b"libraries": table({name: table(held) for name, held in libraries(values)}),
                b"new_json": lambda: table(new_json(values)),
                b"null": null,
                b"modern": self._modern,
                b"version": _VERSION,
                b"version_number": _VERSION_NUMBER,
                b"mistyped": b"Lua redis%b command arguments must be strings or integers"
                % (b" lib" if self._modern else b"()"),
                b"no_arguments": b"Please specify at least one argument for %b"
                % (b"this redis lib call" if self._modern else b"redis.call()"),
            }
        )

    def _bound(self) -> None:
        """Limit memory while a script runs; outside of it, nothing could take Lua's error."""
        if self._caller is not None:
            self._lua.set_max_memory(self.max_memory)

    def _set_repl(self, flags: float) -> None:
        assert self.running is not None
        self.running.replicates = int(flags)

    def _set_resp(self, version: int) -> None:
        self.resp3 = version == 3

    def _call(self, words: Any) -> Any:
        """redis.call: a reply, or None and why it was refused.

        No Python exception may cross Lua: what is none of a command's stops the script, and is
        raised again behind it.
        """
        assert self._caller is not None
        try:
            reply = self._caller(_words(words))
        except BaseException as error:
            self._broken = error
            return to_lua(ErrorReply(b"ERR internal error"), self._lua.table_from)
        if isinstance(reply, Refusal):
            return None, reply.text
        return to_lua(reply, self._lua.table_from, self.resp3, self._modern)

    def _log(self, level: float, text: bytes) -> None:
        try:
            self.on_log(int(level), text)
        except BaseException as error:
            self._broken = error

    def _allowed(self, words: Any) -> bool | None:
        try:
            return self.may_call(_words(words))
        except BaseException as error:
            self._broken = error
            return None

    def _interrupted(self) -> bytes | None:
        """Why the script must stop, or None."""
        if self._broken is None:
            self._long = True
            try:
                self.on_long_run()
            except ScriptKilled as error:
                return error.text
            except BaseException as error:
                self._broken = error
        if self._broken is not None:
            return b"internal error"
        return _KILLED if self.running is not None and self.running.killed else None

    def kill(self, function: bool) -> None:
        """Have the running script (or function) stop at its next look (``scriptKill``).

        Raises CommandError where none runs, one that has written, or one of the other kind.
        """
        running = self.running
        if running is None:
            raise CommandError(b"NOTBUSY No scripts in execution right now.")
        if running.wrote:
            raise CommandError(
                b"UNKILLABLE Sorry the script already executed write commands against the dataset."
                b" You can either wait the script termination or kill the server in a hard way "
                b"using the SHUTDOWN NOSAVE command."
            )
        if running.is_function != function:
            raise CommandError(busy(running))
        running.killed = True

    def compile(self, text: bytes) -> bytes:
        """Make a script known; its SHA-1.

        Raises CommandError for a shebang that says what no script can say, and ScriptFailed where
        the script does not compile.
        """
        name = sha1hex(text)
        if name not in self._functions:
            script = split_script(text) if self._modern else Script(text, None)
            found = self._compile(script.body, b"@user_script")
            function, reason = found if isinstance(found, tuple) else (found, b"")
            if function is None:
                raise ScriptFailed(
                    b"ERR Error compiling script (new function): " + _one_line(reason)
                )
            self._functions[name] = function
            self._flags[name] = script.flags
        return name

    def flags(self, name: bytes) -> frozenset[bytes] | None:
        """What a known script's shebang says; None if it has none."""
        return self._flags[name]

    def knows(self, name: bytes) -> bool:
        """Whether a script of this SHA-1 was compiled."""
        return name in self._functions

    @property
    def count(self) -> int:
        """How many scripts are known."""
        return len(self._functions)

    @property
    def memory(self) -> int:
        """Bytes that the Lua state has."""
        return int(self._lua.get_memory_used(total=True) or 0)

    def forget(self) -> None:
        """Forget all scripts (SCRIPT FLUSH)."""
        self._functions.clear()
        self._flags.clear()

    def run(
        self, name: bytes, keys: Sequence[bytes], argv: Sequence[bytes], caller: Caller,
        command: Sequence[bytes] = (), now_ms: int = 0,
    ) -> Reply:  # fmt: skip
        """Run a compiled script. Raises ScriptFailed where it raises an error that it keeps."""
        if not self._modern:
            self._chance.seed(0)  # evalGenericCommand, until 7.0
        running = Running(name, False, command, now_ms)
        function, table = self._functions[name], self._lua.table_from
        return self._reply(
            running, caller, lambda: self._execute(function, table(keys), table(argv))
        )

    def call_function(
        self, function: LibraryFunction, keys: Sequence[bytes], argv: Sequence[bytes],
        caller: Caller, command: Sequence[bytes] = (), now_ms: int = 0,
    ) -> Reply:  # fmt: skip
        """Call a library's function. Raises ScriptFailed where it raises an error that it keeps."""
        running, table = Running(function.name, True, command, now_ms), self._lua.table_from
        return self._reply(
            running,
            caller,
            lambda: self._call_function(function.callback, table(keys), table(argv)),
        )

    def _reply(self, running: Running, caller: Caller, run: Callable[[], Any]) -> Reply:
        ok, *parts = self._watched(running, caller, run)
        if not ok:
            raise ScriptFailed(self._failure(running.name, *parts))
        return from_lua(self.resp3, *parts)

    def _watched(self, running: Running, caller: Caller, run: Callable[[], Any]) -> Any:
        """Run Lua as the only thing that runs; what went wrong in the host is raised here."""
        if self.running is not None:
            raise CommandError(busy(self.running))
        self.running, self._caller, self.resp3, self._broken = running, caller, False, None
        try:
            return run()
        finally:
            self.running = self._caller = None
            self._lua.set_max_memory(0)
            if self._long:
                self._long = False
                self.on_end()
            if self._broken is not None:
                raise self._broken

    def load_library(self, name: bytes, code: bytes) -> None:
        """Run a library's source and keep the functions it registers.

        Raises ScriptFailed where it does not compile, fails, or registers none.
        """
        ok, found, *parts = self._watched(
            Running(name, True, ()), _no_commands, lambda: self._load_library(code)
        )
        if ok is None:
            raise ScriptFailed(b"ERR Error compiling function: " + _one_line(found))
        if not ok:
            kind, (text, shown, *_) = found, parts
            why = text if kind == b"table" else b"ERR " + (text or shown)
            raise ScriptFailed(b"ERR Error registering functions: " + _one_line(why or b""))
        functions = {function: _library_function(function, row) for function, row in found.items()}
        if not functions:
            raise ScriptFailed(b"ERR No functions registered")
        self._libraries[name] = functions

    def forget_library(self, name: bytes) -> None:
        """Forget a library, if it is known."""
        self._libraries.pop(name, None)

    def keep_libraries(self, libraries: dict[bytes, dict[bytes, LibraryFunction]]) -> None:
        """Have these libraries, which were loaded before, and no others."""
        self._libraries = libraries

    def libraries(self) -> dict[bytes, dict[bytes, LibraryFunction]]:
        """The functions of each library that was loaded."""
        return self._libraries

    def _failure(
        self, name: bytes, kind: bytes, text: bytes | None, shown: bytes = b"",
        source: bytes | None = None, line: float | None = None,
    ) -> bytes:  # fmt: skip
        """An error as the client sees it (``luaCallFunction``; 6.2: ``evalGenericCommand``)."""
        place = b"%b:%d" % (source, line) if source is not None and line is not None else b""
        if self._modern:
            if kind != b"table":
                text = b"ERR " + (shown if text is None else text)
            behind = b", on %b." % place if place else b"."
            return _one_line((text or b"ERR unknown error") + b" script: " + name + behind)
        if text is None or kind == b"table":
            place = b"@err_handler_def:9"
            article = b"a %b value" % (b"boolean" if kind == b"boolean" else kind)
            text = b"err_handler_def:9: attempt to concatenate local 'err' (%b)" % article
        where = place + b": " if place else b""
        return _one_line(b"ERR Error running script (call to f_%b): %b%b" % (name, where, text))


def _library_function(name: bytes, row: Any) -> LibraryFunction:
    flags = row[b"flags"]
    seen = tuple(flag for flag in FLAGS if flags[flag])
    return LibraryFunction(name, row[b"callback"], row[b"description"], seen)


def _no_commands(argv: list[bytes]) -> Reply:
    return ErrorReply(b"ERR no command can be called now")


def _words(words: Any) -> list[bytes]:
    return [words[at] for at in range(1, len(words) + 1)]


def _one_line(text: bytes) -> bytes:
    return text.replace(b"\r", b" ").replace(b"\n", b" ")


def _no_attributes(target: object, name: object, setting: bool) -> object:
    raise AttributeError("scripts see no attributes of host objects")


__all__ = [
    "Caller", "ErrorReply", "Refusal", "Runtime", "ScriptFailed", "ScriptKilled", "is_table",
    "sha1hex",
]  # fmt: skip
