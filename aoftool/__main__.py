"""``python -m aoftool``."""

from aoftool.cli import main

main(prog_name="aoftool")
