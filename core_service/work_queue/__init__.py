"""Work that tables owe: claimed, done, settled. The same parts for pushes, Live Activities, webhooks and mails."""
