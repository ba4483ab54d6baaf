"""The client half of the command: fetch, store, list, send and post, by URL."""
