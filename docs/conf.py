"""Sphinx: the documentation of netsuite."""

from netsuite import __version__

project = "netsuite"
copyright = "2026, the netsuite developers"
release = version = __version__
extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "alabaster"
html_theme_options = {"description": "Classic Internet protocols on Twisted"}
exclude_patterns = ["_build", "news"]
autodoc_typehints = "description"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "undoc-members": False}
nitpicky = False
