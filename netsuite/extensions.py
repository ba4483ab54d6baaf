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

from netsuite.config.check import EXTENSIONS
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
        site.http.add(methods or "GET", path, handler)


def _mounts(site: Site, value: Mapping[str, Any]) -> None:
    for prefix, handler in value.items():
        site.http.mount(prefix, handler)


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
    "rpc": _rpc,
    "shell_commands": _all(lambda site: site.shell_commands.add),
    "finders": _all(lambda site: site.resolver.add),
    "checkers": _all(lambda site: site.authenticator.add),
    "extend": lambda site, function: function(site),
}
NAMES: Final = tuple(_ADD)


def extend(site: Site, extension: object, name: str = "the extension") -> None:
    """Have an extension add what it has.

    Args:
        extension: a function that takes the site; or a module with any of ``on_mail``,
            ``on_article`` and ``on_upload`` (a function, or several), ``policies`` (several, or by
            service), ``routes`` (by ``"GET /path"``), ``mounts`` (by prefix), ``rpc`` (by name),
            ``shell_commands``, ``finders`` of recipients, ``checkers``, and ``extend``, a function
            that takes the site.
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
    if not found:
        raise SiteError(f"{name} has nothing to add: none of {', '.join(_ADD)}")
    for each in found:
        try:
            _ADD[each](site, has[each])
        except SiteError:
            raise
        except Exception as error:
            raise SiteError(f"{name}: {each} {_reason(error)}") from error


def extend_from_file(site: Site, path: Path) -> None:
    """Have a Python file add what it has; modules beside it can be imported by it. Raises as
    ``extend``, and SiteError where it cannot be run."""
    name = str(path)
    spec = spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise SiteError(f"{name} is no Python file")
    module = module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)  # so that it can be pickled, and imported by others
    folder = str(path.absolute().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise SiteError(f"{name} cannot be run: {_reason(error)}") from error
    extend(site, module, name)


def _reason(error: Exception) -> str:
    """Return what went wrong, and on which line, in one line."""
    text = " ".join(str(error).split())
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: {error.msg}"
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {text} (line {where.lineno} of {where.filename})"


def installed() -> Mapping[str, EntryPoint]:
    """Return the extensions that are installed, by name."""
    return {each.name: each for each in entry_points(group=EXTENSIONS)}


def extend_by_name(site: Site, names: Sequence[str]) -> None:
    """Have installed extensions add what they have. Raises SiteError."""
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
