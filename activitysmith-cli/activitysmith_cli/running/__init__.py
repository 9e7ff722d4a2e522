"""`activitysmith run`: a command, and its Live Activity."""
