"""Strangers' clients against our servers; one that is not installed is skipped, and counted."""
