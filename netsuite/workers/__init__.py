"""Several processes that serve one daemon's ports: the parent, the workers, what they share."""
