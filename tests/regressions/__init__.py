"""Faults of the past, across parts: one test for each, so that it does not come back."""
