"""A second opinion on the names of a cell, from the compiler: its symbol table and its bytecode.

Nothing of `provkg.analysis` is used. The symbol table says which namespace every name belongs to; the
bytecode says in which order names of the cell's own namespace are stored and loaded, on all ways through
it. Where the two cannot tell (a name bound on some ways only, or read in a function whose time of calling
is not known) the name is *unclear*: there the answer is a matter of convention.
"""

from __future__ import annotations

import ast
import builtins
import dis
import symtable
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType

_BUILTINS = {name for name in dir(builtins) if name != "_"} | {"get_ipython", "display"}
_BUILTINS.add("__annotations__")  # which the compiler loads for annotations, not the text
_STORES = {"STORE_NAME", "STORE_GLOBAL"}
_LOADS = {"LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"}
_AT_ONCE = {"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"}
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_NO_FALL_THROUGH = {
    "JUMP_FORWARD",
    "JUMP_BACKWARD",
    "JUMP_BACKWARD_NO_INTERRUPT",
    "RETURN_VALUE",
    "RETURN_CONST",
    "RAISE_VARARGS",
    "RERAISE",
}


@dataclass
class Reference:
    """Names that a cell must define and must read, and those for which the compiler cannot tell."""

    defines: set[str]
    unclear_defines: set[str]
    reads: set[str]
    unclear_reads: set[str]


