"""Which fields the lines of the logbook can carry, read from the code that writes them: nobody keeps a list of them by hand.

What is found is what stands in the fifth place of a `Line(…)` and in the data of what the server raises by itself
(`judgement.occur(…)`), followed back through names, parameters, calls and what they return.
"""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
SLICES = ("alerts", "api", "app", "core", "duty", "ingest", "logbook", "notify", "patrol", "sites", "store")
PLACES = {"Line": (4, "data"), "occur": (3, "data")}


class Function(NamedTuple):
    module: Path
    node: ast.FunctionDef

    @property
    def names(self) -> list[str]:
        a = self.node.args
        return [x.arg for x in (*a.posonlyargs, *a.args, *a.kwonlyargs)]


class Call(NamedTuple):
    module: Path
    inside: ast.FunctionDef | None
    node: ast.Call


class Code:
    """The slices' code, with its functions and calls by name."""

    def __init__(self) -> None:
        self.functions: dict[str, list[Function]] = {}
        self.calls: dict[str, list[Call]] = {}
        self.structs: dict[str, ast.ClassDef] = {}
        self.fields: dict[str, set[str]] = {}
        self.seen: set[tuple[int, int]] = set()
        for file in sorted(f for name in SLICES for f in (ROOT / name).rglob("*.py")):
            self._walk(file, ast.parse(file.read_text(encoding="utf-8")), None)

    def _walk(self, file: Path, node: ast.AST, inside: ast.FunctionDef | None) -> None:
        if isinstance(node, ast.ClassDef):
            self.structs.setdefault(node.name, node)
        if isinstance(node, ast.FunctionDef):
            inside = node
            self.functions.setdefault(node.name, []).append(Function(file, node))
        if isinstance(node, ast.Call):
            self.calls.setdefault(_name(node.func), []).append(Call(file, inside, node))
        for child in ast.iter_child_nodes(node):
            self._walk(file, child, inside)

    def found(self) -> dict[str, set[str]]:
        """Each field with the places that write it."""
        for name, (place, keyword) in PLACES.items():
            for call in self.calls[name]:
                given = [k.value for k in call.node.keywords if k.arg == keyword]
                starred = any(isinstance(arg, ast.Starred) for arg in call.node.args)
                for expr in (*call.node.args[-1 if starred else place :][:1], *given):
                    self._from(expr, call.module, call.inside)
        return self.fields

    def _from(self, expr: ast.AST | None, module: Path, inside: ast.FunctionDef | None) -> None:
        """The keys that an expression may have, nested ones too."""
        if expr is None or (id(expr), id(inside)) in self.seen:
            return
        self.seen.add((id(expr), id(inside)))
        match expr:
            case ast.Dict(keys, values):
                for key, value in zip(keys, values, strict=True):
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        self._field(key.value, module, expr)
                        self._within(value, module, inside)
                    elif key is None:
                        self._from(value, module, inside)
            case ast.BinOp(left, ast.BitOr(), right):
                self._from(left, module, inside)
                self._from(right, module, inside)
            case ast.IfExp(_, body, orelse):
                self._from(body, module, inside)
                self._from(orelse, module, inside)
            case ast.DictComp(ast.Name(), _, [ast.comprehension(iter=ast.Call(ast.Attribute(source, "items")))]):
                self._from(source, module, inside)
            case ast.BoolOp(_, values) | ast.Tuple(values):
                for value in values:
                    self._from(value, module, inside)
            case ast.Name(name) if inside is not None:
                self._named(name, module, inside)
            case ast.Attribute(_, name):
                self._returned(name, module, lambda f: any(_name(d) == "property" for d in f.node.decorator_list))
                if name != "data":  # what a stored line carries is what is looked for
                    self._carried(name)
            case ast.Call(func, args, keywords):
                if _name(func) in {"asdict", "dict", "to_builtins"}:
                    for arg in args:
                        self._struct(arg, inside)
                        self._from(arg, module, inside)
                    for keyword in keywords:
                        self._keyword(keyword, module, inside, ())
                else:
                    self._returned(_name(func), module)

    def _within(self, value: ast.AST, module: Path, inside: ast.FunctionDef | None) -> None:
        """Dicts that stand in a value: alone, in a list, or made by a call."""
        match value:
            case ast.Dict() | ast.IfExp():
                self._from(value, module, inside)
            case ast.ListComp(elt) | ast.GeneratorExp(elt):
                self._within(elt, module, inside)
            case ast.List(elts) | ast.Tuple(elts):
                for elt in elts:
                    self._within(elt, module, inside)
            case ast.Call(func) if any(f.module == module for f in self.functions.get(_name(func), [])):
                self._returned(_name(func), module)

    def _named(self, name: str, module: Path, inside: ast.FunctionDef) -> None:
        for node in ast.walk(inside):
            match node:
                case ast.Assign([ast.Name(n)], value) | ast.AnnAssign(ast.Name(n), _, value) if n == name:
                    self._from(value, module, inside)
                case ast.Assign([ast.Tuple(elts)], value) if any(_name(e) == name for e in elts):
                    self._from(value, module, inside)
                case ast.AugAssign(ast.Name(n), ast.BitOr(), value) if n == name:
                    self._from(value, module, inside)
                case ast.Assign([ast.Subscript(ast.Name(n), ast.Constant(str(key)))], value) if n == name:
                    self._field(key, module, node)
                    self._within(value, module, inside)
        function = Function(module, inside)
        if inside.args.kwarg is not None and inside.args.kwarg.arg == name:
            for call in self._callers(function):
                for keyword in call.node.keywords:
                    self._keyword(keyword, call.module, call.inside, function.names)
        elif name in function.names:
            place = function.names.index(name) - (function.names[0] in {"self", "cls"})
            for call in self._callers(function):
                given = [k.value for k in call.node.keywords if k.arg == name]
                for expr in (*call.node.args[place : place + 1], *given):
                    self._from(expr, call.module, call.inside)

    def _keyword(self, k: ast.keyword, module: Path, inside: ast.FunctionDef | None, taken: object) -> None:
        if k.arg is None:
            self._from(k.value, module, inside)
        elif k.arg not in taken:  # type: ignore[operator]
            self._field(k.arg, module, k)
            self._within(k.value, module, inside)

    def _returned(self, name: str, module: Path, which: Callable[[Function], bool] = lambda f: True) -> None:
        """What the function of this name gives back: that of the same module, or of any where it has none."""
        known = [f for f in self.functions.get(name, []) if which(f)]
        for function in [f for f in known if f.module == module] or known:
            for node in ast.walk(function.node):
                if isinstance(node, ast.Return):
                    self._from(node.value, function.module, function.node)

    def _struct(self, arg: ast.AST, inside: ast.FunctionDef | None) -> None:
        """The fields of a struct that is told whole: of a parameter that is said to be one."""
        said = [a.annotation for a in (inside.args.args if inside else ()) if a.arg == _name(arg)]
        for node in (self.structs.get(_name(a)) for a in said if a is not None):
            for part in node.body if node is not None else ():
                if isinstance(part, ast.AnnAssign):
                    self._field(_name(part.target), ROOT / "struct.py", part)

    def _carried(self, name: str) -> None:
        """What is put into the field of this name of a struct, wherever one is made."""
        for call in [c for name in self.structs for c in self.calls.get(name, [])]:
            for keyword in call.node.keywords:
                if keyword.arg == name:
                    self._from(keyword.value, call.module, call.inside)

    def _callers(self, function: Function) -> Iterator[Call]:
        """Calls that mean this function: in its module by its name, elsewhere through its module."""
        stem = function.module.stem
        for call in self.calls.get(function.node.name, []):
            func = call.node.func
            if isinstance(func, ast.Attribute):
                if isinstance(func.value, ast.Name) and func.value.id in {stem, "self", f"{stem}_rules"}:
                    yield call
            elif call.module == function.module or not self._defines(call.module, function.node.name):
                yield call

    def _defines(self, module: Path, name: str) -> bool:
        return any(f.module == module for f in self.functions[name])

    def _field(self, key: str, module: Path, node: ast.AST) -> None:
        where = f"{module.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        self.fields.setdefault(key, set()).add(where)


def _name(func: ast.AST) -> str:
    return func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""


def written() -> dict[str, set[str]]:
    """Each field that a line can carry, with the places that write it."""
    return Code().found()
