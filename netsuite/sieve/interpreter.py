"""The interpreter: a compiled script, a message and what is known of its delivery, to what is done
with it. See RFC 5228, 2.10; RFC 5229, 4; RFC 5232, 3; RFC 5429.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Final

from netsuite.message.address import parse_address
from netsuite.sieve import limits
from netsuite.sieve.conditions import holds
from netsuite.sieve.errors import RunError, ScriptError
from netsuite.sieve.facts import Facts
from netsuite.sieve.flags import flags_of
from netsuite.sieve.message import MessageView
from netsuite.sieve.outcome import FileInto, Keep, Outcome, Redirect, Reject, Vacation
from netsuite.sieve.script import Inclusion, Node, Script
from netsuite.sieve.state import Run
from netsuite.sieve.vacation import vacation


def run(script: Script, message: MessageView, facts: Facts) -> Outcome:
    """Run a script; an error keeps the message, and does nothing else with it (RFC 5228, 2.10.6).

    Raises:
        Wanted: it has to be known first whether something was seen before: ask, and run again.
    """
    state = Run(script, message, facts)
    try:
        _block(state, script.commands)
    except RunError as error:
        return Outcome((Keep(),), error=str(error))
    if state.keeps:
        state.actions.append(Keep(_flags(state)))
    return Outcome(tuple(state.actions), tuple(state.seen.values()))


class _Next(enum.Enum):
    """What comes behind commands that were run."""

    COMMAND = enum.auto()
    #: The one behind ``include``.
    INCLUDER = enum.auto()
    NOTHING = enum.auto()


def _block(run: Run, commands: tuple[Node, ...]) -> _Next:
    """Run commands; return what comes behind them."""
    taken = False  # a branch of the ``if`` at hand
    for node in commands:
        run.at(node)
        if node.name not in ("if", "elsif", "else"):
            if node.name in _ENDS:
                return _ENDS[node.name]
            if node.name == "include":
                if _include(run, node) is _Next.NOTHING:
                    return _Next.NOTHING
            else:
                COMMANDS[node.name](run, node)
            continue
        if node.name == "if":
            taken = False
        if taken or (node.tests and not holds(run, node.tests[0])):
            continue
        taken = True
        ended = _block(run, node.block)
        if ended is not _Next.COMMAND:
            return ended
    return _Next.COMMAND


_ENDS: Final = {"stop": _Next.NOTHING, "return": _Next.INCLUDER}


def _include(run: Run, node: Node) -> _Next:
    """Run another script (RFC 6609, 3.2)."""
    name = run.one(node, "name")
    inclusion = Inclusion(name, "global" in node.flags)
    if "once" in node.flags and inclusion in run.included:
        return _Next.COMMAND
    if inclusion in run.within:
        raise run.fail(f"{name} includes itself")
    if len(run.within) >= limits.INCLUDED_DEPTH:
        raise run.fail(f"more than {limits.INCLUDED_DEPTH} scripts within scripts")
    script = run.facts.library.get(inclusion)
    if script is None:
        if "optional" in node.flags:
            return _Next.COMMAND
        raise run.fail(f"there is no script {name} to include")
    if isinstance(script, ScriptError):
        raise run.fail(f"in {name}, {script}")
    try:
        with run.inside(inclusion, script):
            return _block(run, script.commands)
    except RunError as error:
        raise RunError(node.line, f"in {name}, {error}") from None


# -- where it goes ------------------------------------------------------------------------------


def _flags(run: Run, node: Node | None = None) -> tuple[str, ...]:
    """Return the flags of ``:flags``, else those that are set (RFC 5232, 6)."""
    if node is not None and ":flags" in node.texts:
        return flags_of(run.texts(node, ":flags"))
    return flags_of([run.variable("")])


def _check_not_refused(run: Run) -> None:
    if any(isinstance(each, Reject) for each in run.actions):
        raise run.fail("the message is refused, and cannot be delivered as well")


def _keep(run: Run, node: Node) -> None:
    _check_not_refused(run)
    run.keeps = False
    run.do(Keep(_flags(run, node)))


def _fileinto(run: Run, node: Node) -> None:
    _check_not_refused(run)
    mailbox = run.one(node, "mailbox")
    if not mailbox or not mailbox.isprintable():
        raise run.fail("no folder can have that name")
    if "copy" not in node.flags:
        run.keeps = False
    use = run.one(node, ":specialuse") if ":specialuse" in node.texts else ""
    run.do(FileInto(mailbox, _flags(run, node), "create" in node.flags, use))


def _redirect(run: Run, node: Node) -> None:
    _check_not_refused(run)
    written = run.one(node, "address")
    address = parse_address(written)
    if address is None:
        raise run.fail(f"{written[:80]!r} is no mail address")
    if "copy" not in node.flags:
        run.keeps = False
    redirects = {each.address for each in run.actions if isinstance(each, Redirect)}
    if str(address) in redirects:
        return  # RFC 5228, 2.10.3: once is enough
    if len(redirects) >= limits.REDIRECTS:
        raise run.fail(f"more than {limits.REDIRECTS} redirections")
    run.do(Redirect(str(address)))


def _discard(run: Run, node: Node) -> None:
    run.keeps = False


def _reject(run: Run, node: Node) -> None:
    if run.actions:
        raise run.fail(f"{node.name} cannot be together with another action")
    run.keeps = False
    run.do(Reject(run.one(node, "reason"), by_protocol=node.name == "ereject"))


def _error(run: Run, node: Node) -> None:
    raise run.fail(run.one(node, "message"))


def _vacation(run: Run, node: Node) -> None:
    _check_not_refused(run)
    if run.answered:
        raise run.fail("vacation a second time")
    run.answered = True
    answer: Vacation | None = vacation(run, node)
    if answer is not None:
        run.do(answer)


# -- variables and flags ------------------------------------------------------------------------


def _quotewildcard(value: str) -> str:
    return "".join(f"\\{each}" if each in "*?\\" else each for each in value)


#: In the order in which they are applied (RFC 5229, 4.1).
_MODIFIERS: Final[Mapping[str, Callable[[str], str]]] = {
    "lower": str.lower,
    "upper": str.upper,
    "lowerfirst": lambda value: value[:1].lower() + value[1:],
    "upperfirst": lambda value: value[:1].upper() + value[1:],
    "quotewildcard": _quotewildcard,
    "length": lambda value: str(len(value)),
}


def _set(run: Run, node: Node) -> None:
    value = run.one(node, "value")
    for name, modify in _MODIFIERS.items():
        if name in node.flags:
            run.spend(len(value))
            value = modify(value)
    run.set(run.one(node, "name"), value)


def _change_flags(
    change: Callable[[tuple[str, ...], tuple[str, ...]], tuple[str, ...]],
) -> Callable[[Run, Node], None]:
    """Return a command that makes of the flags in a variable, and those given, its new ones."""

    def command(run: Run, node: Node) -> None:
        for name in run.texts(node, "variables") or [""]:
            before = flags_of([run.variable(name)])
            given = flags_of(run.texts(node, "flags"))
            run.set(name, " ".join(change(before, given)))

    return command


def _without(flags: tuple[str, ...], gone: tuple[str, ...]) -> tuple[str, ...]:
    names = {each.lower() for each in gone}
    return tuple(each for each in flags if each.lower() not in names)


def _global(run: Run, node: Node) -> None:
    for name in run.texts(node, "shared"):
        run.share(name)


COMMANDS: Final[Mapping[str, Callable[[Run, Node], None]]] = {
    "keep": _keep,
    "fileinto": _fileinto,
    "redirect": _redirect,
    "discard": _discard,
    "reject": _reject,
    "ereject": _reject,
    "error": _error,
    "vacation": _vacation,
    "set": _set,
    "global": _global,
    "setflag": _change_flags(lambda before, given: given),
    "addflag": _change_flags(lambda before, given: flags_of((*before, *given))),
    "removeflag": _change_flags(_without),
}
