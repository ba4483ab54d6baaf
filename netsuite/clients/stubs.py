"""What checkers of types are told of the derived clients, written from the clients themselves.

``python -m netsuite.clients.stubs`` writes ``netsuite/aio.pyi`` and ``netsuite/blocking.pyi`` anew.
"""

from __future__ import annotations

import ast
import collections.abc
import inspect
import sys
import textwrap
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from netsuite import clients
from netsuite.clients import protocols
from netsuite.clients.derived import is_waited_for, members
from netsuite.connection.client import ClientConnection

#: What an annotation means.
Hint: TypeAlias = Any

_UNIONS: Final = (typing.Union, types.UnionType)
_ITERATORS: Final = (collections.abc.AsyncIterator, collections.abc.AsyncGenerator)
_LEFT: Final = (
    "kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None"
)
_CONNECTING: Final = f"""
class Connecting(Generic[C]):
    def __await__(self) -> Generator[Any, Any, C]: ...
    async def __aenter__(self) -> C: ...
    async def __aexit__(self, {_LEFT}) -> None: ...
"""
_HEAD: Final = """# Written by netsuite.clients.stubs; see there.
# ruff: noqa
# fmt: off
from collections.abc import Generator
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar, Unpack

"""


@dataclass(slots=True)
class Stub:
    """The stub of one form.

    Args:
        waits: whether what is awaited by the clients is waited for.
    """

    waits: bool
    modules: set[str] = field(default_factory=set)
    wanted: list[type] = field(default_factory=list)  # classes that are derived

    def text(self) -> str:
        """Return all of it."""
        functions = [self._function(name) for name in sorted(protocols.CONNECT)]
        classes: list[str] = []
        for kind in self.wanted:  # which grows
            classes.append(self._class(kind))
        imports = "".join(f"import {each}\n" for each in sorted(self.modules))
        any_url = f"def connect(where: str, **how: Unpack[{self._named(clients.How)}])"
        given = "Any" if self.waits else "Connecting[Any]"
        head = _HEAD + imports + '\nC = TypeVar("C")\n' + ("" if self.waits else _CONNECTING)
        return head + "\n" + "\n".join([*classes, f"{any_url} -> {given}: ...", *functions, ""])

    def _function(self, name: str) -> str:
        function = protocols.CONNECT[name]
        hints = typing.get_type_hints(function)
        (client,) = typing.get_args(hints["return"])
        returned = self._named(client)
        if not self.waits:
            returned = f"Connecting[{returned}]"
        return f"def {name}({self._parameters(function, hints)}) -> {returned}: ..."

    def _class(self, kind: type) -> str:
        lines = [f"class {kind.__name__}:"]
        found = members(kind)
        lines += [f"    {name}: {text}" for name, text in self._attributes(kind, set(found))]
        for name, member in found.items():
            if isinstance(member, property):
                hint = typing.get_type_hints(member.fget).get("return", Any)
                lines += ["    @property", f"    def {name}(self) -> {self._named(hint)}: ..."]
            else:
                lines.append(f"    {self._method(name, member)}")
        lines += [f"    {each}" for each in self._protocols(kind)]
        return "\n".join(lines if len(lines) > 1 else [*lines, "    ..."]) + "\n"

    def _method(self, name: str, function: types.FunctionType) -> str:
        hints = typing.get_type_hints(function)
        returned = self._named(hints.get("return", Any))
        prefix = "async " if inspect.iscoroutinefunction(function) and not self.waits else ""
        return f"{prefix}def {name}({self._parameters(function, hints)}) -> {returned}: ..."

    def _protocols(self, kind: type) -> Iterator[str]:
        """Return the methods of ``for`` and ``with``."""
        prefix, a = ("", "") if self.waits else ("async ", "a")
        if hasattr(kind, "__anext__"):
            piece = self._named(typing.get_type_hints(kind.__anext__).get("return", Any))
            yield f"def __{a}iter__(self) -> Self: ..."
            yield f"{prefix}def __{a}next__(self) -> {piece}: ..."
        if hasattr(kind, "__aenter__"):
            yield f"{prefix}def __{a}enter__(self) -> Self: ..."
            left = "exit" if self.waits else "aexit"
            yield f"{prefix}def __{left}__(self, {_LEFT}) -> None: ..."

    def _attributes(self, kind: type, known: set[str]) -> Iterator[tuple[str, str]]:
        """Return the attributes that a class's instances have."""
        for each in kind.__mro__:
            if each in ClientConnection.__mro__[1:]:
                continue
            for name, hint in _attributes_of(each):
                if name not in known and (each is not ClientConnection or name == "progress"):
                    known.add(name)
                    yield name, self._named(hint)

    def _parameters(self, function: Callable[..., object], hints: dict[str, Hint]) -> str:
        said: list[str] = []
        bare = False
        for name, each in inspect.signature(function).parameters.items():
            if each.kind is each.KEYWORD_ONLY and not bare:
                bare = True
                said.append("*")
            bare = bare or each.kind is each.VAR_POSITIONAL
            stars = "*" * (each.kind is each.VAR_POSITIONAL) + "**" * (
                each.kind is each.VAR_KEYWORD
            )
            hint = f": {self._named(hints[name])}" if name in hints else ""
            default = " = ..." if each.default is not each.empty else ""
            said.append(f"{stars}{name}{hint}{default}")
        return ", ".join(said)

    def _named(self, hint: Hint) -> str:
        """Return an annotation as text; its modules are imported."""
        if hint is None or hint is type(None):
            return "None"
        if hint is ...:
            return "..."
        if hint is Any or isinstance(hint, str | typing.ForwardRef | typing.TypeVar):
            return "Any"
        if hint is typing.Self:
            return "Self"
        if isinstance(hint, list):
            return f"[{', '.join(map(self._named, hint))}]"
        origin: Hint = typing.get_origin(hint)
        arguments = typing.get_args(hint)
        if origin in _UNIONS:
            return " | ".join(map(self._named, arguments))
        if origin is typing.Literal:
            return f"Literal[{', '.join(map(repr, arguments))}]"
        if origin is typing.Unpack:
            return f"Unpack[{self._named(arguments[0])}]"
        if origin in _ITERATORS:
            pieces = collections.abc.Iterator if self.waits else collections.abc.AsyncIterator
            return f"{self._class_named(pieces)}[{self._named(arguments[0])}]"
        if origin is not None:
            return f"{self._class_named(origin)}[{', '.join(map(self._named, arguments))}]"
        return self._class_named(hint)

    def _class_named(self, kind: Hint) -> str:
        module, name = kind.__module__, getattr(kind, "__qualname__", kind.__name__)
        ours = module.startswith("netsuite.") and not getattr(kind, "_is_protocol", False)
        if ours and is_waited_for(kind):
            if kind not in self.wanted:
                self.wanted.append(kind)
            return str(name)
        if module == "builtins":
            return str(name)
        self.modules.add(module)
        return f"{module}.{name}"


