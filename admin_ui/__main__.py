"""`python -m admin_ui`: serves the web admin until told to stop."""

from service_kit import loading

loading.begin()

# What uvicorn has for starting again whenever a source file changes.
with loading.without("watchfiles"):
    from admin_ui.settings import AdminSettings
    from admin_ui.wiring import serve
    from service_kit import http_server, settings


def main() -> None:
    """Runs the admin app; ends with exit code 2 and one line if its settings or its address cannot be used."""
    config = settings.load(AdminSettings)
    http_server.run("admin", config, config.admin_port, lambda stop: serve(config, stop))


if __name__ == "__main__":
    main()
