"""The beginning of a connection: h2's configuration, and APNs' first SETTINGS."""

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.settings import SettingCodes, Settings

from simulator.apns.faults import FaultSettings


def server_side() -> H2Connection:
    """The server's end of a connection.

    Without h2's checks of headers: a wrong header gets APNs' answer, not a closed connection.
    """
    return H2Connection(
        H2Configuration(
            client_side=False,
            header_encoding=None,
            validate_inbound_headers=False,
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
        )
    )


def greet(h2: H2Connection, faults: FaultSettings) -> None:
    """Begins the connection with the SETTINGS that senders have seen from APNs."""
    # Only a fresh Settings object reaches the first SETTINGS frame: h2 queues later changes.
    h2.local_settings = Settings(
        client=False,
        initial_values={
            SettingCodes.HEADER_TABLE_SIZE: 4096,
            SettingCodes.ENABLE_PUSH: 0,
            SettingCodes.MAX_CONCURRENT_STREAMS: faults.initial_streams,
            SettingCodes.INITIAL_WINDOW_SIZE: faults.initial_window,
            SettingCodes.MAX_FRAME_SIZE: 16_384,
            SettingCodes.MAX_HEADER_LIST_SIZE: 8000,
        },
    )
    h2.initiate_connection()
