"""The entry point of ``aofserver``."""

from __future__ import annotations

import sys


def main() -> None:
    """Say that the server is not there yet; exit status 1."""
    sys.stderr.write("aofserver: the live server is not built yet; aoftool works on files today\n")
    sys.exit(1)


if __name__ == "__main__":
    main()
