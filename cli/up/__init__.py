"""`smith up`: the whole system on one machine, in the foreground."""

import os

# As root, PostgreSQL is run as another user, for which Python forks where it would use vfork. In that child gRPC would
# start its threads anew before `exec`, and crash it now and then. gRPC reads this when it is imported.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"
