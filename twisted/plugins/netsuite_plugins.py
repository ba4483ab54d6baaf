"""The twistd commands of netsuite: names only, so that listing plugins imports nothing of ours."""

from twisted.application.service import ServiceMaker

netsuite = ServiceMaker(
    "netsuite", "netsuite.daemon", "All of netsuite's servers in one process.", "netsuite"
)
netsuite_smtp = ServiceMaker(
    "netsuite SMTP",
    "netsuite.smtp.service",
    "The SMTP, submission and LMTP servers.",
    "netsuite-smtp",
)
netsuite_imap = ServiceMaker(
    "netsuite IMAP4", "netsuite.imap.service", "The IMAP4 server.", "netsuite-imap"
)
netsuite_pop3 = ServiceMaker(
    "netsuite POP3", "netsuite.pop3.service", "The POP3 server.", "netsuite-pop3"
)
netsuite_managesieve = ServiceMaker(
    "netsuite ManageSieve",
    "netsuite.managesieve.service",
    "The ManageSieve server.",
    "netsuite-managesieve",
)
netsuite_nntp = ServiceMaker(
    "netsuite NNTP", "netsuite.nntp.service", "The news server.", "netsuite-nntp"
)
netsuite_gopher = ServiceMaker(
    "netsuite Gopher", "netsuite.gopher.service", "The Gopher server.", "netsuite-gopher"
)
netsuite_http = ServiceMaker(
    "netsuite HTTP", "netsuite.http.service", "The HTTP server.", "netsuite-http"
)
netsuite_ftp = ServiceMaker(
    "netsuite FTP", "netsuite.ftp.service", "The FTP server.", "netsuite-ftp"
)
netsuite_telnet = ServiceMaker(
    "netsuite Telnet", "netsuite.telnet.service", "The Telnet server.", "netsuite-telnet"
)
