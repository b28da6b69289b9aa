"""What a server says of itself before it ends by a fault (``bugReportStart`` in debug.c).

The report is lines of the log. The AOF is left as it is: what was written to it is whole commands,
and what was not has not been acknowledged.
"""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import FrameType

from aofserver.config import Config
from aofserver.log import Log

#: What makes the text of a part of the report.
Section = Callable[[], str]


class Crash:
    """Tells of faults.

    Attributes:
        sections: what the report says beside where the program was, by title.
    """

    def __init__(self, config: Config, log: Log) -> None:
        self.sections: Mapping[str, Section] = {}
        self._config = config
        self._log = log

    def report(self, reason: str, frame: FrameType | None = None) -> None:
        """Write the report, where ``crash-log-enabled`` wants one.

        ``frame``: where the program was; None: where this is called.
        """
        if not self._config.flag("crash-log-enabled"):
            return
        stack = "".join(traceback.format_stack(frame)).rstrip()
        parts = {"STACK TRACE": stack, **{name: _told(of) for name, of in self.sections.items()}}
        self._log.warning("=== REDIS BUG REPORT START: Cut & paste starting from here ===")
        self._log.warning(reason)
        for title, text in parts.items():
            self._log.warning(f"------ {title} ------\n{text}")
        self._log.warning("=== REDIS BUG REPORT END ===")

    def give_up(self) -> None:
        """End now: by SIGABRT, or with code 1 (``use-exit-on-panic``)."""
        if self._config.flag("use-exit-on-panic"):
            os._exit(1)
        end_by(signal.SIGABRT)


def end_by(number: int) -> None:
    """End by a signal, as if nobody had wanted to be told of it."""
    with suppress(ValueError):  # in a thread of another program, which keeps its handlers
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _told(section: Section) -> str:
    """A part of the report. What is wrong may be that which it tells of: that stops nothing."""
    try:
        return section()
    except Exception as error:
        return f"could not be told: {error!r}"
