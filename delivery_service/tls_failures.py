"""Tells failures of TLS from others."""

import ssl


def is_of_tls(error: BaseException | None) -> bool:
    """Whether TLS is what failed, here or in what this error came of."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
