"""Takes pushes as APNs does, with so little work that it is not what a benchmark measures. It has no phones."""
