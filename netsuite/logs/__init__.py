"""The daemon's own log: its file, its form, the audit of logins and administration."""
