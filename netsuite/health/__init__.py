"""Metrics for Prometheus, and answers to machines: whether a daemon lives, and can serve."""
