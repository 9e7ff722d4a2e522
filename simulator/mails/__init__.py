"""A mail sink: it sends no mail on, and the control API shows the mails."""
