"""Data connections: how one is arranged and found, what goes over it, how it ends."""
