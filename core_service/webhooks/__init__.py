"""Webhook actions: what somebody's tap asks for, kept until it is done or has failed for good."""
