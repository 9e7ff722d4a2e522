"""The REST face of the core service: documented JSON to protobuf and back, and nothing else."""
