"""``python -m netsuite``: the command line."""

from netsuite.cli import main

main(prog_name="netsuite")