def reference(source: str) -> Reference:
    """The compiler's opinion on a cell that IPython has transformed.

    Raises:
        SyntaxError: the cell does not compile.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code = compile(source, "<cell>", "exec", dont_inherit=True)
        table = symtable.symtable(source, "<cell>", "exec")
    bound, referenced = _bound(table), _referenced(table)
    stored = {i.argval for c in _all_codes(code) for i in dis.get_instructions(c) if _stores(c, code, i)}
    defines = bound & stored
    loads = _Loads(code)
    seen = loads.at_once | loads.deferred
    never_bound = (referenced | loads.at_once) - bound - _BUILTINS
    reads = (never_bound & seen) | (loads.unbound & bound - _BUILTINS)
    clear = (loads.always_bound | (loads.deferred & loads.bound_at_end)) - (
        loads.deferred - loads.bound_at_end | loads.sometimes_unbound
    )
    unclear = (never_bound - seen) | ((bound & seen) - reads - clear) | (loads.unclear - reads)
    return Reference(defines, bound - stored, reads, unclear)


def assigned_parts(source: str) -> set[str]:
    """The variables of the cell's namespace of which a statement outside functions sets or deletes a part.

    >>> sorted(assigned_parts("df['a'] = box.size = n\\ndef f(x):\\n    x.y = 1\\ndel rows[0]"))
    ['box', 'df', 'rows']
    """
    found = set[str]()
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            root: ast.AST = node
            while isinstance(root, ast.Attribute | ast.Subscript):
                root = root.value
            found |= {root.id} if isinstance(root, ast.Name) else set()
        waiting += [child for child in ast.iter_child_nodes(node) if not isinstance(child, _SCOPES)]
    return found


def _bound(table: symtable.SymbolTable) -> set[str]:
    names = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}
    for child in _descendants(table):
        names |= {s.get_name() for s in child.get_symbols() if s.is_declared_global() and s.is_assigned()}
        names |= {s.get_name() for s in child.get_symbols() if s.is_declared_global() and s.is_imported()}
    return names


def _referenced(table: symtable.SymbolTable) -> set[str]:
    names = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
    for child in _descendants(table):
        names |= {s.get_name() for s in child.get_symbols() if s.is_global() and s.is_referenced()}
    # The symbol table does not count the load of `n += 1`; the bytecode does.
    return names | {s.get_name() for s in table.get_symbols() if s.is_assigned()}


def _descendants(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _descendants(child)


def _codes(code: CodeType) -> Iterator[CodeType]:
    return (constant for constant in code.co_consts if isinstance(constant, CodeType))


def _all_codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inner in _codes(code):
        yield from _all_codes(inner)


def _is_class(code: CodeType) -> bool:
    return not code.co_flags & 0x2 and code.co_name != "<module>"  # CO_NEWLOCALS: functions have it


def _stores(code: CodeType, module: CodeType, instruction: dis.Instruction) -> bool:
    return instruction.opname == "STORE_GLOBAL" or (code is module and instruction.opname == "STORE_NAME")


class _Loads:
    """Which names the cell's code loads, and whether they are bound when it does.

    ``unbound`` are loaded somewhere where no store can have come before; ``always_bound`` are bound on
    every way wherever they are loaded; ``deferred`` are loaded in functions; ``unclear`` are loaded in a
    class body that binds them on some ways only. ``bound_at_end`` are bound on every way to the cell's
    end, which is what its functions see when nothing in the cell itself uses them.
    """

    def __init__(self, code: CodeType) -> None:
        self.unbound: set[str] = set()
        self.deferred: set[str] = set()
        self.unclear: set[str] = set()
        self.at_once: set[str] = set()
        self.sometimes_unbound: set[str] = set()
        ends = []
        for instruction, must, may in _states(code):
            names = self._loaded_by(instruction)
            self.at_once |= names
            self.unbound |= names - may
            self.sometimes_unbound |= names - must
            if instruction.opname.startswith("RETURN_"):
                ends.append(must)
        self.always_bound = self.at_once - self.sometimes_unbound
        bodies = {inner.co_name for inner in _codes(code)} - _AT_ONCE
        unused = "<lambda>" not in bodies and not bodies & self.at_once
        self.bound_at_end = set.intersection(*ends) if ends and unused else set[str]()

    def _loaded_by(self, instruction: dis.Instruction) -> set[str]:
        if instruction.opname in _LOADS:
            return {instruction.argval}
        if instruction.opname != "LOAD_CONST" or not isinstance(instruction.argval, CodeType):
            return set()
        code = instruction.argval
        if code.co_name in _AT_ONCE:
            return set().union(*(self._loaded_by(i) for i in dis.get_instructions(code)))
        if _is_class(code):
            return self._loaded_by_class(code)
        every = (i for c in _all_codes(code) for i in dis.get_instructions(c))
        self.deferred |= {i.argval for i in every if i.opname in _LOADS}
        return set()

    def _loaded_by_class(self, code: CodeType) -> set[str]:
        names = set[str]()
        for instruction, must, may in _states(code):
            loaded = self._loaded_by(instruction)
            if instruction.opname != "LOAD_CONST":
                self.unclear |= (loaded & may) - must
                loaded -= may
            names |= loaded
        return names


def _states(code: CodeType) -> Iterator[tuple[dis.Instruction, set[str], set[str]]]:
    """Every instruction that can be reached, with the names bound before it on all ways and on any."""
    bytecode = dis.Bytecode(code)
    instructions = list(bytecode)
    by_offset = {instruction.offset: index for index, instruction in enumerate(instructions)}
    handlers: dict[int, list[int]] = {}
    for entry in bytecode.exception_entries:  # type: ignore[attr-defined]
        for index, instruction in enumerate(instructions):
            if entry.start <= instruction.offset < entry.end:
                handlers.setdefault(index, []).append(by_offset[entry.target])
    states: dict[int, tuple[frozenset[str], frozenset[str]]] = {0: (frozenset(), frozenset())}
    waiting = [0]
    while waiting:
        index = waiting.pop()
        instruction, (must, may) = instructions[index], states[index]
        after = must, may
        if instruction.opname in _STORES or instruction.opname in {"DELETE_NAME", "DELETE_GLOBAL"}:
            after = must | {instruction.argval}, may | {instruction.argval}
        following = [(target, (must, may)) for target in handlers.get(index, ())]
        if instruction.opname not in _NO_FALL_THROUGH and index + 1 < len(instructions):
            following.append((index + 1, after))
        if instruction.opcode in dis.hasjrel or instruction.opcode in dis.hasjabs:
            following.append((by_offset[instruction.argval], after))
        for target, state in following:
            known = states.get(target)
            merged = state if known is None else (known[0] & state[0], known[1] | state[1])
            if merged != known:
                states[target] = merged
                waiting.append(target)
    for index, (must, may) in sorted(states.items()):
        yield instructions[index], set(must), set(may)
