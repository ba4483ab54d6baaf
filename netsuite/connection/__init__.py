"""The Twisted side that all protocols share: one connection class for every dialog."""
