"""What the system's signals do to a server (``setupSignalHandlers`` in server.c)."""

from __future__ import annotations

import asyncio
import faulthandler
import os
import signal
import traceback
from types import FrameType

from aofserver.crash import end_by
from aofserver.parts import Parts

_OPTIONS = {signal.SIGTERM: "shutdown-on-sigterm", signal.SIGINT: "shutdown-on-sigint"}
#: Ticks of the cron without which the watchdog barks at the earliest.
_LEAST_TICKS = 2
#: What the words of those options say of a snapshot.
_SAVES = {"save": True, "nosave": False}


class Signals:
    """Takes signals for one server, in the main thread, whatever that one is doing."""

    def __init__(self, server: Parts, loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._loop = loop
        self._asked = False

    def take(self) -> None:
        """From now on."""
        # Asyncio's own handlers are called by the loop: not while a script runs without end.
        for number in _OPTIONS:
            signal.signal(number, self._end)
        for number in (signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)
        if self._server.config.flag("crash-log-enabled"):
            # Faults in compiled code: Python can no longer run, but its stack can be told.
            faulthandler.enable(self._fault_log())
            signal.signal(signal.SIGABRT, self._abort)
        signal.signal(signal.SIGALRM, self._tell_stack)
        self._server.config.on_change("watchdog-period", lambda period: self._put_off())
        self._watch()

    def _fault_log(self) -> int:
        """A descriptor of the log that stays open: one cannot be opened any more when it counts."""
        path = self._server.log.path
        if path is None:
            return 1
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)

    def _end(self, number: int, frame: FrameType | None) -> None:
        server, log = self._server, self._server.log
        if self._asked and number == signal.SIGINT:
            log.warning("You insist... exiting now.")
            os._exit(1)
        if self._asked:
            return
        if server.loading is not None:
            log.warning("Received shutdown signal during loading, exiting now.")
            os._exit(0)
        self._asked = True
        log.warning(f"Received {signal.Signals(number).name} scheduling shutdown...")
        words: list[str] = server.config[_OPTIONS[signal.Signals(number)]]
        self._loop.call_soon_threadsafe(self._shut_down, words)

    def _shut_down(self, words: list[str]) -> None:
        save = next((_SAVES[word] for word in words if word in _SAVES), None)
        self._asked = self._server.ending.shutdown(save, "force" in words)

    def _abort(self, number: int, frame: FrameType | None) -> None:
        self._server.crash.report(f"crashed by signal: {number}", frame)
        end_by(number)

    def _watch(self) -> None:
        """Have the watchdog wait for another period, as long as the loop comes by."""
        if self._server.config.number("watchdog-period"):
            self._put_off()
        self._loop.call_later(1 / self._server.config.number("hz"), self._watch)

    def _put_off(self) -> None:
        """The alarm goes off a period from now, or not at all."""
        config = self._server.config
        period_s = config.number("watchdog-period") / 1000
        least_s = _LEAST_TICKS / config.number("hz")
        signal.setitimer(signal.ITIMER_REAL, max(period_s, least_s) if period_s else 0)

    def _tell_stack(self, number: int, frame: FrameType | None) -> None:
        """Say where the program is (``sigalrmSignalHandler``)."""
        stack = "".join(traceback.format_stack(frame)).rstrip()
        watching = self._server.config.number("watchdog-period")
        reason = "--- WATCHDOG TIMER EXPIRED ---" if watching else "Received SIGALRM"
        self._server.log.warning(f"{reason}\n------ STACK TRACE ------\n{stack}\n--------")
