"""The security headers of every answer, above all the content security policy.

Why it is no stricter: NiceGUI turns handlers written in JavaScript, and templates of Vue, into functions in the
browser, for which `script-src` needs `'unsafe-eval'`. Scripts that were not sent with the page still do not run: inline
ones need the page's nonce, which only NiceGUI's own template gets (see `nonces`). Pictures and sounds of notifications
are wherever their senders keep them, so `img-src` and `media-src` allow any HTTPS origin.
"""

from collections.abc import Sequence

NONCE_KEY = "smith.nonce"
"""Key of the page's nonce in its ASGI scope."""
PERMISSIONS = ("accelerometer", "camera", "geolocation", "gyroscope", "magnetometer", "microphone", "payment", "usb")
ONE_YEAR = 365 * 86400

Header = tuple[bytes, bytes]


def content_security_policy(nonce: str, host: str, *, is_https: bool) -> str:
    """The policy of a page with this nonce that was asked for at `host`; `host` is empty if it is not this app's."""
    # Not every browser takes `'self'` to include the socket.
    socket = f" {'wss' if is_https else 'ws'}://{host}" if host else ""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}' 'unsafe-eval'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data: https:",
            "media-src 'self' https:",
            "font-src 'self'",
            f"connect-src 'self'{socket}",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def security_headers(nonce: str, host: str, *, is_https: bool) -> Sequence[Header]:
    """The headers of every answer."""
    headers = {
        "content-security-policy": content_security_policy(nonce, host, is_https=is_https),
        "x-content-type-options": "nosniff",
        # Not `no-referrer`, with which browsers would send `Origin: null` with our own forms.
        "referrer-policy": "same-origin",
        "permissions-policy": ", ".join(f"{name}=()" for name in PERMISSIONS),
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
    if is_https:
        headers["strict-transport-security"] = f"max-age={ONE_YEAR}"
    return [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
