"""Steering a running daemon and looking into it: the questions, their answers, ``control.sock``."""
