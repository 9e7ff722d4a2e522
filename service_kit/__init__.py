"""Technical parts that all processes share: settings, logs, errors, servers, clients, database. No business rules."""

import os

# gRPC's handlers of fork() crash the child now and then. Our processes fork only to run another program, so they need
# no such handlers. gRPC reads this variable when its first channel or server is made.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "false"
