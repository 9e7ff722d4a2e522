"""The SETTINGS that APNs sends: the first ones of a connection, and how many streams it allows later."""

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.settings import SettingCodes, Settings

from simulator.apns.faults import FaultSettings
from simulator.apns.rules import Verdict


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


class StreamLimit:
    """How many streams a connection may have open: few until the sender has proved who it is."""

    def __init__(self, h2: H2Connection) -> None:
        self._h2 = h2
        self._streams = 0
        self._trusted = False

    def greet(self, faults: FaultSettings) -> None:
        """Begins the connection with the SETTINGS that senders have seen from APNs."""
        self._streams = faults.initial_streams
        # Only a fresh Settings object reaches the first SETTINGS frame: h2 queues later changes.
        self._h2.local_settings = Settings(
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
        self._h2.initiate_connection()

    def adapt(self, verdict: Verdict, faults: FaultSettings, *, known: bool) -> None:
        """Changes the limit with the verdict on a request. `known`: a valid provider token has come."""
        if not self._trusted:
            if not known:
                return
            self._trusted = True
            self.set(faults.streams)
        if faults.drop_to_one_after_error:
            if verdict.status == 200:
                self.set(faults.streams)
            # Apple: 410 does not count as an error.
            elif verdict.status != 410:
                self.set(1)

    def set(self, streams: int) -> None:
        """Sets the limit."""
        if streams != self._streams:
            self._streams = streams
            self._h2.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: streams})
