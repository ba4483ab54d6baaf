"""Menus as the owners of directories write them, in the forms of several servers."""
