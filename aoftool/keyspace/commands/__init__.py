"""The declarations of all commands, one file for each group; importing them fills the table."""

from aoftool.keyspace.commands import strings

__all__ = ["strings"]
