"""A word with a shell, with telnetlib of the standard library (until Python 3.12)."""

import telnetlib


def converse(host, port, user, password):
    """Return where one begins, and which of two things is said of the mail."""
    with telnetlib.Telnet(host, port, timeout=20) as telnet:
        telnet.read_until(b"login: ", 20)
        telnet.write(user.encode() + b"\r\n")
        telnet.read_until(b"assword: ", 20)
        telnet.write(password.encode() + b"\r\n")
        telnet.expect([rb"> ?$"], 20)
        telnet.write(b"pwd\r\n")
        _, match, _ = telnet.expect([rb"^(/\S*)\r"], 20)
        telnet.write(b"mail list\r\n")
        index, _, _ = telnet.expect([rb"There is nothing", rb"Question"], 20)
        telnet.write(b"quit\r\n")
        telnet.read_all()
    return match[1].decode(), index
