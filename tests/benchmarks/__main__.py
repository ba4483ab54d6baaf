"""``python -m tests.benchmarks [NAME ...] [--rst FILE]``: all of them, or those named."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.benchmarks import (
    acceptance,
    big_message,
    command,
    connections,
    daemons,
    files_ftp,
    gopher,
    idle,
    judging,
    kit,
    mailboxes,
    metrics,
    mirror,
    news,
    queue,
    recipients,
    relay,
    sizing,
    stress,
    telnet,
    web,
    workers,
    writers,
)
from tests.benchmarks.report import Report, versions

BENCHMARKS = {
    "acceptance": acceptance.measure,
    "recipients": recipients.measure,
    "relay": relay.measure,
    "queue": queue.measure,
    "judging": judging.measure,
    "big-message": big_message.measure,
    "sizing": sizing.measure,
    "idle": idle.measure,
    "connections": connections.measure,
    "daemons": daemons.measure,
    "mailboxes": mailboxes.measure,
    "stress": stress.measure,
    "news": news.measure,
    "gopher": gopher.measure,
    "telnet": telnet.measure,
    "web": web.measure,
    "files-ftp": files_ftp.measure,
    "mirror": mirror.measure,
    "command": command.measure,
    "writers": writers.measure,
    "workers": workers.measure,
    "kit": kit.measure,
    "metrics": metrics.measure,
}


def main() -> int:
    """Run benchmarks; exit 1 when a goal was not reached."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], metavar="NAME",
                        help=f"of {', '.join(BENCHMARKS)}; none: all")  # fmt: skip
    parser.add_argument("--rst", type=Path, help="write the table to this file, too")
    arguments = parser.parse_args()
    report = Report()
    for name in arguments.names or BENCHMARKS:
        BENCHMARKS[name](report)
    if arguments.rst:
        arguments.rst.write_text(report.rst(versions()))
    for failure in report.failed:
        print(f"not reached: {failure}", file=sys.stderr)
    return 1 if report.failed else 0


sys.exit(main())
