"""`python -m single_process`: gateway, core and delivery, until told to stop."""

from service_kit import loading

loading.begin()

# What httpx has for its command line, and uvicorn for starting again whenever a source file changes.
with loading.without("pygments", "rich", "watchfiles"):
    from service_kit import logs, process, tracing
    from service_kit.peers import require_protection
    from single_process import settings
    from single_process.wiring import serve

PARTS = ("gateway", "core", "delivery")


def main() -> None:
    """Runs all three. If one of them cannot start, the process ends with that one's message and exit code."""
    told = settings.read()
    logs.configure("server", told.core.log_level, told.core.log_format)
    require_protection(told.core, "core")
    require_protection(told.delivery, "delivery")
    for part in PARTS:
        tracing.configure(part)
    try:
        process.run(lambda stop: serve(told, stop))
    finally:
        tracing.shutdown()


if __name__ == "__main__":
    main()
