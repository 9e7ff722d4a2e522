"""The project's packages that people install, for tests that go through all of them."""

SERVER = (
    "admin_ui",
    "cli",
    "core_service",
    "delivery_service",
    "gateway",
    "service_kit",
    "simulator",
    "single_process",
)
"""What the wheel of the server holds, beside `gen`."""
CLIENT = "activitysmith-cli"
"""The folder of the command-line client, which is a distribution of its own."""
