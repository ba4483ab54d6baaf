"""Classes derived from the clients', whose methods run elsewhere and give what is waited for there.

Nothing here knows a protocol: what a class has is read from it, and what its methods return is
derived in its turn where it has anything to wait for.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType
from typing import Any, ClassVar, Final, Protocol, TypeAlias

from netsuite.clients.connecting import Connecting
from netsuite.connection.client import ClientConnection
from netsuite.connection.peer import NOBODY

#: An object of any client: which, nothing here knows.
Inner: TypeAlias = Any

#: Of a connection, what its users call; all else is for its transport and its subclasses.
KEPT: Final = frozenset({"abort", "closed", "conversation", "end_session", "peer"})
#: Whoever has one of these has something to wait for.
_WAITED_FOR: Final = ("__anext__", "__aiter__", "__aenter__", "__await__")


class Form(Protocol):
    """The way in which work is run, and what it gives is given back."""

    @property
    def reactor(self) -> object:
        """The reactor that the clients run on."""

    def run(self, work: Callable[[], object]) -> object:
        """Run work where the clients are, and return what it gives, or what that brings when it is
        awaited."""

    def given(self, value: object) -> object:
        """Return what a client gives as whoever asked is given it."""

    def taken(self, name: str, value: object) -> object:
        """Return an argument of a name as a client takes it."""

    def connected(self, connect: Callable[[], Connecting[Any]]) -> object:
        """Return a session that is begun here, or is to be."""


class Derived:
    """An object of a client, whose methods run elsewhere."""

    _module: ClassVar[str] = __name__

    def __init__(self, inner: Inner, form: Form) -> None:
        self._inner = inner
        self._form = form

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        return self._form.given(getattr(self._inner, name))

    def __setattr__(self, name: str, value: object) -> None:
        if name.startswith("_"):
            super().__setattr__(name, value)
        else:
            setattr(self._inner, name, self._form.taken(name, value))

    def __repr__(self) -> str:
        peer = getattr(self._inner, "peer", NOBODY)
        where = f" of {peer.address}:{peer.port}" if peer.address else ""
        return f"<{self._module}.{type(self).__name__}{where}>"

    def __dir__(self) -> Iterator[str]:
        yield from super().__dir__()
        yield from (name for name in vars(self._inner) if not name.startswith("_"))


def members(kind: type) -> Mapping[str, FunctionType | property]:
    """Return what a class has for its users: functions and properties, by name."""
    hidden = set(dir(ClientConnection)) - KEPT if issubclass(kind, ClientConnection) else set()
    found: dict[str, FunctionType | property] = {}
    for name in dir(kind):
        member = inspect.getattr_static(kind, name)
        if name.startswith("_") or name in hidden:
            continue
        if isinstance(member, FunctionType | property):
            found[name] = member
    return found


def given(value: object, base: type[Derived], form: Form) -> object:
    """Return an object of a client as one derived from it, where it has anything that is awaited;
    else as it is."""
    kind = type(value)
    if kind not in _WAITED:
        _WAITED[kind] = not inspect.ismethod(value) and is_waited_for(kind)
    if not _WAITED[kind]:
        return value
    if (kind, base) not in _DERIVED:
        _DERIVED[kind, base] = derived(kind, base)
    return _DERIVED[kind, base](value, form)


_WAITED: Final[dict[type, bool]] = {}
_DERIVED: Final[dict[tuple[type, type], type[Derived]]] = {}


def is_waited_for(kind: type) -> bool:
    """Return whether objects of a class have anything that is awaited."""
    return any(hasattr(kind, name) for name in _WAITED_FOR) or any(
        inspect.iscoroutinefunction(member) for member in members(kind).values()
    )


def derived(kind: type, base: type[Derived]) -> type[Derived]:
    """Return the class that a class has in one form."""
    namespace: dict[str, object] = {
        "__doc__": kind.__doc__,
        "__module__": base._module,
        "__qualname__": kind.__name__,
    }
    for name, member in members(kind).items():
        if isinstance(member, property):
            namespace[name] = _property(name, member)
        else:
            namespace[name] = method(name, member)
    return type(kind.__name__, (base,), namespace)


def method(name: str, function: FunctionType) -> Callable[..., object]:
    """Return a method that has another of its name run."""
    names = tuple(inspect.signature(function).parameters)[1:]

    @functools.wraps(function)
    def run(self: Derived, *arguments: object, **named: object) -> object:
        form, inner = self._form, self._inner
        taken = [form.taken(each, value) for each, value in zip(names, arguments, strict=False)]
        taken += arguments[len(names) :]
        also = {each: form.taken(each, value) for each, value in named.items()}
        return form.run(lambda: getattr(inner, name)(*taken, **also))

    return run


def _property(name: str, member: property) -> property:
    def value(self: Derived) -> object:
        return self._form.given(getattr(self._inner, name))

    return property(value, doc=member.__doc__)


def function(
    original: Callable[..., Connecting[Any]], form: Callable[[], Form], module: str
) -> Callable[..., Any]:
    """Return a function that connects in a form.

    Args:
        original: that of ``netsuite.clients``.
        form: returns the form; called with each call.
        module: where it is found.
    """

    @functools.wraps(original)
    def connect(*where: object, **how: object) -> object:
        here = form()
        also = {"reactor": here.reactor}
        also |= {name: here.taken(name, value) for name, value in how.items()}
        return here.connected(lambda: original(*where, **also))

    connect.__module__ = module
    return connect
