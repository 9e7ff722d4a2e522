"""`smith up`: the whole system on one machine, in the foreground."""

import os

# As root, PostgreSQL runs as another user; then Python uses fork instead of vfork. In the child gRPC would restart its
# threads before `exec`, and crash the child now and then. gRPC reads this variable when it is imported.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"
