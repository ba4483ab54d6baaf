"""``netsuite completion``: the script that has a shell complete the command's words at TAB."""

from __future__ import annotations

from typing import Final

import click
from click.shell_completion import get_completion_class

#: The variable by which the shell's script asks the command; click's name for it.
VARIABLE: Final = "_NETSUITE_COMPLETE"


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what has bash, zsh or fish complete netsuite's words.

    bash: netsuite completion bash > ~/.local/share/bash-completion/completions/netsuite;
    zsh: into a file _netsuite in a directory of $fpath; fish: into
    ~/.config/fish/completions/netsuite.fish.
    """
    made = get_completion_class(shell)
    assert made is not None  # the choices are click's own
    shown = made(context.find_root().command, {}, "netsuite", VARIABLE)
    # Not source(), which looks for a bash here: that of who uses the script counts.
    click.echo(shown.source_template % shown.source_vars())
