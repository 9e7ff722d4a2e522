"""What accounts can refuse beyond the shared errors."""

from service_kit.errors import AlreadyExists


class AlreadyBootstrapped(AlreadyExists):
    """The server has an account that belongs to somebody else."""

    def __init__(self) -> None:
        super().__init__("This server has an account already, with other people; nothing was changed.")
