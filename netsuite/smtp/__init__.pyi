from netsuite.smtp.client import Mailer as Mailer
from netsuite.smtp.client import Result as Result
from netsuite.smtp.client import SMTPClient as SMTPClient
from netsuite.smtp.client import TLSUse as TLSUse
from netsuite.smtp.client import connect as connect
from netsuite.smtp.client import send as send
