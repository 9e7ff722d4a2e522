"""Work owed to phones: claimed, handed to the delivery service, settled, retried."""
