"""Settings of the files: where they are, who may do what with them, what else appears in them."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator

from netsuite.accounts.file_rules import Rule, read_path, read_permissions
from netsuite.config.sections import Section, setting
from netsuite.config.values import Count


def _is_path(text: str) -> str:
    read_path(text)
    return text


def _are_permissions(text: str) -> str:
    read_permissions(text)
    return text


def _is_absolute(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError(f"{text!r} must be an absolute path, as /srv/mirror")
    return text


TreeLocation = Annotated[str, AfterValidator(_is_path)]
PermissionWords = Annotated[str, AfterValidator(_are_permissions)]


class RuleTable(Section):
    """Who may do what at a path and below it."""

    path: TreeLocation
    may: dict[str, PermissionWords]


class MappedTable(Section):
    """A directory of the host that appears among the files."""

    path: TreeLocation
    directory: Annotated[str, AfterValidator(_is_absolute)]
    read_only: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """The path as rules have it."""
        return read_path(self.path)


def _one_of_each(tables: list[RuleTable]) -> list[RuleTable]:
    seen = set()
    for each in tables:
        names = read_path(each.path)
        if names in seen:
            raise ValueError(f"there are two rules of {each.path}; say all of it in one")
        seen.add(names)
    return tables


def _apart(tables: list[MappedTable]) -> list[MappedTable]:
    for each in tables:
        names = each.names
        if "*" in names[:2] or len(names) < (3 if names[0] == "home" else 2):
            raise ValueError(
                f"{each.path} cannot be one of the host's directories; name one below /site or "
                "/home/ACCOUNT"
            )
        for other in tables:
            if other is not each and other.names[: len(names)] == names:
                raise ValueError(f"{other.path} is in {each.path}, which is mapped too")
    return tables


class FilesSection(Section):
    """The files that FTP, HTTP, Gopher and the shell show."""

    root: str = setting(
        "files",
        "The directory of all files: the public site in its public/, an account's own in its "
        "home/ACCOUNT/. Relative to the home directory. Symbolic links below it are neither "
        "followed nor shown, unless files.links says otherwise.",
        min_length=1,
    )
    threads: int = setting(
        4, "Threads that read, write and list files.", unit="threads", ge=1, le=64
    )
    upload_octets: Count = setting(
        16 * 1024**3, "The largest file taken; 0: as large as fits.", unit="octets"
    )
    durable: bool = setting(
        True,
        "Whether an upload is on the disk before its sender is told that it is done. If not, "
        "many small ones go faster, and a power failure may lose, or leave empty, what came in "
        "the last half minute.",
    )
    rules: Annotated[list[RuleTable], AfterValidator(_one_of_each)] = setting(
        [],
        "Who may do what where, each a table [[files.rules]]. Its path is that of a directory or "
        'file: /site/..., or /home/ACCOUNT/..., with "*" for every account; the rule of the '
        "longest path decides. Its table may says what by whom: an account's name, @ and a "
        'group\'s, anonymous (nobody has logged in), or "*" (everybody else but administrators); '
        "whom it does not name may do nothing there. What: list, read, store (new names), replace "
        "(what is there), append, make (directories), remove, rename, with commas between; or all, "
        "nothing, read-only, incoming (store alone), append-only (all but replace, remove and "
        'rename). As in may = { anonymous = "incoming", "@staff" = "all" }. Where no rule is: '
        "everybody reads the site, the groups web and admin change it, accounts have their homes.",
        live=True,
    )
    mapped: Annotated[list[MappedTable], AfterValidator(_apart)] = setting(
        [],
        "Directories of this host that appear among the files, each a table [[files.mapped]]: path "
        "(where: /site/... or /home/ACCOUNT/...), directory (which, absolute), read_only (true, if "
        "it is not said).",
    )
    links: Literal["none", "inside"] = setting(
        "none",
        "Whether symbolic links are followed: never, or where they lead to something in the same "
        "home, the same site or the same mapped directory.",
    )

    watched_directories: Count = setting(
        10_000,
        "How many directories are watched for changes by other programs, on Linux, so that they "
        "are told as our own are: the site, what is mapped, and homes from their first use on. "
        "0: none; then such changes are seen when somebody looks.",
        unit="directories",
    )

    @cached_property
    def path_rules(self) -> tuple[Rule, ...]:
        """The rules, read."""
        return tuple(
            Rule(
                read_path(each.path),
                {
                    name.lower() if name[:1] != "@" else name: read_permissions(words)
                    for name, words in each.may.items()
                },
            )
            for each in self.rules
        )
