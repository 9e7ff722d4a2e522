"""gRPC without a network: calls from one part of a process to another, by the generated stubs, through the same
interceptors to the same servicers.

Both sides see what they would see over a connection: deadlines, cancellation, statuses with metadata, streams that wait
for their reader, and messages of their own, because each message crosses as bytes.
"""

from service_kit.in_process.channel import InProcessChannel
from service_kit.in_process.server import InProcessServer

__all__ = ["InProcessChannel", "InProcessServer"]
