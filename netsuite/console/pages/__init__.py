"""The pages of the console, one module a page or a few that belong together."""
