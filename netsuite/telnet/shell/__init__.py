"""The shell that runs on a Telnet connection: the login, and commands over mail, news and files."""
