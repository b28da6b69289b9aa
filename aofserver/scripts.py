"""Scripts on a server: clients are told that it is busy while one runs for too long (script.c)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aofserver.clients.session import Session, peer_of
from aofserver.ground import Ground
from aofserver.log import Level
from aoftool.keyspace.context import Style
from aoftool.keyspace.scripting.running import Running, busy
from aoftool.keyspace.scripting.runtime import Runtime, ScriptKilled

_SLOW = {
    Style.REDIS_6: "Lua slow script detected: still in execution after {ms} milliseconds. You can "
    "try killing the script using the SCRIPT KILL command. Script SHA1 is: {name}",
    Style.REDIS_7: "Slow script detected: still in execution after {ms} milliseconds. You can try "
    "killing the script using the {kind} KILL command. Script name is: {name}.",
}


class Scripts:
    """Looks after the script that runs.

    Attributes:
        pump: serves the other clients for a moment; returns whether it could.
        ended: whether the server has been told to end.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._lua: Runtime | None = None
        self._seen: Running | None = None
        self._since_us = 0
        self._late = False
        self._caller: Session | None = None
        self.pump: Callable[[], bool] = lambda: False
        self.ended: Callable[[], bool] = lambda: False

    def adopt(self, lua: Runtime) -> None:
        """The keyspace's Lua was made."""
        self._lua = lua
        lua.on_long_run = self._look
        lua.on_end = self._end
        lua.on_log = self._log

    @property
    def refusal(self) -> bytes | None:
        """What clients are told while a script runs for too long, or None."""
        running = self._lua.running if self._lua is not None else None
        return busy(running) if self._late and running is not None else None

    def _log(self, level: int, text: bytes) -> None:
        self._ground.log(Level(level), text.decode("utf-8", "backslashreplace"))

    def _look(self) -> None:
        """A script has run for a while. Raises ScriptKilled where the server is to end."""
        ground = self._ground
        running = self._lua.running if self._lua is not None else None
        limit_ms = ground.config.number("busy-reply-threshold")
        if running is None or limit_ms <= 0 or ground.loading is not None:
            return
        now_us = ground.clock.monotonic_us()
        if running is not self._seen:
            self._seen, self._since_us = running, now_us
            return
        took_ms = (now_us - self._since_us) // 1000
        if took_ms < limit_ms:
            return
        if not self._late:
            self._begin(running, took_ms)
        with self._apart():
            self.pump()
        if self.ended():
            raise ScriptKilled

    def _begin(self, running: Running, took_ms: int) -> None:
        ground = self._ground
        self._late = True
        ground.refresh()
        kind = "FUNCTION" if running.is_function else "SCRIPT"
        ground.log.warning(
            _SLOW[ground.ctx.options.style].format(
                ms=took_ms, name=running.name.decode("utf-8", "backslashreplace"), kind=kind
            )
        )
        # What the caller sends meanwhile is for afterwards.
        self._caller = ground.ctx.session
        if self._caller.transport is not None:
            peer_of(self._caller).stop_reading()

    def _end(self) -> None:
        """The script has ended, in one way or the other."""
        self._seen = None
        if not self._late:
            return
        self._late = False
        self._ground.refresh()
        caller, self._caller = self._caller, None
        if caller is not None and caller.transport is not None:
            peer_of(caller).read_on()

    @contextmanager
    def _apart(self) -> Iterator[None]:
        """Hide what the script has begun from what others run while the block lasts."""
        ground = self._ground
        ctx, dispatcher, turn = ground.ctx, ground.dispatcher, ground.turn
        caller = ctx.session
        held = ctx.db, ctx.resp3, ctx.fact, ctx.keyspace.clock.now_ms
        units = dispatcher.propagation
        collected, units.collected = units.collected, []
        afterwards = list(dispatcher.afterwards)
        dispatcher.afterwards.clear()
        in_exec, units.in_exec = units.in_exec, False
        # Replies of the caller's leave when its script is done.
        waits = caller in turn.sessions
        turn.sessions = [session for session in turn.sessions if session is not caller]
        try:
            yield
        finally:
            ctx.session = caller
            ctx.db, ctx.resp3, ctx.fact, ctx.keyspace.clock.now_ms = held
            units.collected, units.in_exec = collected, in_exec
            dispatcher.afterwards[:0] = afterwards
            if waits:
                turn.sessions.append(caller)
                turn.arm()
