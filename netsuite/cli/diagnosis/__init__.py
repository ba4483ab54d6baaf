"""The parts of ``netsuite doctor``: each module probes one part of a machine, and judges it.

What judges is given plain values, so that every case can be tried on any machine.
"""
