"""Who has started the process, and wants to know when it is ready (``redisIsSupervised``)."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Mapping
from contextlib import suppress


class Supervisor:
    """systemd, upstart, or nobody.

    Attributes:
        name: as INFO tells it.
    """

    def __init__(self, wanted: str, environment: Mapping[str, str]) -> None:
        """``wanted``: as of the option ``supervised``."""
        self._address = environment.get("NOTIFY_SOCKET", "")
        self.name = "no"
        if wanted in ("systemd", "auto") and self._address:
            self.name = "systemd"
        elif wanted in ("upstart", "auto") and environment.get("UPSTART_JOB"):
            self.name = "upstart"

    def started(self) -> None:
        """The process is there: upstart wants it to stop until it is told to go on."""
        if self.name == "upstart":
            os.kill(os.getpid(), signal.SIGSTOP)

    def ready(self) -> None:
        """Clients are served from now on."""
        self._tell("STATUS=Ready to accept connections\nREADY=1\n")

    def stopping(self) -> None:
        """The process is about to end."""
        self._tell("STOPPING=1\n")

    def _tell(self, text: str) -> None:
        """Send it; a supervisor that has gone stops nobody."""
        if self.name != "systemd":
            return
        # A leading @ stands for the zero byte of a name that is in no file system.
        address = self._address.replace("@", "\0", 1) if self._address[0] == "@" else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.sendto(text.encode(), address)
