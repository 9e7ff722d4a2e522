"""Where a person may be sent after signing in."""


def within(path: str) -> str:
    """The path if it is one of this app, otherwise `/`: signing in must not redirect to another site."""
    is_path = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_path and len(path) <= 2000 else "/"
