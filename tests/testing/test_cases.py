"""The test cases with types: what the stub declares is what trial has."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

from netsuite.testing import cases
from netsuite.testing.cases import SynchronousTestCase, TestCase


class Stub(SynchronousTestCase):
    """The types beside the module."""

    def test_parameters(self) -> None:
        """Each method is there, and what may be given by name has that name."""
        stub = ast.parse(Path(cases.__file__).with_suffix(".pyi").read_text())
        classes = {each.name: each for each in stub.body if isinstance(each, ast.ClassDef)}
        methods = [
            method
            for name in ("Assertions", "SynchronousTestCase")
            for method in classes[name].body
            if isinstance(method, ast.FunctionDef)
        ]
        self.assertGreater(len(methods), 25)
        for method in methods:
            parameters = inspect.signature(getattr(TestCase, method.name)).parameters
            positional = method.args.posonlyargs + method.args.args
            for given in positional[max(1, len(method.args.posonlyargs)) :]:
                self.assertIn(given.arg, parameters, method.name)
