"""An authority that speaks ACME (RFC 8555), as its client sees it: account, orders, challenges.

It stands on the ``acme`` library, which waits for the network: all of its methods are for a thread,
one at a time.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

import requests
from acme import challenges, client, errors, messages
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from josepy.errors import Error as JOSEError
from josepy.interfaces import JSONDeSerializable
from josepy.jwa import ES256
from josepy.jwk import JWK, JWKEC
from requests.adapters import BaseAdapter, HTTPAdapter

from netsuite import __version__
from netsuite.acme.advice import TLS
from netsuite.acme.files import Account
from netsuite.acme.schedule import retry_seconds

#: How long the authority may say nothing.
SILENT_SECONDS: Final = 30
#: The largest answer; a chain of certificates has some thousands.
ANSWER_OCTETS: Final = 1_000_000
#: How often a request is sent, twice each time, whose nonce is not taken.
NONCES: Final = 4


@challenges.ChallengeResponse.register
class _TLSResponse(challenges.KeyAuthorizationChallengeResponse):
    """That the answer by TLS can be looked at."""

    typ = TLS


@challenges.Challenge.register
class _TLSChallenge(challenges.KeyAuthorizationChallenge):
    """The challenge by TLS (RFC 8737), which the library leaves to us since its version 5."""

    response_cls = _TLSResponse
    typ = TLS

    def validation(self, account_key: JWK, **_: object) -> str:
        """Return the key authorization."""
        return self.key_authorization(account_key)


#: Challenges that we can answer.
_OURS: Final = (challenges.HTTP01, _TLSChallenge)


class Refused(Exception):
    """The authority does not do what it was asked to, or is not reached.

    Args:
        code: the last word of the error's type (RFC 8555, 6.7), or a word of ``advice``.
        detail: what it says, or what is said of it.
        retry_seconds: for which it wants to be left alone; None where it does not say.
    """

    def __init__(self, code: str, detail: str, retry_seconds: float | None = None) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.retry_seconds = retry_seconds


@dataclass(frozen=True, slots=True)
class Challenge:
    """A way to prove a name.

    Args:
        authorization: the key authorization.
        body: the library's.
    """

    kind: str
    authorization: str
    body: messages.ChallengeBody


@dataclass(frozen=True, slots=True)
class Authorization:
    """The proof of a name that an order wants.

    Args:
        state: ``pending``, ``valid`` or another word for that it came to nothing.
        challenges: by kind, those that we can answer.
        refusal: why a challenge was not met; None where none has failed.
        resource: the library's.
    """

    name: str
    state: str
    challenges: Mapping[str, Challenge]
    refusal: Refused | None
    resource: messages.AuthorizationResource


@dataclass(frozen=True, slots=True)
class Order:
    """An order of one certificate."""

    authorizations: Sequence[Authorization]
    resource: messages.OrderResource


class KeepsAccounts(Protocol):
    """Keeps accounts: see ``ACMEFolder``. Methods raise OSError."""

    def account(self, directory: str) -> Account | None:
        """Return the account at an authority; None where there is none yet."""

    def save_account(self, account: Account) -> None:
        """Keep an account."""


class _Transport(HTTPAdapter):
    """HTTPS whose answers are bounded, to authorities that may be a company's own."""

    def __init__(self, authorities: Path | None) -> None:
        super().__init__()
        self._authorities = authorities

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float | None, float | None] | None = None,
        verify: bool | str = True,
        cert: str | tuple[str, str] | None = None,
        proxies: dict[str, str] | None = None,
    ) -> requests.Response:
        """Send a request; return the response. Arguments are those of the library."""
        if self._authorities is not None:
            verify = str(self._authorities)
        response = super().send(request, True, timeout, verify, cert, proxies)
        octets = response.raw.read(ANSWER_OCTETS + 1, decode_content=True)
        response.close()
        if len(octets) > ANSWER_OCTETS:
            raise requests.RequestException(f"the answer is longer than {ANSWER_OCTETS} octets")
        response.raw = io.BytesIO(octets)
        return response


class _Network(client.ClientNetwork):
    """Signs requests; one whose nonce is not taken is sent again, more often than the library does
    (RFC 8555, 6.5): of several machines of an authority each may know its own nonces only."""

    def post(self, *args: str | JSONDeSerializable | None, **named: str) -> requests.Response:
        """Send a request; return the response. Arguments are those of the library."""
        for left in reversed(range(NONCES)):
            try:
                return super().post(*args, **named)
            except messages.Error as error:
                if error.code != "badNonce" or not left:
                    raise
        raise AssertionError("the last one is raised")


