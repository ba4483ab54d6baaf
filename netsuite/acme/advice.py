"""Refusals of an authority, in words that say what to change."""

from __future__ import annotations

from typing import Final

HTTP: Final = "http-01"
TLS: Final = "tls-alpn-01"
#: Of what an authority says itself, so much is told.
_DETAIL: Final = 300

_UNREACHED: Final = {
    HTTP: "the authority does not reach http://{name}/ at port 80: let http listen there "
    "(http.listen), open the port in every firewall on the way, and see that all addresses of the "
    "name in the DNS, IPv6 too, are this machine's",
    TLS: "the authority does not reach {name} at port 443: let http listen there "
    "(http.listen_tls), open the port in every firewall on the way, and see that all addresses of "
    "the name in the DNS, IPv6 too, are this machine's",
}
_OTHERS: Final = {
    HTTP: "another server answers at http://{name}/: the name's addresses in the DNS (A, AAAA) "
    "lead there, or a proxy in front keeps /.well-known/acme-challenge/ to itself",
    TLS: "another server answers for {name} at port 443: the name's addresses in the DNS (A, AAAA) "
    "lead there, or a proxy in front ends TLS itself",
}
#: By the error's type (RFC 8555, 6.7), or a word of ours.
_ADVICE: Final = {
    "dns": "the DNS has no address of {name}: add A and AAAA records that lead to this machine",
    "dnssec": "the DNSSEC signatures of {name} are wrong: mend them, or remove its DS record",
    "caa": "a CAA record in the DNS forbids this authority to issue for {name}: add one that "
    "allows it, or remove them",
    "rateLimited": "the authority wants to be asked less often",
    "rejectedIdentifier": "the authority issues nothing for {name}: take it out of acme.names, or "
    "choose another acme.directory",
    "unsupportedIdentifier": "the authority issues nothing for {name}: take it out of acme.names, "
    "or choose another acme.directory",
    "externalAccountRequired": "the authority serves its customers only: put what it gave you into "
    "a file, and its path into acme.external_account",
    "externalAccount": "acme.external_account cannot be used",
    "invalidContact": "the authority refuses acme.contact: change it, or leave it empty",
    "unsupportedContact": "the authority refuses acme.contact: change it, or leave it empty",
    "userActionRequired": "the authority wants to have something done by hand",
    "unreachable": "the authority cannot be reached: look at acme.directory, at the DNS and the "
    "firewall for what leaves this machine, and at acme.authorities where the authority is not a "
    "public one",
    "noChallenge": "the authority offers no way to prove {name} that is open here: let http listen "
    "at port 80 (http.listen) or 443 (http.listen_tls)",
    "slow": "the authority is not done yet",
    "file": "the certificate cannot be kept",
}


def explain(code: str, detail: str, name: str, challenge: str = "") -> str:
    """Return in a line why there is no certificate, and what to change.

    Args:
        code: the last word of the error's type, or one of ours.
        detail: what the authority says; it is quoted, without what a terminal would obey.
        name: which the certificate is for.
        challenge: by which that was to be proved; empty where it did not come to it.
    """
    if code in ("connection", "tls", "timeout") and challenge:
        advice = _UNREACHED[challenge]
    elif code in ("unauthorized", "incorrectResponse") and challenge:
        advice = _OTHERS[challenge]
    else:
        advice = _ADVICE.get(code, "the authority refuses")
    said = "".join(c if c.isprintable() else " " for c in detail)[:_DETAIL].strip()
    return advice.format(name=name) + (f" ({said})" if said else "")
