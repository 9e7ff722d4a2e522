"""Tests the server with faults under load, such as kills and lost connections, and counts which pushes arrive."""
