"""What machines ask of a daemon: metrics for Prometheus, whether it lives, whether it can serve."""
