"""The delivery log: what the pages of messages and of webhook calls have in common."""
