"""Work that tables owe: claimed, done, settled. Pushes, Live Activities, webhooks and mails use the same parts."""
