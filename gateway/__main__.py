"""`python -m gateway`: serves the REST API until told to stop."""

from service_kit import loading

loading.begin()

# What uvicorn has for starting again whenever a source file changes.
with loading.without("watchfiles"):
    from gateway.settings import GatewaySettings
    from gateway.wiring import serve
    from service_kit import http_server, settings


def main() -> None:
    """Runs the gateway; ends with exit code 2 and one line if its settings or its address cannot be used."""
    config = settings.load(GatewaySettings)
    http_server.run("gateway", config, config.gateway_port, lambda stop: serve(config, stop))


if __name__ == "__main__":
    main()
