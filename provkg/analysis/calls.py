"""The walk through calls: what is called with what, and whose objects it changes in place."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence

from provkg.analysis.code import Argument, Binding, BindingKind, Body, Call
from provkg.analysis.expressions import Expressions
from provkg.analysis.folding import Constant, fold, may_fold
from provkg.analysis.knowledge import Knowledge, Parameter

__all__ = ["Calls", "root_of"]

_FOLDABLE = (ast.BinOp, ast.Call, ast.JoinedStr, ast.Name, ast.UnaryOp)
_PLAIN = (str, float)
_PARTS = (ast.Attribute, ast.Subscript)
_INNER = (ast.Attribute, ast.Subscript, ast.Starred)
_NONE: frozenset[str] = frozenset()
_MAX_TEXT = 2000
_LARGEST = 1 << 63
"""JSON readers need not take longer integers; those stay text."""
_MAGIC = frozenset(
    f"get_ipython().{name}" for name in ("getoutput", "run_cell_magic", "run_line_magic", "system")
)
"""What IPython makes of ``%name``, ``%%name`` and ``!command``."""


class Calls(Expressions):
    """Walks chains of attributes, subscripts and calls, and records each call."""

    def __init__(self, lines: Sequence[str], knowledge: Knowledge, aliases: Mapping[str, str]) -> None:
        super().__init__(knowledge, aliases)
        self.lines = lines
        self.shift = 0
        """What to add to a line number of the tree to get the cell's."""
        self.calls: list[Call] = []
        self.call_of: dict[ast.AST, int] = {}
        """The index of each call in ``calls``."""
        self.bindings: list[Binding] = []
        self.functions: dict[str, Body] = {}
        """The functions that the cell has defined so far, by name."""
        self.statement = 0
        """Index of the statement at work."""
        self.line = 0
        self.results: dict[ast.AST, tuple[str, ...]] = {}
        """The names that the results of calls in the statement at work are assigned to."""
        self.alone: ast.AST | None = None
        """The call of the statement at work whose result is not used."""
        self.constants: dict[str, Constant] = {}
        self.folded: list[tuple[int, int, dict[str, int]]] = []
        """Arguments whose value came from variables: index of the call, of the argument, the variables."""

    def chain(self, node: ast.expr) -> tuple[str, str, bool]:
        """Walk a chain of attributes, subscripts and calls.

        Returns its dotted text, the variable at its root (empty when a call leads away from the
        variable's object), and whether it begins with an imported name.
        """
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        if isinstance(node, ast.Name):
            is_data = self.name(node)
            text, root = node.id, node.id if is_data or node.id in self.defined else ""
            imported = text in self.meaning and not (self.hidden and self.is_hidden(text))
            if imported:
                text = self.meaning[text]
        elif isinstance(node, ast.Subscript):
            text, root, imported = self.chain(node.value)
            self.visit(node.slice)
            text += "[]"
        elif isinstance(node, ast.Call):
            text, root, imported = self._call(node)
            text += "()"
        else:
            self.visit(node)
            text, root, imported = "", "", False
        if names:
            names.append(text)
            text = ".".join(reversed(names))
        return text, root, imported

    def changes_object(
        self, name: str, sources: Iterable[str], kind: BindingKind = BindingKind.CHANGED
    ) -> None:
        """The object of a name is changed in place with data from ``sources``."""
        self.change(name)
        self.changed.append(name)
        self.record(name, frozenset((name, *sources)), kind)

    def record(self, name: str, sources: frozenset[str], kind: BindingKind) -> None:
        """Note how the statement at work binds or changes a name."""
        self.bindings.append(Binding(name, self.line, sources, kind, self.statement, self.scope.index))

    def _call(self, node: ast.Call) -> tuple[str, str, bool]:
        start, func, receiver = len(self.data), node.func, ""
        targets = self.results.get(node, ())
        if isinstance(func, ast.Name):
            self.name(func, called=True)
            imported = func.id in self.meaning and not (self.hidden and self.is_hidden(func.id))
            function = self.meaning[func.id] if imported else func.id
        else:
            if targets and isinstance(func, ast.Attribute) and self._returns_object(func.attr):
                self.results[func.value] = targets
            function, receiver, imported = self.chain(func)
        if function in _MAGIC:
            self.magic(node)
            return function, "", imported
        if function == "get_ipython":
            return function, "", imported
        arguments, folded = self._arguments(node)
        if folded:
            self.folded += [(len(self.calls), index, used) for index, used in folded]
        line, end_line = node.lineno + self.shift, (node.end_lineno or node.lineno) + self.shift
        self.call_of[node] = len(self.calls)
        # By position, as there are many: function, line, end_line, arguments, receiver, targets, alone, body,
        # statement, imported, column.
        self.calls.append(
            Call(
                *(function, line, end_line, tuple(arguments), receiver, targets),
                *(node is self.alone, self.scope.index, self.statement, imported, node.col_offset),
            )
        )
        if (
            node.keywords
            or function.rpartition(".")[2] in self.knowledge.changing
            or function in self.functions
        ):
            self._effects(node, function, receiver, imported, self.data[start:])
        method = func.attr if isinstance(func, ast.Attribute) else ""
        return function, receiver if receiver and self._returns_object(method) else "", imported

    def magic(self, node: ast.Call) -> None:
        """Walk a call that IPython made of a magic."""
        raise NotImplementedError

    # --- arguments ----------------------------------------------------------------------------------

    def _arguments(self, node: ast.Call) -> tuple[list[Argument], list[tuple[int, dict[str, int]]]]:
        """What a call passes; and of the values that came by variables, which by which."""
        arguments: list[Argument] = []
        folded: list[tuple[int, dict[str, int]]] = []
        for value in node.args:
            if isinstance(value, ast.Starred):
                argument, used = self._argument(value.value, "*")
            else:
                argument, used = self._argument(value, "")
            if used:
                folded.append((len(arguments), used))
            arguments.append(argument)
        for given in node.keywords:
            argument, used = self._argument(given.value, given.arg or "**")
            if used:
                folded.append((len(arguments), used))
            arguments.append(argument)
        return arguments, folded

    def _argument(self, node: ast.expr, keyword: str) -> tuple[Argument, dict[str, int] | None]:
        if isinstance(node, ast.Constant):
            value, text = node.value, self.text(node)
            if value is None or isinstance(value, _PLAIN):
                return Argument(keyword, text, _NONE, "", value, True), None
            if isinstance(value, int) and -_LARGEST <= value < _LARGEST:
                return Argument(keyword, text, _NONE, "", value, True), None
            return Argument(keyword, text), None
        start = len(self.data)
        self.visit(node)
        names = frozenset(self.data[start:])
        text, variable = self.text(node), ""
        if isinstance(node, ast.Name) and names:
            variable = node.id
        if isinstance(node, _FOLDABLE) and keyword not in ("*", "**") and may_fold(node, self.constants):
            known, value, used = fold(node, self.constants, self.qualified)
            if known:
                value = str(value) if isinstance(value, str) else value
                return Argument(keyword, text, names, variable, value, True), used
        while isinstance(node, _PARTS):
            node = node.value
        call = self.call_of.get(node, -1) if isinstance(node, ast.Call) else -1
        return Argument(keyword, text, names, variable, None, False, call), None

    def text(self, node: ast.expr) -> str:
        """The source text of an expression, cut to a limit."""
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        start, end = node.col_offset, node.end_col_offset or 0
        if first == last and first < len(self.lines) and self.lines[first].isascii():
            return self.lines[first][start : min(end, start + _MAX_TEXT)]
        rows = [line.encode("utf-8", "surrogatepass") for line in self.lines[first : last + 1]]
        if not rows:
            return ""
        rows[-1] = rows[-1][:end]
        rows[0] = rows[0][start:]
        return b"\n".join(rows).decode("utf-8", "surrogatepass")[:_MAX_TEXT]

    def qualified(self, node: ast.expr) -> str:
        """The qualified name that an expression of names and dots spells, or an empty text."""
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or self.is_hidden(node.id):
            return ""
        names.append(self.meaning.get(node.id, node.id))
        return ".".join(reversed(names))

    # --- what a call changes ------------------------------------------------------------------------

    def _returns_object(self, method: str) -> bool:
        return method in self.knowledge.returning

    def _effects(
        self, node: ast.Call, function: str, receiver: str, imported: bool, sources: Sequence[str]
    ) -> None:
        for meaning in self.knowledge.of_call(function, imported):
            if meaning.when == "alone" and node is not self.alone:
                continue
            if meaning.changes_object and receiver:
                self.changes_object(receiver, sources)
            for parameter in meaning.changes:
                self._change_argument(_given(node, parameter), sources)
        for keyword in node.keywords:
            if keyword.arg in self.knowledge.changing_keywords:
                if receiver and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value):
                    self.changes_object(receiver, sources)
            elif keyword.arg in self.knowledge.changed_keywords:
                self._change_argument(keyword.value, sources)
        if isinstance(node.func, ast.Name) and node.func.id in self.functions:
            body = self.functions[node.func.id]
            for name in body.changed_parameters:
                self._change_argument(_given(node, Parameter(body.parameters.index(name), name)), sources)

    def _change_argument(self, node: ast.expr | None, sources: Sequence[str]) -> None:
        if isinstance(node, ast.Tuple):
            for item in node.elts:
                self._change_argument(item, sources)
        elif node is not None:
            root = root_of(node)
            if root and root not in self.meaning and not self.is_hidden(root):
                self.changes_object(root, sources)


def root_of(node: ast.expr) -> str:
    """The variable at the root of a chain of attributes and subscripts, or an empty text."""
    while isinstance(node, _INNER):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _given(node: ast.Call, parameter: Parameter) -> ast.expr | None:
    """What a call passes for a parameter."""
    if 0 <= parameter.position < len(node.args):
        if not any(isinstance(argument, ast.Starred) for argument in node.args[: parameter.position + 1]):
            return node.args[parameter.position]
        return None
    for keyword in node.keywords:
        if keyword.arg == parameter.keyword and parameter.keyword:
            return keyword.value
    return None
