"""The walk through what IPython makes of magics and shell commands, and the whole walk of a cell."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from provkg.analysis.bodies import Bodies
from provkg.analysis.code import Argument, BindingKind, Body, Call
from provkg.analysis.knowledge import MagicMeaning
from provkg.analysis.parsing import Parsed, parse

__all__ = ["Walk"]

_BRACES = re.compile(r"(?<!\{)\{([^{}]+)\}(?!\})")
_DOLLAR = re.compile(r"(?<!\$)\$([A-Za-z_]\w*)")
_SHELL_VARIABLE = re.compile(r"\bfor\s+(\w+)\s+in\b|\b(\w+)=|\bread\s+(\w+)")
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_UNKNOWN = MagicMeaning(names=())


class Walk(Bodies):
    """Walks a whole cell, magics included."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.offset = 0

    def magic(self, node: ast.Call) -> None:
        """Walk a call that IPython made of a magic: ``get_ipython().run_line_magic("time", "f(x)")``."""
        texts = [value.value for value in node.args if isinstance(value, ast.Constant)]
        if len(texts) != len(node.args) or not all(isinstance(text, str) for text in texts):
            self.all(node.args)
            return
        name, *rest = [str(text) for text in texts]
        kind = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if kind in {"system", "getoutput"}:
            self._note(node, "!", name)
            self._shell(name)
            return
        meaning = self.knowledge.magics.get(name, _UNKNOWN)
        line = rest[0] if rest else ""
        self._note(node, f"%{name}" if kind == "run_line_magic" else f"%%{name}", line)
        self._options(meaning, line)
        body = rest[1] if kind == "run_cell_magic" and len(rest) > 1 else ""
        if body and meaning.line == meaning.cell == "code apart":  # the line sets up what the body uses
            self._text(node, "code apart", f"{line}\n{body}", meaning, below=False)
            return
        if not body or meaning.line != "code":  # above a body stand only options
            self._text(node, meaning.line, line, meaning, below=False)
        if body:
            self._text(node, meaning.cell, body, meaning, below=True)

    def _note(self, node: ast.Call, function: str, text: str) -> None:
        line, end = node.lineno + self.shift, (node.end_lineno or node.lineno) + self.shift
        argument = Argument("", text, literal=text, known=True)
        self.calls.append(
            Call(
                function, line, end, (argument,), targets=self.results.get(node, ()),
                body=self.scope.index, statement=self.statement,
            )
        )  # fmt: skip

    def _options(self, meaning: MagicMeaning, line: str) -> None:
        for letter in meaning.reads_options:
            for value in re.findall(rf"(?:^|\s)-{letter}\s*([\w.,]+)", line):
                self._names(value)
        bound = [rf"-{letter}\s*" for letter in meaning.binds_options]
        bound += [rf"--{word}[\s=]\s*" for word in meaning.binds_long_options]
        for option in bound:
            for value in re.findall(rf"(?:^|\s){option}([\w,]+)", line):
                for name in _IDENTIFIER.findall(value):
                    self.bind_name(name, frozenset(self.data), BindingKind.ASSIGNED)

    def _text(self, node: ast.Call, kind: str, text: str, meaning: MagicMeaning, *, below: bool) -> None:
        match kind:
            case "code" | "code apart":
                code = text if below else _without_options(text, meaning.options)
                self._code(node, code, apart=kind == "code apart", below=below)
            case "names":
                self._names(_without_options(text, meaning.options))
            case "binds":
                for word in text.split():
                    if word.isidentifier():
                        self.bind_name(word, frozenset())
            case "shell":
                self._shell(text)

    def _names(self, text: str) -> None:
        """Names of variables, or dotted names that begin with one."""
        for word in re.split(r"[\s,]+", text):
            match = _IDENTIFIER.match(word)
            if match:
                self.name(ast.Name(match.group(), ast.Load()))

    def _shell(self, text: str) -> None:
        """Text in which ``{expression}`` and ``$name`` stand for values."""
        trees: list[Parsed] = []
        for expression in _BRACES.findall(text):
            parsed = parse(expression.strip(), transformed=True)
            if parsed.tree is None:  # IPython then leaves the whole text as it is
                trees = []
                break
            trees.append(parsed)
        with self._inside(self.shift):
            for parsed in trees:
                self.lines = parsed.source.split("\n")
                for node in parsed.tree.body if parsed.tree else ():
                    if isinstance(node, ast.Expr):
                        self.visit(node.value)
        own = {name for names in _SHELL_VARIABLE.findall(text) for name in names}
        for name in _DOLLAR.findall(text):
            if not name.isupper() and name not in own:  # $HOME is the shell's
                self._names(name)

    def _code(self, node: ast.Call, text: str, *, apart: bool, below: bool) -> None:
        """Python that the magic runs, in the cell's own namespace or apart from it."""
        parsed = parse(text, transformed=False)
        if parsed.tree is None:
            return
        shift = node.lineno + self.shift - (0 if below else 1)
        if below:
            shift += text[: len(text) - len(parsed.source)].count("\n")
            self.offset = shift
        with self._inside(shift):
            self.lines = parsed.source.split("\n")
            if apart:
                self._apart(node, parsed.tree)
            else:
                self.walk(parsed.tree.body)

    def _apart(self, node: ast.Call, tree: ast.Module) -> None:
        index, start = len(self.bodies), len(self.statements)
        self.bodies.append(Body("", 0, 0, start, start, outer=self.scope.index))
        scope = self.enter(index)
        self.walk(tree.body)
        self.scope = scope.parent or self.module
        effect = scope.effect()
        self.bodies[index] = Body(
            name="",
            line=self.shift + 1,
            end_line=self.shift + len(self.lines),
            start=start,
            end=len(self.statements),
            bound=frozenset(scope.own()),
            reads=frozenset(effect.reads),
            changes=frozenset(effect.changes),
            outer=self.scope.index,
        )
        for name, count in effect.reads.items():
            for _ in range(count):
                self.load(name)
        for name in effect.changes:
            self.change(name)

    @contextmanager
    def _inside(self, shift: int) -> Iterator[None]:
        """Walk other text in the middle of a statement, then go on with the statement."""
        kept = self.lines, self.shift, self.statement, self.line
        expected = self.targets, self.results, self.alone, self.named
        loads, data, changed = self.loads, self.data, self.changed
        self.shift = shift
        self.loads, self.data, self.changed = list(loads), list(data), list(changed)
        try:
            yield
        finally:
            self.lines, self.shift, self.statement, self.line = kept
            self.targets, self.results, self.alone, self.named = expected
            self.loads, self.data, self.changed = loads + self.loads, data + self.data, changed + self.changed


def _without_options(text: str, options: str) -> str:
    """The text behind options such as ``-n 10 -q``, which are written as for getopt."""
    text = text.lstrip()
    while text.startswith("-"):
        word, _, rest = text.partition(" ")
        if word == "--":
            return rest.lstrip()
        letters = word[1:]
        if not letters or letters[0] not in options.replace(":", ""):
            break
        valued = next((i for i, letter in enumerate(letters) if f"{letter}:" in options), -1)
        text = rest.lstrip()
        if valued == len(letters) - 1:  # the value is the next word
            text = text.partition(" ")[2].lstrip()
    return text
