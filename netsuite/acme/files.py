"""ACME's files: accounts and the state of each name, beside the certificates."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from netsuite.certificates import BadCertificate, Pair, read_pair, write_secret

#: In the folder of certificates.
FOLDER: Final = "acme"
_STATE: Final = "state.json"


@dataclass(frozen=True, slots=True)
class Account:
    """An account at an authority.

    Args:
        directory: the authority.
        key: the account's, in PEM.
        uri: by which the authority knows it; empty until it does.
        contact: what the authority was told.
    """

    directory: str
    key: str = field(repr=False)
    uri: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class NameState:
    """What is known of one name; times are seconds since 1970.

    Args:
        written: SHA-256 of the files that were written for it, the last two.
        directory: of the authority that has issued the last one.
        renew_at: when it is to be renewed; 0: not decided.
        failures: tries in a row that failed.
        next_try: not before that.
        trouble: why the last one failed; empty where it did not.
    """

    written: tuple[str, ...] = ()
    directory: str = ""
    renew_at: float = 0.0
    failures: int = 0
    next_try: float = 0.0
    trouble: str = ""


_KINDS: Final[Mapping[str, type | tuple[type, ...]]] = {
    "directory": str,
    "renew_at": (int, float),
    "failures": int,
    "next_try": (int, float),
    "trouble": str,
}


@dataclass(slots=True)
class ACMEFolder:
    """The folder of certificates, as far as ACME writes there. Methods raise OSError.

    Args:
        certificates: the folder.
    """

    certificates: Path
    _states: dict[str, NameState] = field(default_factory=dict)

    # -- accounts ------------------------------------------------------------------------------

    def account(self, directory: str) -> Account | None:
        """Return the account at an authority; None where there is none yet."""
        found = _read_json(self._account_path(directory))
        texts = [found.get(key) for key in ("key", "uri", "contact")]
        if not all(isinstance(each, str) for each in texts):
            return None
        key, uri, contact = map(str, texts)
        return Account(directory, key, uri, contact)

    def save_account(self, account: Account) -> None:
        """Keep an account."""
        self._save(self._account_path(account.directory), asdict(account))

    def _account_path(self, directory: str) -> Path:
        digest = hashlib.sha256(directory.encode()).hexdigest()[:16]
        return self.certificates / FOLDER / f"account-{digest}.json"

    # -- names ---------------------------------------------------------------------------------

    def load(self) -> None:
        """Read the states of all names; what cannot be understood is as if it was not there."""
        found = _read_json(self.certificates / FOLDER / _STATE)
        self._states = {name: _state(each) for name, each in found.items()}

    def state(self, name: str) -> NameState:
        """Return what was known of a name when it was loaded, or saved since."""
        return self._states.get(name, NameState())

    def save_state(self, name: str, state: NameState) -> None:
        """Keep what is known of a name."""
        self._states[name] = state
        self._save(
            self.certificates / FOLDER / _STATE,
            {each: asdict(known) for each, known in sorted(self._states.items())},
        )

    def outcome(self, name: str, before: NameState | None) -> str | None:
        """Return what became of a try: why it failed, or nothing where there is a certificate; None
        while there is neither.

        Args:
            before: the state when it was asked for; None where there was none.
        """
        before, state = before or NameState(), self.state(name)
        if state.failures and state.next_try != before.next_try:
            return state.trouble
        return "" if state.written != before.written and not state.failures else None

    # -- certificates --------------------------------------------------------------------------

    def of_others(self, name: str) -> Path | None:
        """Return what somebody else has put there for a name; None where there is nothing."""
        if not self.certificates.is_dir():
            return None
        for path in sorted(self.certificates.iterdir()):
            if path.name.lower() == name:
                return path
            if path.name.lower() == f"{name}.pem":
                ours = not path.is_symlink() and path.is_file() and path.name == f"{name}.pem"
                if not ours or _digest(path.read_bytes()) not in self.state(name).written:
                    return path
        return None

    def pair(self, name: str) -> Pair | None:
        """Return the certificate of a name; None where there is none, or it cannot be used."""
        path = self._path(name)
        try:
            return read_pair(path, path)
        except BadCertificate:
            return None

    def write(self, name: str, pem: bytes) -> None:
        """Put key and chain in the place of those that are there, at once for whoever reads.

        That they are ours is noted before: a crash in between must not make them somebody else's.
        """
        state = self.state(name)
        self.save_state(name, replace(state, written=(*state.written[-1:], _digest(pem))))
        write_secret(self._path(name), pem)

    def _path(self, name: str) -> Path:
        return self.certificates / f"{name}.pem"

    def _save(self, path: Path, value: object) -> None:
        write_secret(path, json.dumps(value, indent=1).encode() + b"\n")


def _digest(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


def _read_json(path: Path) -> dict[str, Any]:  # of JSON: whatever stands there
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _state(found: object) -> NameState:
    if not isinstance(found, dict):
        return NameState()
    written = found.get("written")
    state = NameState(tuple(map(str, written)) if isinstance(written, list) else ())
    known = {key: found[key] for key, kind in _KINDS.items() if isinstance(found.get(key), kind)}
    return replace(state, **known)
