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
napoleon_use_ivar = True
suppress_warnings = ["ref.python"]  # Refusal is a client's error and a policy's verdict


def _of_fields(app, what, name, thing, options, signature, annotation):  # type: ignore[no-untyped-def]
    """Show no arguments of Protocol classes: what they want are fields, and nobody calls them."""
    if what == "class" and getattr(thing, "_is_protocol", False):
        return "", annotation
    return signature, annotation


def setup(app):  # type: ignore[no-untyped-def]
    """Tell Sphinx of that."""
    app.connect("autodoc-process-signature", _of_fields)
