"""`activitysmith`: push notifications and Live Activities from a shell.

A distribution of its own (`activitysmith-cli`), so that a build machine needs no part of the server.
"""

__version__ = "0.1.0"
