"""The server's own key for browsers, in the data folder. Browsers subscribe with it: with another they would have to be
paired again, so it is made once and is part of backups."""

import os
import tempfile
from pathlib import Path

from cli.up.unfinished_restore import sync_folder

WEB_PUSH_KEY = "webpush.pem"
"""Its name in the data folder."""


def ensure_web_push_key(folder: Path) -> None:
    """Makes the key, unless there is one. A crash at any moment leaves a whole key or none."""
    path = folder / WEB_PUSH_KEY
    if path.exists():
        return
    # They take long to load, and only the first start needs them.
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    put_web_push_key(folder, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def put_web_push_key(folder: Path, pem: bytes) -> None:
    """Writes the key, or replaces it, in one step. Only the owner may read it."""
    handle, scratch = tempfile.mkstemp(dir=folder, prefix=f".{WEB_PUSH_KEY}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(handle)
        Path(scratch).replace(folder / WEB_PUSH_KEY)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
    sync_folder(folder)
