"""What a file must hold to be a key that signs pushes."""


def why_not_a_key(content: bytes) -> str | None:
    """Why this is no P-256 private key in PEM, in words that follow the file's name; None if it is one."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return "is not a private key"
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        return "is a key of another kind: pushes need P-256"
    return None
