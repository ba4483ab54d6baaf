"""Mail on disk, read and written octet by octet: mbox files and Maildirs, and trees of them.

The standard library's ``mailbox`` parses each message and prints it anew, which changes some; and
it takes every line that begins with ``From`` for the begin of a message, which cuts others in two.
"""
