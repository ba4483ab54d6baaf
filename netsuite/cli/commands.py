"""The group of all commands, which imports a command when it is called, not to list it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NamedTuple, NoReturn

import click

from netsuite.cli.client.problems import Exit
from netsuite.home import SiteError


class Entry(NamedTuple):
    """A command that has not been imported.

    Args:
        help: its line in the list of commands; a test holds it against the command's own.
    """

    module: str
    attribute: str
    help: str


class Subcommands(click.Group):
    """Commands of one thing, each listed with its whole line."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands into the help; click's own cuts the lines off."""
        with formatter.section("Commands"):
            rows = [(name, self.commands[name].get_short_help_str(200))
                    for name in self.list_commands(ctx)]  # fmt: skip
            formatter.write_dl(rows)


class CommandGroup(click.Group):
    """Commands by name, in sections; what goes wrong with one is a line.

    Args:
        sections: title to the entries below it.
    """

    def __init__(
        self, *args: Any, sections: Mapping[str, Mapping[str, Entry]] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.sections = sections or {}
        self.entries = {name: e for each in self.sections.values() for name, e in each.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, as they are listed."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = vars(import_module(entry.module))[entry.attribute]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands into the help."""
        for title, entries in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(name, entry.help) for name, entry in entries.items()])

    def main(self, *args: Any, standalone_mode: bool = True, **kwargs: Any) -> Any:
        """Run a command line; end the process with its code."""
        run: Callable[..., Any] = super().main
        if not standalone_mode:
            return run(*args, standalone_mode=False, **kwargs)
        try:
            code = run(*args, standalone_mode=False, **kwargs)
        except click.ClickException as error:
            _refuse(error)
        except click.Abort as abort:
            _left(abort)
        except SiteError as error:
            _refuse(click.ClickException(str(error)))
        except OSError as error:
            if error.filename is None:
                raise
            _refuse(click.ClickException(f"{error.filename}: {error.strerror}"))
        raise SystemExit(code if isinstance(code, int) else 0)


def _refuse(error: click.ClickException) -> NoReturn:
    """Say what is wrong in one line, and for a wrong use where the right one stands."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        raise SystemExit(error.exit_code) from None
    text = " ".join(error.format_message().split())
    if isinstance(error, click.UsageError) and error.ctx is not None:
        text = _advice(error, error.ctx)
    click.echo(f"netsuite: {text}", err=True)
    raise SystemExit(error.exit_code) from None


def _advice(error: click.UsageError, context: click.Context) -> str:
    """Return what is wrong with a line, and where the right one stands."""
    root = context.find_root()
    if isinstance(error, click.NoSuchOption) and context is not root:
        name = error.option_name
        if any(name in each.opts for each in root.command.params):
            return f"{name} stands before the command; see {root.command_path} --help"
    text = " ".join(error.format_message().split())
    text = text[:1].lower() + text[1:].removesuffix(".")  # click's own are sentences
    text = text.replace(". Did you", " (did you").replace(". (Did you", " (did you")
    if "(did you" in text:
        text = text.removesuffix(")") + ")"
    return f"{text}; see {context.command_path} --help"


def _left(abort: click.Abort) -> NoReturn:
    """Say why a command was left at a question."""
    if isinstance(abort.__context__, KeyboardInterrupt):
        click.echo("netsuite: interrupted", err=True)
        raise SystemExit(int(Exit.INTERRUPTED)) from None
    ended = isinstance(abort.__context__, EOFError)
    reason = "standard input has ended before an answer" if ended else "answered with no"
    click.echo(f"netsuite: nothing was done: {reason}", err=True)
    raise SystemExit(1) from None
