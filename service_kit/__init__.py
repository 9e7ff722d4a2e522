"""What every process shares and that knows no business: settings, logs, errors, servers, clients, database."""

import os

# gRPC's own handlers of fork() crash the child now and then, though our processes fork for nothing but to run another
# program. It reads this when its first channel or server is made.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "false"
