"""A place that webhooks can be pointed at."""
