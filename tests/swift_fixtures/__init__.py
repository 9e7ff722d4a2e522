"""Writes what the iPhone app's tests decode: every payload that core's builders can write.

`make fixtures` writes the files, and `make check` fails if they are stale: `content_states`, `activity_pushes`,
`notification_pushes` and `inbox`, by core's builders, and `figures`, by the web admin's. The others in their folder are
tables written by hand that several readers are held to: `cards`, `decoding`, `links`, `media`, `catch_up`.
"""
