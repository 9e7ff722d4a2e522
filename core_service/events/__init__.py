"""Events: what happens in accounts, sent to watchers as it happens."""
