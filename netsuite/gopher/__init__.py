"""Gopher (RFC 1436), server and client: menus, text, files, searches, the news."""
