"""``netsuite manual``: manual pages, made of what ``--help`` says of each command."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from netsuite import __version__
from netsuite.cli.client.problems import Exit
from netsuite.cli.commands import CommandGroup

#: Exit codes in words; those of programs that signals end are the shell's.
CODES: Final = {
    Exit.DONE: "Done.",
    Exit.REFUSED: "Refused, by the server or for what is said.",
    Exit.USAGE: "The command line, a URL or the configuration makes no sense.",
    Exit.NO_CONNECTION: "No connection: no such host, refused, or lost before the end.",
    Exit.TLS: "TLS: a certificate that is not good, or no TLS where it is required.",
    Exit.LOGIN: "The login was refused, or none may be used.",
    Exit.TIMEOUT: "Too slow.",
    Exit.FILE: "A file here cannot be read or written.",
    Exit.PARTLY: "Some of it was done, and some not; each is told.",
    Exit.UNFORESEEN: "A fault of ours; please report it.",
    Exit.INTERRUPTED: "Interrupted.",
    Exit.READER_GONE: "Whoever read standard output has gone.",
}
#: Lines of the source are no longer, where words allow.
COLUMNS: Final = 78
_QUOTED: Final = re.compile(r"`([^`]+)`")


@click.command("manual")
@click.argument("name", required=False)
@click.option("--man", "directory", metavar="DIR", type=click.Path(path_type=Path),
              help="Write all pages into this directory, netsuite.1 and the others.")  # fmt: skip
@click.pass_context
def manual(context: click.Context, name: str | None, directory: Path | None) -> None:
    """Print the manual page of a command, or write all of them.

    netsuite manual get | man -l -
    """
    root = context.find_root().command
    assert isinstance(root, CommandGroup)
    pages = dict(_pages(root))
    if directory is not None:
        directory.mkdir(parents=True, exist_ok=True)
        for each, page in pages.items():
            (directory / f"{each}.1").write_text(page, encoding="utf-8")
        click.echo(f"{len(pages)} pages are in {directory}")
        return
    wanted = "netsuite" if name is None else f"netsuite-{name}"
    if wanted not in pages:
        raise click.UsageError(f"there is no command {name}")
    click.echo(pages[wanted], nl=False)


def _pages(root: CommandGroup) -> Iterator[tuple[str, str]]:
    """Return the pages by their names."""
    with click.Context(root, info_name="netsuite") as context:
        commands = [(name, root.get_command(context, name)) for name in root.list_commands(context)]
        yield "netsuite", "\n".join(_whole(root, context)) + "\n"
        for name, command in commands:
            assert command is not None  # it is listed
            yield f"netsuite-{name}", "\n".join(_page(name, command, context)) + "\n"


def _whole(root: CommandGroup, context: click.Context) -> Iterator[str]:
    """Return the lines of netsuite(1): the sections of commands, each with its page."""
    yield from _head("netsuite", "classic Internet protocols: servers, and clients by URL")
    yield from _synopsis(root, context)
    yield ".SH DESCRIPTION"
    yield from _paragraphs(root.help or "")
    yield from _options(root, context)
    for title, entries in root.sections.items():
        yield f".SH {_escaped(title).upper()}"
        for name, entry in entries.items():
            yield ".TP"
            yield f".BR netsuite\\-{_escaped(name)} (1)"
            yield _text(entry.help)
    yield from _codes()
    yield ".SH FILES"
    yield ".TP"
    yield ".I netsuite.toml"
    yield "The configuration, in the home directory; see"
    yield ".BR netsuite\\-describe\\-config (1)."
    yield ".SH ENVIRONMENT"
    yield ".TP"
    yield ".B NETSUITE_HOME"
    yield "The home directory."


def _page(name: str, command: click.Command, above: click.Context) -> Iterator[str]:
    """Return the lines of a command's page, its subcommands' among them."""
    with click.Context(command, info_name=name, parent=above) as context:
        yield from _head(f"netsuite-{name}", command.get_short_help_str(300))
        yield from _synopsis(command, context)
        yield ".SH DESCRIPTION"
        yield from _paragraphs(command.help or "")
        yield from _options(command, context)
        if isinstance(command, click.Group):
            yield ".SH COMMANDS"
            for each, below in command.commands.items():
                with click.Context(below, info_name=each, parent=context) as inner:
                    yield f".SS {_escaped(f'{name} {each}')}"
                    yield from _usage(below, inner)
                    yield ".PP"
                    yield from _paragraphs(below.help or "")
                    yield from _items(below, inner)
    yield from _codes()
    yield ".SH SEE ALSO"
    yield ".BR netsuite (1)"


def _head(name: str, what: str) -> Iterator[str]:
    title = _escaped(name)
    yield f'.TH "{title.upper()}" 1 "{_day()}" "netsuite {_escaped(__version__)}" "netsuite"'
    yield ".SH NAME"
    line = what.rstrip(".")
    yield f"{title} \\- {_escaped(line[:1].lower() + line[1:])}"


def _day() -> str:
    """Return when the pages are of: of the build, or of the code itself."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    seconds = float(given) if given.isdigit() else Path(__file__).stat().st_mtime
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"


def _synopsis(command: click.Command, context: click.Context) -> Iterator[str]:
    yield ".SH SYNOPSIS"
    yield from _usage(command, context)


def _usage(command: click.Command, context: click.Context) -> Iterator[str]:
    words = " ".join(command.collect_usage_pieces(context))
    yield f".B {_escaped(context.command_path)}"
    if words:
        yield _text(words)


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    items = list(_items(command, context))
    if items:
        yield ".SH OPTIONS"
        yield from items


def _items(command: click.Command, context: click.Context) -> Iterator[str]:
    """Return the options, each with what it does."""
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and isinstance(parameter, click.Option):
            yield ".TP"
            yield f".B {_escaped(record[0])}"
            yield _text(record[1]) or "\\&"


def _codes() -> Iterator[str]:
    yield ".SH EXIT STATUS"
    for code, words in CODES.items():
        yield ".TP"
        yield f".B {int(code)}"
        yield _text(words)


def _paragraphs(text: str) -> Iterator[str]:
    parts: Sequence[str] = re.split(r"\n\s*\n", text.strip())
    for count, each in enumerate(parts):
        if count:
            yield ".PP"
        if each.lstrip().startswith("\b"):  # click's mark: lines as they are
            lines = [line.strip() for line in each.replace("\b", "").strip().splitlines()]
            yield "\n".join([".nf", *map(_text, lines), ".fi"])
        else:
            yield _text(each)


def _text(text: str) -> str:
    """Return lines of text; what stands between backquotes is bold."""
    escaped = _QUOTED.sub(r"\\fB\1\\fR", _escaped(" ".join(text.split())))
    lines = textwrap.wrap(escaped, COLUMNS, break_long_words=False, break_on_hyphens=False)
    # A dot or an apostrophe at a line's beginning would make it a request.
    return "\n".join(f"\\&{each}" if each.startswith((".", "'")) else each for each in lines)


def _escaped(text: str) -> str:
    """Return text as roff takes it literally."""
    return text.replace("\\", "\\e").replace("-", "\\-")
