"""Across protocols: real daemons, real sockets on loopback, ports the kernel chose."""