def _attributes_of(kind: type) -> Iterator[tuple[str, Hint]]:
    """Return what a class and its ``__init__`` set, and its types as far as they are plain."""
    scope = vars(sys.modules[kind.__module__])
    for name, value in vars(kind).items():
        if not name.startswith("_") and isinstance(value, str | int | bool):
            yield name, type(value)
    for name, text in vars(kind).get("__annotations__", {}).items():
        if not name.startswith("_"):
            yield name, _evaluated(text, scope)
    begin = vars(kind).get("__init__")
    if not isinstance(begin, types.FunctionType) or kind.__module__.startswith("twisted."):
        return
    given = typing.get_type_hints(begin)
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(begin)))):
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        for target in targets:
            if not isinstance(target, ast.Attribute) or target.attr.startswith("_"):
                continue
            if isinstance(node, ast.AnnAssign):
                yield target.attr, _evaluated(ast.unparse(node.annotation), scope)
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                yield target.attr, type(node.value.value)
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Name):
                yield target.attr, given.get(node.value.id, Any)
            else:
                yield target.attr, Any


def _evaluated(text: str, scope: dict[str, object]) -> Hint:
    try:
        return eval(text, dict(scope))
    except (NameError, TypeError):
        return Any


def written() -> dict[Path, str]:
    """Return the text of each stub, by its file."""
    root = Path(clients.__file__).parent.parent
    return {
        root / "aio.pyi": Stub(waits=False).text(),
        root / "blocking.pyi": Stub(waits=True).text(),
    }


if __name__ == "__main__":
    for path, text in written().items():
        path.write_text(text)
