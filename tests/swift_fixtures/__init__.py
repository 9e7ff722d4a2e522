"""Writes what the iPhone app's tests decode: every payload that core's builders can write.

`make fixtures` writes the files, and `make check` fails if they are stale.
"""
