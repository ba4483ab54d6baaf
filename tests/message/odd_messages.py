"""Odd messages, as they occur: what ENVELOPE and BODYSTRUCTURE say of each, and where Dovecot says
something else (docs/protocols/imap.rst has why)."""

# ruff: noqa: E501 - messages and answers read best one line a line

from __future__ import annotations

from typing import Final


def _crlf(text: bytes) -> bytes:
    return text.replace(b"\n", b"\r\n")


#: With LF here and CRLF as they are stored.
_ODD: Final = {
    "plain": b"From: a@b.example\nSubject: x\n\nhello\n",
    "no header": b"\nhello\n",
    "no body": b"From: a@b.example\nSubject: x\n\n",
    "header without its end": b"From: a@b.example\nSubject: x\n",
    "nothing but a line": b"hello\n",
    "nested message": (
        b"From: a@b.example\nSubject: out\nContent-Type: message/rfc822\n\n"
        b"From: c@d.example\nSubject: in\nContent-Type: message/rfc822\n\n"
        b"From: e@f.example\nSubject: innermost\n\nhello\nthere\n"
    ),
    "nested message in base64": (
        b"From: a@b.example\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
        b"U3ViamVjdDogeAoKaGVsbG8K\n"
    ),
    "nested message without a body": (
        b"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n--x\n"
        b"Content-Type: message/rfc822\n\n--x--\n"
    ),
    "multipart in a message in a multipart": (
        b"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n"
        b"--x\nContent-Type: message/rfc822\n\n"
        b"Subject: in\nContent-Type: multipart/alternative; boundary=y\n\n"
        b"--y\n\none\n--y\nContent-Type: text/html\n\n<p>two\n--y--\n\n--x\n\nthree\n--x--\n"
    ),
    "no boundary": b"From: a@b.example\nContent-Type: multipart/mixed\n\n--x\n\nhello\n--x--\n",
    "empty boundary": (
        b'From: a@b.example\nContent-Type: multipart/mixed; boundary=""\n\n--\n\nhello\n----\n'
    ),
    "boundary that never comes": (
        b"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\nhello\n"
    ),
    "boundary that never ends": (
        b"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nhello\n--x\n\nyou\n"
    ),
    "boundary of the outer one within": (
        b"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n--x\n"
        b"Content-Type: multipart/mixed; boundary=y\n\n--y\n\none\n--x\n\ntwo\n--x--\n"
    ),
    "same boundary within": (
        b"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n--x\n"
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\none\n--x--\n\n--x\n\ntwo\n--x--\n"
    ),
    "boundary that begins another": (
        b"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n--x\n"
        b"Content-Type: multipart/mixed; boundary=xy\n\n--xy\n\none\n--xy--\n--x\n\ntwo\n--x--\n"
    ),
    "quoted boundary": (
        b'From: a@b.example\nContent-Type: multipart/mixed; boundary="=_a (b)?"\n\n'
        b"--=_a (b)?\n\nhello\n--=_a (b)?--\n"
    ),
    "empty multipart": b"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n--x--\n",
    "multipart without a body": b"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n",
    "empty parts": (
        b"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n--x\n--x\n\n--x\n\n\n--x--\n"
    ),
    "part without an empty line": (
        b"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n--x\n"
        b"Content-Type: text/html\n--x\n\ntwo\n--x--\n"
    ),
    "preamble and epilogue": (
        b"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\nbefore\n--x\n\none\n"
        b"--x--\nbehind\n--x\n\nnone\n"
    ),
    "digest": (
        b"From: a@b.example\nContent-Type: multipart/digest; boundary=x\n\n--x\n\n"
        b"Subject: one\n\nhello\n--x\nContent-Type: text/plain\n\ntext\n--x--\n"
    ),
    "two Content-Types": (
        b"From: a@b.example\nContent-Type: text/html\nContent-Type: text/plain; charset=x\n\nhello\n"
    ),
    "text without a charset": b"From: a@b.example\nContent-Type: text/x; format=flowed\n\nhello\n",
    "two Subjects": b"From: a@b.example\nFrom: c@d.example\nSubject: x\nSubject: y\n\nhello\n",
    "Content-Type without a subtype": b"From: a@b.example\nContent-Type: text\n\nhello\n",
    "Content-Type of nothing": b"From: a@b.example\nContent-Type:\n\nhello\n",
    "Content-Type with junk": (
        b"From: a@b.example\nContent-Type: text/plain; charset=utf-8; =x; format; name=a b; c=d\n\n"
        b"hello\n"
    ),
    "Content-Type in capitals with comments": (
        b"From: a@b.example\nContent-Type: (c) TEXT/HTML (d) ; (e) CHARSET=UTF-8 (f)\n"
        b"Content-Transfer-Encoding: (c) Quoted-Printable\n\nhello=\n"
    ),
    "continued parameters": (
        b"From: a@b.example\nContent-Type: application/x; name*0*=utf-8''a%C3%A4; name*1=b; size=1\n"
        b"Content-Disposition: attachment; filename*=iso-8859-1'de'%E4.txt\n\nx\n"
    ),
    "8-bit header": b"From: J\xf6rg <j@b.example>\nSubject: gr\xfc\xdfe\nTo: \xff@x.example\n\nhello\n",
    "UTF-8 header": "From: Jörg <jörg@bücher.example>\nSubject: grüße\n\nhello\n".encode(),
    "encoded words in a group": (
        b"From: =?utf-8?q?J=C3=B6rg?= <j@b.example>\n"
        b'To: =?utf-8?q?Fr=C3=A9unde?=: a@b.example, "C, D" <c@d.example>;, e@f.example\n'
        b"Cc: undisclosed-recipients:;\nSubject: =?utf-8?b?w6Q=?= =?utf-8?b?w7Y=?=\n\nhello\n"
    ),
    "addresses of all kinds": (
        b"From: a@b.example (A (nested) B)\nSender: <@r.example,@s.example:a@b.example>\n"
        b'To: "quoted \\" local"@b.example, local only, <>, ,, a.b.@c.example, <d@[192.0.2.1]>\n'
        b'Cc: Name without address, "N" <e@f.example> junk, g@h.example i@j.example\n'
        b"Reply-To: <unclosed@b.example\n\nhello\n"
    ),
    "dates and identities": (
        b"Date: (comment) yesterday\nFrom:\nMessage-ID: no brackets\nIn-Reply-To: <a@b> <c@d>\n"
        b"Subject:\n folded\n\tsubject \n\nhello\n"
    ),
    "base64 with garbage": (
        b"From: a@b.example\nContent-Type: application/x\nContent-Transfer-Encoding: base64\n\n"
        b"aGVs!!bG8=\nbogus=line\n\n-- \nsent by a list\n"
    ),
    "uuencode": (
        b"From: a@b.example\nSubject: uu\nContent-Transfer-Encoding: x-uuencode\n\n"
        b"begin 644 a.txt\n%:&5L;&\\\n`\nend\n"
    ),
    "appledouble": (
        b"From: a@b.example\nContent-Type: multipart/appledouble; boundary=x\n\n--x\n"
        b'Content-Type: application/applefile; name="a"\nContent-Transfer-Encoding: base64\n\nAAUWBw==\n'
        b'--x\nContent-Type: image/jpeg; name="a"\nContent-Transfer-Encoding: base64\n'
        b'Content-Disposition: inline; filename="a.jpg"\n\n/9j/4A==\n--x--\n'
    ),
    "winmail.dat": (
        b'From: a@b.example\nContent-Type: multipart/mixed;\n\tboundary="----=_Next_000"\n\n'
        b"This is a multi-part message in MIME format.\n\n------=_Next_000\n"
        b'Content-Type: text/plain;\n\tcharset="us-ascii"\nContent-Transfer-Encoding: 7bit\n\nhello\n\n'
        b'------=_Next_000\nContent-Type: application/ms-tnef;\n\tname="winmail.dat"\n'
        b'Content-Transfer-Encoding: base64\nContent-Disposition: attachment;\n\tfilename="winmail.dat"\n\n'
        b"eJ8+Ig==\n\n------=_Next_000--\n"
    ),
    "signed": (
        b"From: a@b.example\nContent-Type: multipart/signed; micalg=pgp-sha256;\n"
        b' protocol="application/pgp-signature"; boundary="x"\n\n--x\n'
        b"Content-Type: text/plain\nContent-Language: de, en-GB\nContent-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\n"
        b"Content-Location: http://x.example/a\nContent-ID: <1@x>\nContent-Description: a\n folded one\n\n"
        b"hello\n--x\nContent-Type: application/pgp-signature; name=signature.asc\n\nsig\n--x--\n"
    ),
    "delivery report": (
        b"From: <>\nTo: a@b.example\nContent-Type: multipart/report; report-type=delivery-status;\n"
        b" boundary=x\n\n--x\n\nfailed\n--x\nContent-Type: message/delivery-status\n\n"
        b"Reporting-MTA: dns; x\n\nAction: failed\n--x\nContent-Type: text/rfc822-headers\n\n"
        b"Subject: y\n--x--\n"
    ),
    "disposition of nothing": (
        b"From: a@b.example\nContent-Disposition:\nContent-Language:\nContent-ID:\nContent-MD5:\n\nx\n"
    ),
    "bare words everywhere": (
        b"From: a@b.example\nContent-Type: image/png; name=a b c.png; x=\n"
        b"Content-Disposition: attachment; filename=r\xe9sum\xe9.pdf\n\nx\n"
    ),
}
MESSAGES: Final = {name: _crlf(octets) for name, octets in _ODD.items()}

