"""The tests of netsuite: they mirror the package, one module a module."""
