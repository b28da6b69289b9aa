"""``python -m aofserver``."""

from aofserver.cli import main

if __name__ == "__main__":
    main()
