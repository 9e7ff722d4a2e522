"""Which part of the server the running task belongs to, where one process runs several: gateway, core, delivery."""

from contextvars import ContextVar

current: ContextVar[str] = ContextVar("part", default="")
"""The part's name; empty where the process is one part. Tasks inherit it from the task that starts them."""
