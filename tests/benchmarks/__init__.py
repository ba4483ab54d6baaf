"""Measures netsuite beside its peers, in one run on one machine: ``python -m tests.benchmarks``.

Machines are noisy and differ, so what counts are the ratios of figures taken side by side.
"""
