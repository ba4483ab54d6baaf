"""Octets: what all line protocols share and no protocol owns. Imports nothing of netsuite."""