#: Those of which Dovecot says something else: how it differs.
DIFFERENT: Final = {
    "empty boundary": "an empty boundary is none here",
    "two Subjects": "the first field of a name counts here",
    "Content-Type without a subtype": "what names no type is text/plain (RFC 2045, 5.2)",
    "Content-Type of nothing": "what names no type is text/plain (RFC 2045, 5.2)",
    "Content-Type with junk": "a word that is no parameter is passed over, and the next one read",
    "continued parameters": "RFC 2231 is undone and written anew, in order and in UTF-8",
    "addresses of all kinds": "an address without a host has an empty one",
    "dates and identities": "unfolding leaves white space as it is (RFC 5322, 2.2.3)",
    "uuencode": "an encoding that RFC 2045 does not know is shown",
    "delivery report": "an address without a host has an empty one",
}
#: ENVELOPE and BODYSTRUCTURE.
ANSWERS: Final = {
    "plain": (
        b'(NIL "x" ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 7 1 NIL NIL NIL NIL)',
    ),
    "no header": (
        b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)",
        b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 7 1 NIL NIL NIL NIL)',
    ),
    "no body": (
        b'(NIL "x" ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL NIL)',
    ),
    "header without its end": (
        b'(NIL "x" ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL NIL)',
    ),
    "nothing but a line": (
        b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)",
        b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL NIL)',
    ),
    "nested message": (
        b'(NIL "out" ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((N'
        b'IL NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'("message" "rfc822" NIL NIL NIL "7bit" 119 (NIL "in" ((NIL NIL "c" "d.'
        b'example")) ((NIL NIL "c" "d.example")) ((NIL NIL "c" "d.example")) NIL'
        b' NIL NIL NIL NIL) ("message" "rfc822" NIL NIL NIL "7bit" 55 (NIL "inne'
        b'rmost" ((NIL NIL "e" "f.example")) ((NIL NIL "e" "f.example")) ((NIL N'
        b'IL "e" "f.example")) NIL NIL NIL NIL NIL) ("text" "plain" ("charset" "'
        b'us-ascii") NIL NIL "7bit" 14 2 NIL NIL NIL NIL) 5 NIL NIL NIL NIL) 9 N'
        b"IL NIL NIL NIL)",
    ),
    "nested message in base64": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'("message" "rfc822" NIL NIL NIL "base64" 26 (NIL NIL NIL NIL NIL NIL N'
        b'IL NIL NIL NIL) ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" '
        b"0 0 NIL NIL NIL NIL) 1 NIL NIL NIL NIL)",
    ),
    "nested message without a body": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'(("message" "rfc822" NIL NIL NIL "7bit" 0 (NIL NIL NIL NIL NIL NIL NIL'
        b' NIL NIL NIL) ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 '
        b'0 NIL NIL NIL NIL) 0 NIL NIL NIL NIL) "mixed" ("boundary" "x") NIL NIL'
        b" NIL)",
    ),
    "multipart in a message in a multipart": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'(("message" "rfc822" NIL NIL NIL "7bit" 123 (NIL "in" NIL NIL NIL NIL '
        b'NIL NIL NIL NIL) (("text" "plain" ("charset" "us-ascii") NIL NIL "7bit'
        b'" 3 0 NIL NIL NIL NIL)("text" "html" ("charset" "us-ascii") NIL NIL "7'
        b'bit" 6 0 NIL NIL NIL NIL) "alternative" ("boundary" "y") NIL NIL NIL) '
        b'11 NIL NIL NIL NIL)("text" "plain" ("charset" "us-ascii") NIL NIL "7bi'
        b't" 5 0 NIL NIL NIL NIL) "mixed" ("boundary" "x") NIL NIL NIL)',
    ),
    "no boundary": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL'
        b' NIL) "mixed" NIL NIL NIL NIL)',
    ),
    "empty boundary": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL'
        b' NIL) "mixed" ("boundary" "") NIL NIL NIL)',
    ),
    "boundary that never comes": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL'
        b' NIL) "mixed" ("boundary" "x") NIL NIL NIL)',
    ),
    "boundary that never ends": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 5 0 NIL NIL NIL'
        b' NIL)("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 5 1 NIL NIL'
        b' NIL NIL) "mixed" ("boundary" "x") NIL NIL NIL)',
    ),
    "boundary of the outer one within": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'((("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 3 0 NIL NIL NI'
        b'L NIL) "mixed" ("boundary" "y") NIL NIL NIL)("text" "plain" ("charset"'
        b' "us-ascii") NIL NIL "7bit" 3 0 NIL NIL NIL NIL) "mixed" ("boundary" "'
        b'x") NIL NIL NIL)',
    ),
    "same boundary within": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'((("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 3 0 NIL NIL NI'
        b'L NIL) "mixed" ("boundary" "x") NIL NIL NIL)("text" "plain" ("charset"'
        b' "us-ascii") NIL NIL "7bit" 3 0 NIL NIL NIL NIL) "mixed" ("boundary" "'
        b'x") NIL NIL NIL)',
    ),
    "boundary that begins another": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'((("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 3 0 NIL NIL NI'
        b'L NIL) "mixed" ("boundary" "xy") NIL NIL NIL)("text" "plain" ("charset'
        b'" "us-ascii") NIL NIL "7bit" 3 0 NIL NIL NIL NIL) "mixed" ("boundary" '
        b'"x") NIL NIL NIL)',
    ),
    "quoted boundary": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 5 0 NIL NIL NIL'
        b' NIL) "mixed" ("boundary" "=_a (b)?") NIL NIL NIL)',
    ),
    "empty multipart": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL'
        b' NIL) "mixed" ("boundary" "x") NIL NIL NIL)',
    ),
    "multipart without a body": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL'
        b' NIL) "mixed" ("boundary" "x") NIL NIL NIL)',
    ),
    "empty parts": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL'
        b' NIL)("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL'
        b' NIL NIL)("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL'
        b' NIL NIL NIL) "mixed" ("boundary" "x") NIL NIL NIL)',
    ),
    "part without an empty line": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'(("text" "html" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL '
        b'NIL)("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 3 0 NIL NIL '
        b'NIL NIL) "mixed" ("boundary" "x") NIL NIL NIL)',
    ),
    "preamble and epilogue": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 3 0 NIL NIL NIL'
        b' NIL) "mixed" ("boundary" "x") NIL NIL NIL)',
    ),
    "digest": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'(("message" "rfc822" NIL NIL NIL "7bit" 21 (NIL "one" NIL NIL NIL NIL '
        b'NIL NIL NIL NIL) ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit"'
        b' 5 0 NIL NIL NIL NIL) 2 NIL NIL NIL NIL)("text" "plain" ("charset" "us'
        b'-ascii") NIL NIL "7bit" 4 0 NIL NIL NIL NIL) "digest" ("boundary" "x")'
        b" NIL NIL NIL)",
    ),
    "two Content-Types": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'("text" "html" ("charset" "us-ascii") NIL NIL "7bit" 7 1 NIL NIL NIL NIL)',
    ),
    "text without a charset": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'("text" "x" ("format" "flowed" "charset" "us-ascii") NIL NIL "7bit" 7 1 NIL NIL NIL NIL)',
    ),
    "two Subjects": (
        b'(NIL "x" ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 7 1 NIL NIL NIL NIL)',
    ),
    "Content-Type without a subtype": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 7 1 NIL NIL NIL NIL)',
    ),
    "Content-Type of nothing": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 7 1 NIL NIL NIL NIL)',
    ),
    "Content-Type with junk": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'("text" "plain" ("charset" "utf-8" "name" "a" "c" "d") NIL NIL "7bit" '
        b"7 1 NIL NIL NIL NIL)",
    ),
    "Content-Type in capitals with comments": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'("text" "html" ("charset" "UTF-8") NIL NIL "quoted-printable" 8 1 NIL NIL NIL NIL)',
    ),
    "continued parameters": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'("application" "x" ("name*" "utf-8\'\'a%C3%A4b" "size" "1") NIL NIL "7bi'
        b't" 3 NIL ("attachment" ("filename*" "utf-8\'\'%C3%A4.txt")) NIL NIL)',
    ),
    "8-bit header": (
        b'(NIL {5}\r\ngr\xfc\xdfe (({4}\r\nJ\xf6rg NIL "j" "b.example")) (({4}\r\nJ\xf6rg NIL "j" '
        b'"b.example")) (({4}\r\nJ\xf6rg NIL "j" "b.example")) ((NIL NIL {1}\r\n\xff "x.ex'
        b'ample")) NIL NIL NIL NIL)',
        b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 7 1 NIL NIL NIL NIL)',
    ),
    "UTF-8 header": (
        b"(NIL {7}\r\ngr\xc3\xbc\xc3\x9fe (({5}\r\nJ\xc3\xb6rg NIL {5}\r\nj\xc3\xb6rg {15}\r\nb\xc3\xbccher.example)) "
        b"(({5}\r\nJ\xc3\xb6rg NIL {5}\r\nj\xc3\xb6rg {15}\r\nb\xc3\xbccher.example)) (({5}\r\nJ\xc3\xb6rg NIL {"
        b"5}\r\nj\xc3\xb6rg {15}\r\nb\xc3\xbccher.example)) NIL NIL NIL NIL NIL)",
        b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 7 1 NIL NIL NIL NIL)',
    ),
    "encoded words in a group": (
        b'(NIL "=?utf-8?b?w6Q=?= =?utf-8?b?w7Y=?=" (("=?utf-8?q?J=C3=B6rg?=" NIL'
        b' "j" "b.example")) (("=?utf-8?q?J=C3=B6rg?=" NIL "j" "b.example")) (("'
        b'=?utf-8?q?J=C3=B6rg?=" NIL "j" "b.example")) ((NIL NIL "=?utf-8?q?Fr=C'
        b'3=A9unde?=" NIL)(NIL NIL "a" "b.example")("C, D" NIL "c" "d.example")('
        b'NIL NIL NIL NIL)(NIL NIL "e" "f.example")) ((NIL NIL "undisclosed-reci'
        b'pients" NIL)(NIL NIL NIL NIL)) NIL NIL NIL)',
        b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 7 1 NIL NIL NIL NIL)',
    ),
    "addresses of all kinds": (
        b'(NIL NIL (("A (nested) B" NIL "a" "b.example")) ((NIL "@r.example,@s.e'
        b'xample" "a" "b.example")) ((NIL NIL "unclosed" "b.example")) ((NIL NIL'
        b' "quoted \\" local" "b.example")(NIL NIL "local only" "")(NIL NIL "" ""'
        b')(NIL NIL "a.b." "c.example")(NIL NIL "d" "[192.0.2.1]")) ((NIL NIL "N'
        b'ame without address" "")("N" NIL "e" "f.example")(NIL NIL "g" "h.examp'
        b'lei@j.example")) NIL NIL NIL)',
        b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 7 1 NIL NIL NIL NIL)',
    ),
    "dates and identities": (
        b'("(comment) yesterday" "folded\tsubject" NIL NIL NIL NIL NIL NIL "<a@b>'
        b' <c@d>" "no brackets")',
        b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 7 1 NIL NIL NIL NIL)',
    ),
    "base64 with garbage": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'("application" "x" NIL NIL NIL "base64" 47 NIL NIL NIL NIL)',
    ),
    "uuencode": (
        b'(NIL "uu" ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NI'
        b'L NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'("text" "plain" ("charset" "us-ascii") NIL NIL "x-uuencode" 35 4 NIL NIL NIL NIL)',
    ),
    "appledouble": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'(("application" "applefile" ("name" "a") NIL NIL "base64" 8 NIL NIL NI'
        b'L NIL)("image" "jpeg" ("name" "a") NIL NIL "base64" 8 NIL ("inline" ("'
        b'filename" "a.jpg")) NIL NIL) "appledouble" ("boundary" "x") NIL NIL NI'
        b"L)",
    ),
    "winmail.dat": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 7 1 NIL NIL NIL'
        b' NIL)("application" "ms-tnef" ("name" "winmail.dat") NIL NIL "base64" '
        b'10 NIL ("attachment" ("filename" "winmail.dat")) NIL NIL) "mixed" ("bo'
        b'undary" "----=_Next_000") NIL NIL NIL)',
    ),
    "signed": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'(("text" "plain" ("charset" "us-ascii") "<1@x>" "a folded one" "7bit" '
        b'5 0 "Q2hlY2sgSW50ZWdyaXR5IQ==" NIL ("de" "en-GB") "http://x.example/a"'
        b')("application" "pgp-signature" ("name" "signature.asc") NIL NIL "7bit'
        b'" 3 NIL NIL NIL NIL) "signed" ("micalg" "pgp-sha256" "protocol" "appli'
        b'cation/pgp-signature" "boundary" "x") NIL NIL NIL)',
    ),
    "delivery report": (
        b'(NIL NIL ((NIL NIL "" "")) ((NIL NIL "" "")) ((NIL NIL "" "")) ((NIL N'
        b'IL "a" "b.example")) NIL NIL NIL NIL)',
        b'(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 6 0 NIL NIL NIL'
        b' NIL)("message" "delivery-status" NIL NIL NIL "7bit" 39 NIL NIL NIL NI'
        b'L)("text" "rfc822-headers" ("charset" "us-ascii") NIL NIL "7bit" 10 0 '
        b'NIL NIL NIL NIL) "report" ("report-type" "delivery-status" "boundary" '
        b'"x") NIL NIL NIL)',
    ),
    "disposition of nothing": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 3 1 NIL NIL NIL NIL)',
    ),
    "bare words everywhere": (
        b'(NIL NIL ((NIL NIL "a" "b.example")) ((NIL NIL "a" "b.example")) ((NIL'
        b' NIL "a" "b.example")) NIL NIL NIL NIL NIL)',
        b'("image" "png" ("name" "a" "x" "") NIL NIL "7bit" 3 NIL ("attachment" '
        b'("filename" {10}\r\nr\xe9sum\xe9.pdf)) NIL NIL)',
    ),
}
