"""`activitysmith`: push notifications and Live Activities from a shell.

A distribution of its own (`activitysmith-cli`), so that a build machine needs nothing of the server's.
"""

__version__ = "0.1.0"
