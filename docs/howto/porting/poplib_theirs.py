"""Mail fetched and removed, with poplib of the standard library."""

import poplib


def fetch(host, port, user, password):
    """Return how many messages there are, the first, the header of the last, a refusal; remove all
    but the first."""
    pop3 = poplib.POP3(host, port, timeout=20)
    pop3.user(user)
    pop3.pass_(password)
    count, _ = pop3.stat()
    first = b"\r\n".join(pop3.retr(1)[1]) + b"\r\n"
    header = b"\r\n".join(pop3.top(count, 0)[1]) + b"\r\n"
    try:
        pop3.retr(count + 1)
    except poplib.error_proto as error:
        refusal = str(error)[2:6]
    for number in range(2, count + 1):
        pop3.dele(number)
    pop3.quit()
    return count, first, header, refusal
