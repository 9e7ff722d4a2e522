"""The addresses of the processes of this machine."""

from cli.up.settings import Port
from service_kit.addresses import LOOPBACK, BindHost, join, reachable
from service_kit.settings import OptionalPort, ServiceSettings


class HealthSettings(ServiceSettings):
    """The ports of all processes."""

    gateway_port: Port = 8000
    admin_port: OptionalPort = 8080
    core_port: Port = 50051
    delivery_port: Port = 50052
    simulator_port: Port = 8090
    simulator_bind_host: BindHost = LOOPBACK

    def address_of(self, process: str) -> str:
        """`host:port` of this process on this machine."""
        host = self.simulator_bind_host if process == "simulator" else self.bind_host
        return join(reachable(host), getattr(self, f"{process}_port"))
