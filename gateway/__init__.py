"""The REST API: translates documented JSON to calls of the core service, and the answers back. Nothing else."""
