"""Where the processes of this machine listen."""

from cli.up.settings import Port, reachable
from service_kit.settings import OptionalPort, ServiceSettings


class HealthSettings(ServiceSettings):
    """The ports of all processes."""

    gateway_port: Port = 8000
    admin_port: OptionalPort = 8080
    core_port: Port = 50051
    delivery_port: Port = 50052
    simulator_port: Port = 8090
    simulator_bind_host: str = "127.0.0.1"

    def address_of(self, process: str) -> str:
        """`host:port` of this process on this machine."""
        host = self.simulator_bind_host if process == "simulator" else self.bind_host
        return f"{reachable(host)}:{getattr(self, f'{process}_port')}"
