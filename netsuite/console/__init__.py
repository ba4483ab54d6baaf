"""The web console, for administrators, on a listener of its own."""
