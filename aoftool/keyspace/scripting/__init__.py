"""Lua scripts as Redis runs them (EVAL and its kin), on lupa's Lua 5.1."""