def new_key() -> ec.EllipticCurvePrivateKey:
    """Make a key of the kind that accounts and certificates have."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a key as it stands in a file."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@dataclass(frozen=True, slots=True)
class _Session:
    """What is known of an authority once it was asked."""

    client: client.ClientV2
    key: JWKEC
    account: Account


class Authority:
    """The authority of one directory. Methods raise ``Refused``.

    Args:
        directory: the URL of its directory.
        accounts: where ours is kept; it is made when it is first needed.
        now: returns the present moment.
        contact: a mail address; empty for none.
        external: reads key identifier and HMAC key of an external account; None where there is
            none. Raises OSError, ValueError.
        authorities: a PEM file of who signs the directory's own certificate.
        transport: sends requests instead of HTTPS.
    """

    def __init__(
        self,
        directory: str,
        accounts: KeepsAccounts,
        *,
        now: Callable[[], datetime],
        contact: str = "",
        external: Callable[[], tuple[str, str]] | None = None,
        authorities: Path | None = None,
        transport: BaseAdapter | None = None,
    ) -> None:
        self._directory = directory
        self._accounts = accounts
        self._now = now
        self._contact = contact
        self._external = external
        self._transport = transport or _Transport(authorities)
        self._retry: float | None = None
        self._session: _Session | None = None

    # -- what is asked of it -------------------------------------------------------------------

    def order(self, csr: bytes) -> Order:
        """Order a certificate; make an account first where there is none.

        Args:
            csr: the request, in PEM.
        """
        with self._speaking():
            try:
                return self._order(csr)
            except messages.Error as error:
                if error.code != "accountDoesNotExist" or self._session is None:
                    raise
                # It has forgotten us, as authorities for tests do.
                self._keep(replace(self._session.account, uri=""))
                return self._order(csr)

    def answer(self, challenge: Challenge) -> None:
        """Report that the answer to a challenge can be looked at."""
        with self._speaking():
            opened = self._opened()
            opened.client.answer_challenge(challenge.body, challenge.body.response(opened.key))

    def look(self, authorization: Authorization) -> tuple[Authorization, float | None]:
        """Return an authorization as it is by now, and when to look again at best."""
        with self._speaking():
            resource, _ = self._opened().client.poll(authorization.resource)
            return self._authorization(resource), self._retry

    def finalize(self, order: Order) -> None:
        """Ask for the certificate, now that all is proved."""
        with self._speaking():
            self._finalize(order)

    def collect(self, order: Order) -> tuple[str, float | None]:
        """Return the chain in PEM, empty where it is not there yet; and when to look again."""
        with self._speaking():
            body = messages.Order.from_json(self._get(order.resource.uri).json())
            if body.status == messages.STATUS_INVALID:
                raise body.error or Refused("", "the order came to nothing")
            if body.status == messages.STATUS_READY:
                self._finalize(order)
            if body.status != messages.STATUS_VALID or body.certificate is None:
                return "", self._retry
            return self._get(body.certificate).text, None

    def window(self, leaf: x509.Certificate) -> tuple[datetime, datetime, float | None] | None:
        """Return when to renew a certificate, from and to, and in how many seconds to ask again
        (RFC 9773); None where the authority has no word on that."""
        with self._speaking():
            found = self._opened().client
            try:
                base = found.directory["renewalInfo"]
            except KeyError:
                return None
            answer = found.net.get(f"{base}/{certificate_id(leaf)}")
            window = messages.RenewalInfo.from_json(answer.json()).suggested_window
            return window.start, window.end, self._retry

    # -- the account ---------------------------------------------------------------------------

    def _opened(self) -> _Session:
        """Return what is known of the authority, with an account there."""
        if self._session is not None:
            return self._session
        account = self._accounts.account(self._directory)
        account = account or Account(self._directory, key_pem(new_key()).decode())
        key = JWKEC(key=serialization.load_pem_private_key(account.key.encode(), None))
        agent = f"netsuite/{__version__}"
        net = _Network(key, alg=ES256, user_agent=agent, timeout=SILENT_SECONDS)
        net.session.mount("https://", self._transport)
        net.session.hooks["response"].append(self._note)
        opened = client.ClientV2(client.ClientV2.get_directory(self._directory, net), net)
        if not account.uri:
            self._keep(account)  # whatever becomes of it, its key is known from now on
            account = replace(account, uri=self._register(opened, key), contact=self._contact)
        net.account = messages.RegistrationResource(body=messages.Registration(), uri=account.uri)
        if account.contact != self._contact:
            opened.update_registration(
                net.account, messages.Registration.from_data(contact=self._contacts)
            )
            account = replace(account, contact=self._contact)
        self._keep(account)
        self._session = _Session(opened, key, account)
        return self._session

    @property
    def _contacts(self) -> Sequence[str]:
        return [f"mailto:{self._contact}"] if self._contact else []

    def _register(self, opened: client.ClientV2, key: JWKEC) -> str:
        """Return the URI of the account for a key, which is made where there is none."""
        binding = None
        if self._external is not None:
            try:
                identifier, secret = self._external()
                binding = messages.ExternalAccountBinding.from_data(
                    key.public_key(), identifier, secret, opened.directory
                )
            except (OSError, ValueError) as error:
                said = error.strerror if isinstance(error, OSError) else str(error)
                raise Refused("externalAccount", said or "") from None
        elif opened.external_account_required():
            raise Refused("externalAccountRequired", "")
        wanted = messages.NewRegistration.from_data(
            contact=self._contacts, terms_of_service_agreed=True, external_account_binding=binding
        )
        try:
            uri: str = opened.new_account(wanted).uri
        except errors.ConflictError as error:  # it knows the key: no new account was made
            uri = error.location
        return uri

    def _keep(self, account: Account) -> None:
        """Keep an account; what is known of it is looked up again."""
        self._session = None
        try:
            self._accounts.save_account(account)
        except OSError as error:
            raise Refused("file", f"{error.filename}: {error.strerror}") from None

    # -- requests ------------------------------------------------------------------------------

    def _order(self, csr: bytes) -> Order:
        resource = self._opened().client.new_order(csr)
        return Order([self._authorization(each) for each in resource.authorizations], resource)

    def _finalize(self, order: Order) -> None:
        try:
            self._opened().client.begin_finalization(order.resource)
        except messages.Error as error:
            if error.code != "orderNotReady":  # then it is asked again, when it says that it is
                raise

    def _authorization(self, resource: messages.AuthorizationResource) -> Authorization:
        key = self._opened().key
        found = {
            body.chall.typ: Challenge(body.chall.typ, body.chall.key_authorization(key), body)
            for body in resource.body.challenges
            if isinstance(body.chall, _OURS)
        }
        failed = [body.error for body in resource.body.challenges if body.error is not None]
        return Authorization(
            resource.body.identifier.value,
            resource.body.status.name,
            found,
            self._refused(failed[0]) if failed else None,
            resource,
        )

    def _get(self, url: str) -> requests.Response:
        found = self._opened().client
        return found.net.post(url, None, new_nonce_url=found.directory["newNonce"])

    def _note(self, response: requests.Response, *_: object, **__: object) -> None:
        """Note for how long the authority wants to be left alone."""
        self._retry = retry_seconds(response.headers.get("Retry-After", ""), self._now())

    def _refused(self, error: messages.Error) -> Refused:
        details = [error, *(error.subproblems or ())]
        code = str(error.typ).rpartition(":")[2]
        if code == "compound" and len(details) > 1:
            code = str(details[1].typ).rpartition(":")[2]
        return Refused(code, "; ".join(each.detail for each in details if each.detail), self._retry)

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Turn what the library raises into ``Refused``."""
        try:
            yield
        except messages.Error as error:
            raise self._refused(error) from None
        except requests.RequestException as error:
            raise Refused("unreachable", _reason(error)) from None
        # What is no answer of an authority's ends in any of these, somewhere in the library.
        except (errors.Error, JOSEError, LookupError, ValueError, TypeError,
                AttributeError, RecursionError) as error:  # fmt: skip
            detail = f"{type(error).__name__}: {error}"
            raise Refused("malformed", f"an answer cannot be understood: {detail}") from None


def certificate_id(leaf: x509.Certificate) -> str:
    """Return what an authority knows a certificate by (RFC 9773, 4.1). Raises ValueError where it
    does not say which key has signed it."""
    try:
        found = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    except x509.ExtensionNotFound:
        raise ValueError("it has no authority key identifier") from None
    serial = leaf.serial_number.to_bytes(leaf.serial_number.bit_length() // 8 + 1)
    parts = (found.value.key_identifier or b"", serial)
    return ".".join(base64.urlsafe_b64encode(each).decode().rstrip("=") for each in parts)


def _reason(error: requests.RequestException) -> str:
    """Return why a request failed, without the objects that the library puts around it."""
    inner: object = error.args[0] if error.args else error
    inner = getattr(inner, "reason", inner)
    text = str(inner)
    return text.rpartition(">: ")[2] or text
