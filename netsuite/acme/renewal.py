"""The certificates of all names: ordered, renewed ahead of time, tried again after a failure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred, ensureDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from netsuite.acme import schedule
from netsuite.acme.advice import explain
from netsuite.acme.authority import Refused, key_pem, new_key
from netsuite.acme.files import ACMEFolder, NameState
from netsuite.acme.ordering import NotIssued, Ordering, OrdersCertificates, request_for
from netsuite.bus import Value
from netsuite.certificates import Certificates, Pair
from netsuite.config.schema import Settings
from netsuite.store.files.thread_jobs import RunInThread

#: How often it is looked whether something is due, by the time of day: a machine may have slept.
LOOK_SECONDS: Final = 3600.0
#: How often an authority is asked when to renew, where it does not say.
ASK_SECONDS: Final = 6 * 3600.0
#: For so long after a failure a reload is no reason to try again; there may be many.
QUIET_SECONDS: Final = 300.0


class Suggests(OrdersCertificates, Protocol):
    """An authority that also says when to renew: see ``Authority``."""

    def window(self, leaf: x509.Certificate) -> tuple[datetime, datetime, float | None] | None:
        """Return when to renew a certificate, from and to, and when to ask again."""


class Renewal(Service):
    """Gets and renews the certificate of each name.

    Args:
        names: as the DNS has them.
        folder: where certificates and what is known of names are kept.
        certificates: read what is new.
        ordering: orders one certificate.
        authority: is asked when to renew.
        directory: the authority's, where a certificate of another is replaced.
        kinds: of challenges that may be met, the best first.
        keep_key: whether a renewed certificate keeps its key.
        run: runs in a thread.
        clock: for time that passes.
        now: returns the present moment.
        chance: returns a number from 0 up to 1.
        once_ours: calls a function when the daemon serves, and this process is the one to do it.
    """

    log = Logger()

    def __init__(
        self,
        names: Sequence[str],
        folder: ACMEFolder,
        certificates: Certificates,
        ordering: Ordering,
        authority: Suggests,
        *,
        directory: str,
        kinds: Sequence[str],
        keep_key: bool,
        run: RunInThread,
        clock: IReactorTime,
        now: Callable[[], datetime],
        chance: Callable[[], float],
        once_ours: Callable[[Callable[[], None]], object],
    ) -> None:
        self.setName("acme")
        self.names = names
        self._folder = folder
        self._certificates = certificates
        self._ordering = ordering
        self._authority = authority
        self._directory = directory
        self._kinds = kinds
        self._keep_key = keep_key
        self._run = run
        self._clock = clock
        self._now = now
        self._chance = chance
        self._once_ours = once_ours
        self._asked: dict[str, float] = {}  # by name, when the authority is asked again
        self._left: dict[str, str] = {}  # by name, what of somebody else's was told of
        self._wanted: set[str] = set()
        self._quiet: dict[str, float] = {}  # by name, until when a reload is no reason
        self._life: Deferred[None] | None = None
        self._sleep: Deferred[None] | None = None

    # -- life ----------------------------------------------------------------------------------

    def startService(self) -> None:
        """Begin when the daemon serves: an authority looks at it at once."""
        super().startService()
        self._once_ours(self._begin)

    def _begin(self) -> None:
        if self.running:
            self._life = ensureDeferred(self._live()).addErrback(self._ended)

    def stopService(self) -> None:
        """Stop; what a thread waits for is left alone."""
        super().stopService()
        life, self._life = self._life, None
        if life is not None:
            life.cancel()

    def _ended(self, failure: Failure) -> None:
        if self.running:
            self.log.failure("renewing certificates", failure)

    def renew(self, names: Collection[str] = ()) -> Sequence[str]:
        """Try names at once, whatever is known of them; return which.

        Args:
            names: empty: those whose last try has failed.
        """
        wanted = [
            name
            for name in self.names
            if name in names or (not names and self._folder.state(name).failures)
        ]
        self._wanted |= set(wanted)
        self._wake()
        return wanted

    def reloaded(self, settings: Settings) -> None:
        """Try again what has failed, as what was wrong may be mended; but not what has just failed,
        nor where the authority wants to be left alone."""
        now = self._clock.seconds()
        failed = [name for name in self.names if self._folder.state(name).failures]
        names = [name for name in failed if self._quiet.get(name, 0.0) <= now]
        if names:
            self.renew(names)

    def answer(self, value: Value) -> Value:
        """Do as ``renew``, for somebody who asks ``RENEW``: *value* is a list of names."""
        given = value if isinstance(value, list) else []
        return list(self.renew([str(each) for each in given]))

    def _wake(self) -> None:
        sleep, self._sleep = self._sleep, None
        if sleep is not None and not sleep.called:
            sleep.callback(None)

    async def _live(self) -> None:
        await self._run(self._folder.load)
        while True:
            waits = [await self._visit(name) for name in self.names]
            if self._wanted:
                continue
            self._sleep = Deferred()
            call = self._clock.callLater(max(1.0, min(*waits, LOOK_SECONDS)), self._wake)
            try:
                await self._sleep
            finally:
                if call.active():
                    call.cancel()

    # -- one name ------------------------------------------------------------------------------

    async def _visit(self, name: str) -> float:
        """Do what is due for a name; return in how many seconds to look again at the latest."""
        try:
            return await self._do_due(name)
        except OSError as error:
            self.log.error(
                "certificate {name}: {file}: {reason}",
                name=name, file=error.filename, reason=error.strerror,
            )  # fmt: skip
        except CancelledError:
            raise
        except Exception:  # which keeps no other name from its certificate
            self.log.failure("certificate {name}", name=name)
        return LOOK_SECONDS

    async def _do_due(self, name: str) -> float:
        wanted = name in self._wanted
        self._wanted.discard(name)
        left = await self._run(self._folder.of_others, name)
        if left is not None:
            self._leave(name, str(left))
            return LOOK_SECONDS
        self._left.pop(name, None)
        pair = await self._run(self._folder.pair, name)
        state = self._folder.state(name)
        now = self._now()
        if pair is not None:
            state = await self._decide(name, pair, state, now)
        seconds = self._due(pair, state) - now.timestamp()
        if not wanted and seconds > 0:
            return seconds
        await self._try(name, pair)
        return 0.0

    def _due(self, pair: Pair | None, state: NameState) -> float:
        """Return when the next try is due, in seconds since 1970."""
        due = 0.0
        if pair is not None and state.directory == self._directory:
            due = min(state.renew_at, pair.not_after.timestamp())
        # Further ahead than any wait of ours is what a clock that was wrong has left behind.
        furthest = self._now() + schedule.LONGEST_ASKED + schedule.LONGEST_WAIT
        return max(due, state.next_try if state.next_try <= furthest.timestamp() else 0.0)

    def _leave(self, name: str, path: str) -> None:
        """Leave a name alone whose certificate is somebody else's; say so once."""
        if self._left.get(name) != path:
            self._left[name] = path
            self.log.warn(
                "certificate {name}: {path} was put there by somebody else, and stays as it is; "
                "move it away to have one by ACME, or take the name out of acme.names",
                name=name, path=path,
            )  # fmt: skip

    async def _decide(self, name: str, pair: Pair, state: NameState, now: datetime) -> NameState:
        """Return the state with the moment of renewal, which is by the authority's word where it
        has one."""
        leaf = pair.chain[0]
        renew_at = state.renew_at
        if not renew_at:
            begins = leaf.not_valid_before_utc
            renew_at = schedule.renewal(begins, pair.not_after, self._chance()).timestamp()
        if self._clock.seconds() >= self._asked.get(name, 0.0) and now < pair.not_after:
            seconds = ASK_SECONDS
            try:
                window = await self._run(self._authority.window, leaf)
            except Refused as refused:
                said = explain(refused.code, refused.detail, name)
                self.log.debug("certificate {name}: when to renew: {said}", name=name, said=said)
                window = None
            if window is not None:
                start, end, wanted = window
                seconds = max(wanted or ASK_SECONDS, 60.0)
                if not start.timestamp() <= renew_at <= end.timestamp():
                    renew_at = schedule.suggested(start, end, self._chance()).timestamp()
            self._asked[name] = self._clock.seconds() + seconds
        if renew_at != state.renew_at:
            state = replace(state, renew_at=renew_at)
            await self._run(self._folder.save_state, name, state)
        return state

    async def _try(self, name: str, pair: Pair | None) -> None:
        key = pair.key if pair is not None and self._keep_key else new_key()
        try:
            pem, lifetime = await self._issue(name, key)
            await self._run(self._folder.write, name, pem)
        except (NotIssued, OSError) as error:
            await self._failed(name, error)
            return
        settled = self._now() + schedule.settled(lifetime)
        written = self._folder.state(name).written
        state = NameState(written, self._directory, next_try=settled.timestamp())
        await self._run(self._folder.save_state, name, state)
        self._asked.pop(name, None)
        self._certificates.look()
        self.log.info("certificate {name}: a new one is there", name=name)

    async def _issue(self, name: str, key: ec.EllipticCurvePrivateKey) -> tuple[bytes, timedelta]:
        """Return key and chain of a new certificate, and for how long that is. Raises NotIssued."""
        chain = await self._ordering.issue(name, request_for(name, key), self._kinds)
        try:
            leaf = x509.load_pem_x509_certificates(chain.encode())[0]
            names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            right = name in names.get_values_for_type(x509.DNSName)
        except (ValueError, x509.ExtensionNotFound):
            right = False
        if not right or leaf.public_key() != key.public_key():
            raise NotIssued("the authority gave another certificate than was ordered", None)
        if leaf.not_valid_after_utc <= self._now():
            raise NotIssued("the certificate has ended already: look at this machine's clock", None)
        lifetime = leaf.not_valid_after_utc - leaf.not_valid_before_utc
        return key_pem(key) + chain.encode(), lifetime

    async def _failed(self, name: str, error: NotIssued | OSError) -> None:
        asked = None
        if isinstance(error, NotIssued):
            asked, trouble = error.retry_seconds, str(error)
        else:
            trouble = explain("file", f"{error.filename}: {error.strerror}", name)
        state = self._folder.state(name)
        failures = state.failures + 1
        self._quiet[name] = self._clock.seconds() + max(asked or 0.0, QUIET_SECONDS)
        wait = schedule.wait(failures, asked, self._chance())
        again = self._now() + wait
        state = replace(state, failures=failures, next_try=again.timestamp(), trouble=trouble)
        self.log.error(
            "certificate {name}: {trouble}; what there is stays in use, and it is tried again at "
            "{again}, or at once by `netsuite certificate renew`",
            name=name, trouble=trouble, again=f"{again.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        )  # fmt: skip
        await self._run(self._folder.save_state, name, state)
