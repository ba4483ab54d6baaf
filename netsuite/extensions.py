"""Extensions of a site: a file of handlers, or an installed package, each adds what it has.

::

    # handlers.py
    async def on_mail(envelope, message):
        print(envelope.sender, (await message.email())["Subject"])

    routes = {"GET /hello": hello}
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, Final

from netsuite.config.schema import EXTENSIONS
from netsuite.home import SiteError
from netsuite.site import Site


def _each(value: object) -> Iterable[Any]:
    """Return one function as one, and several as they are."""
    return value if isinstance(value, Sequence) else (value,)


def _policies(site: Site, value: object) -> None:
    by_service = value if isinstance(value, Mapping) else {"smtp": value}
    for service, policies in by_service.items():
        for policy in _each(policies):
            site.policies.add(policy, services=(service,))


def _routes(site: Site, value: Mapping[str, Any]) -> None:
    for route, handler in value.items():
        methods, _, path = route.rpartition(" ")
        try:
            site.http.add(methods or "GET", path, handler)
        except ValueError as error:
            raise ValueError(f"{route!r}: {error}") from None


def _mounts(site: Site, value: Mapping[str, Any]) -> None:
    for prefix, handler in value.items():
        try:
            site.http.mount(prefix, handler)
        except ValueError as error:
            raise ValueError(f"{prefix!r}: {error}") from None


def _selectors(site: Site, value: Mapping[str, Any]) -> None:
    for selector, handler in value.items():
        try:
            site.gopher.add(selector, handler)
        except ValueError as error:
            raise ValueError(f"{selector!r}: {error}") from None


def _rpc(site: Site, value: Mapping[str, Any]) -> None:
    for name, function in value.items():
        site.rpc[name] = function


def _all(add: Callable[[Site], Callable[[Any], object]]) -> Callable[[Site, Any], None]:
    """Return what adds each of several."""

    def added(site: Site, value: object) -> None:
        for each in _each(value):
            add(site)(each)

    return added


#: What a module may have, by name, and what is done with it.
_ADD: Final[Mapping[str, Callable[[Site, Any], None]]] = {
    "on_mail": _all(lambda site: site.on_mail),
    "on_article": _all(lambda site: site.on_article),
    "on_upload": _all(lambda site: site.on_upload),
    "policies": _policies,
    "routes": _routes,
    "mounts": _mounts,
    "selectors": _selectors,
    "rpc": _rpc,
    "shell_commands": _all(lambda site: site.shell_commands.add),
    "finders": _all(lambda site: site.resolver.add),
    "checkers": _all(lambda site: site.authenticator.add),
    "extend": lambda site, function: function(site),
}
NAMES: Final = tuple(_ADD)
_NAMES: Final = ", ".join(NAMES)


def extend(site: Site, extension: object, name: str = "the extension") -> None:
    """Add to a site what an extension has.

    Args:
        extension: a function that takes the site; or a module with any of ``on_mail``,
            ``on_article`` and ``on_upload`` (a function, or several), ``policies`` (several, or by
            service), ``routes`` (by ``"GET /path"``), ``mounts`` (by prefix), ``selectors`` (of
            Gopher), ``rpc`` (by name), ``shell_commands``, ``finders`` of recipients, ``checkers``,
            and ``extend``, a function that takes the site.
        name: for errors.

    Raises:
        SiteError: it has nothing to add, or what it has cannot be added.
    """
    if isinstance(extension, type(sys)):
        has = vars(extension)
    elif callable(extension):
        has = {"extend": extension}
    else:
        raise SiteError(f"{name} is neither a module nor a function")
    found = [each for each in _ADD if each in has]
    for each in has:
        # Not a word of what else is in a module, but nobody calls a function so for himself.
        if each.startswith("on_") and each not in _ADD and callable(has[each]):
            raise SiteError(f"{name} has {each}, of which nobody is told; there are {_NAMES}")
    if not found:
        raise SiteError(f"{name} has nothing to add: none of {_NAMES}")
    for each in found:
        try:
            _ADD[each](site, has[each])
        except SiteError:
            raise
        except Exception as error:
            raise SiteError(f"{name}: {each} {_reason(error, has.get('__file__'))}") from error


def extend_from_file(site: Site, path: Path) -> None:
    """Add what a Python file has; modules beside it can be imported by it. Raises as
    ``extend``, and SiteError where it cannot be run."""
    name = str(path)
    spec = spec_from_file_location(_free_name(path.stem), path)
    if spec is None or spec.loader is None or not path.is_file():
        raise SiteError(f"{name} is no Python file")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # so that it can be pickled, and imported by others
    folder = str(path.absolute().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[spec.name]
        raise SiteError(f"{name} cannot be run: {_reason(error, spec.origin)}") from error
    extend(site, module, name)


def _free_name(stem: str) -> str:
    """Return a module's name that no other has: two files may be called alike, or as a module of
    the standard library."""
    name, number = stem, 1
    while name in sys.modules or name in sys.stdlib_module_names:
        number += 1
        name = f"{stem}_{number}"
    return name


def _reason(error: Exception, path: str | None = None) -> str:
    """Return what went wrong, and on which line, in one line: on that of a file, where that had to
    do with it."""
    text = " ".join(str(error).split())
    if isinstance(error, SyntaxError):
        where = "" if error.filename in (None, path) else f" of {error.filename}"
        return f"line {error.lineno or '?'}{where}: {error.msg}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [each for each in frames if each.filename == path]
    if path is not None and not own:  # a value of it is wrong
        return f"{type(error).__name__}: {text}"
    last = (own or frames)[-1]
    return f"{type(error).__name__}: {text} (line {last.lineno} of {last.filename})"


def installed() -> Mapping[str, EntryPoint]:
    """Return the extensions that are installed, by name."""
    return {each.name: each for each in entry_points(group=EXTENSIONS)}


def extend_by_name(site: Site, names: Sequence[str]) -> None:
    """Add what installed extensions have. Raises SiteError."""
    if not names:
        return
    there = installed()
    for name in names:
        if name not in there:
            known = ", ".join(sorted(there)) or "none"
            raise SiteError(f"no extension {name} is installed; there are: {known}")
        try:
            loaded = there[name].load()
        except Exception as error:
            raise SiteError(f"the extension {name} cannot be loaded: {_reason(error)}") from error
        extend(site, loaded, f"the extension {name}")
