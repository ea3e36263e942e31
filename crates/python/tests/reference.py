"""The reference of docs/python.md, made from the docstrings and the stubs of the installed package.

``python crates/python/tests/reference.py`` writes it; a test fails while it is not what is written there.
"""

from __future__ import annotations

import ast
import inspect
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sutra_storage
from sutra_storage import errors

DOCUMENT = Path(__file__).parents[3] / "docs" / "python.md"
BEGIN, END = "<!-- reference:begin -->", "<!-- reference:end -->"

CLASSES = [
    *("ConcurrentStorage", "Snapshot", "Concept", "Association", "Neighbor", "Path", "Hop"),
    *("Answer", "Conclusion", "Recalled", "Neighborhood", "Link", "AsyncStorage"),
]
FUNCTIONS = ["learn_many", "to_networkx", "from_networkx", "to_arrow"]
#: Columns of a signature at most.
WIDTH = 110


def reference() -> str:
    """All of it, between the marks."""
    stubs = _stubs()
    parts = [_class(name, stubs.get(name, {})) for name in CLASSES]
    parts.append("### Functions")
    parts += [_member(name, _signature(getattr(sutra_storage, name)), getattr(sutra_storage, name)) for name in FUNCTIONS]
    parts += [_types(), _errors()]
    return "\n\n".join(parts)


def replaced(document: str) -> str:
    """The document with what is to stand between its marks."""
    before, rest = document.split(BEGIN)
    return f"{before}{BEGIN}\n\n{reference()}\n\n{END}{rest.split(END)[1]}"


@dataclass
class Declared:
    """What the stubs say of a member."""

    text: str
    is_property: bool


def _stubs() -> dict[str, dict[str, Declared]]:
    """Of each class of the compiled module: its members, as the stubs declare them, in their order."""
    classes = [node for node in _parsed("_native.pyi").body if isinstance(node, ast.ClassDef)]
    functions = {node.name: [item for item in node.body if isinstance(item, ast.FunctionDef)] for node in classes}
    return {name: {item.name: _declared(item) for item in items} for name, items in functions.items()}


def _parsed(file: str) -> ast.Module:
    return ast.parse(_source(file))


def _source(file: str) -> str:
    return Path(inspect.getfile(sutra_storage)).with_name(file).read_text()


def _declared(function: ast.FunctionDef) -> Declared:
    gives = ast.unparse(function.returns) if function.returns is not None else "None"
    if any(isinstance(decorator, ast.Name) and decorator.id == "property" for decorator in function.decorator_list):
        return Declared(gives, is_property=True)
    given = function.args
    positional = [*given.posonlyargs, *given.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(given.defaults))
    arguments = [_argument(*pair) for pair in zip(positional, [*defaults, *given.defaults]) if pair[0].arg not in {"self", "cls"}]
    if given.kwonlyargs:
        arguments.append("*")
        arguments += [_argument(*pair) for pair in zip(given.kwonlyargs, given.kw_defaults)]
    return Declared(_call(function.name, arguments, gives), is_property=False)


def _argument(argument: ast.arg, default: ast.expr | None) -> str:
    kind = f": {ast.unparse(argument.annotation)}" if argument.annotation else ""
    return f"{argument.arg}{kind}" + (f" = {ast.unparse(default)}" if default is not None else "")


def _signature(function: Any) -> str:
    signature = inspect.signature(function)
    arguments = [str(value) for value in signature.parameters.values()]
    first_named = next((at for at, value in enumerate(signature.parameters.values()) if value.kind is value.KEYWORD_ONLY), None)
    if first_named is not None:
        arguments.insert(first_named, "*")
    return _call(function.__name__, arguments, str(signature.return_annotation))


def _call(name: str, arguments: list[str], gives: str) -> str:
    """A call as it is shown: on one line if it fits."""
    directions = "Literal['out', 'in', 'both']"
    arguments = [argument.replace("_Names", "Names").replace("_Direction", directions) for argument in arguments]
    line = f"    {name}({', '.join(arguments)}) -> {gives}"
    if len(line) <= WIDTH:
        return line
    return f"    {name}(\n" + "".join(f"        {argument},\n" for argument in arguments) + f"    ) -> {gives}"


def _class(name: str, stubs: dict[str, Declared]) -> str:
    known = getattr(sutra_storage, name)
    constructor = stubs.get("__new__")
    head = f"### {name}\n\n"
    if constructor:
        head += constructor.text.replace("__new__", name).removesuffix(" -> Self") + "\n\n"
    methods, attributes, shared = [], [], []
    members = [member for member in vars(known) if not member.startswith("_")]
    # In the order of the stubs: that of a compiled class is the linker's.
    order = list(stubs)
    for member in sorted(members, key=lambda member: order.index(member) if order else 0):
        value, declared = getattr(known, member), stubs.get(member)
        if _is_as_in_first(name, member, value):
            shared.append(f"`{member}`")
        elif declared is not None and declared.is_property:
            kind = declared.text.replace("|", "\\|")
            attributes.append(f"| `{member}` | `{kind}` | {' '.join(_text(value, member).split())} |")
        else:
            methods.append(_member(member, declared.text if declared else _signature(value), value))
    parts = [head + _text(known, name)]
    if attributes:
        parts.append("\n".join(["| attribute | type | |", "|---|---|---|", *attributes]))
    if shared:
        parts.append(f"As of `{CLASSES[0]}`: {', '.join(shared)}.")
    return "\n\n".join(parts + methods)


def _is_as_in_first(name: str, member: str, value: Any) -> bool:
    """What is read of a snapshot is read of a storage, and is said there."""
    first = getattr(sutra_storage, CLASSES[0])
    other = getattr(first, member, None)
    return name != CLASSES[0] and other is not None and inspect.getdoc(other) == inspect.getdoc(value)


def _member(name: str, declared: str, value: Any) -> str:
    return f"#### {name}\n\n{declared}\n\n{_text(value, name)}"


def _text(value: Any, name: str) -> str:
    text = inspect.getdoc(value)
    if not text:
        raise ValueError(f"{name} has no docstring")
    return text.replace("``", "`")


def _types() -> str:
    """The words for arguments that may be several things, with the comments that stand before them."""
    lines = ["### Words for arguments", "", "| word | what may be given |", "|---|---|"]
    comment = ""
    for line in _source("_types.py").splitlines():
        if line.startswith("#: "):
            comment = line[3:].replace("``", "`")
        elif ": TypeAlias = " in line and comment:
            lines.append(f"| `{line.split(':')[0]}` | {comment} |")
        elif not line:
            comment = ""
    return "\n".join(lines)


def _errors() -> str:
    lines = ["### Errors", "", "In `sutra_storage` and in `sutra_storage.errors`. " + _flat(errors), ""]
    lines += ["| exception | it is also | attributes | raised when |", "|---|---|---|---|"]
    for name, error in vars(errors).items():
        if not inspect.isclass(error):
            continue
        others = ", ".join(f"`{base.__name__}`" for base in error.__bases__ if base not in {errors.SutraError, Exception})
        fields = ", ".join(f"`{field}`" for field in vars(error).get("__annotations__", {}))
        lines.append(f"| `{name}` | {others} | {fields} | {_flat(error)} |")
    return "\n".join(lines)


def _flat(value: Any) -> str:
    """Without the line ends, and without a module's first line."""
    text = _text(value, value.__name__)
    body = text.split("\n\n", 1)[-1] if inspect.ismodule(value) else text
    return " ".join(body.split())


if __name__ == "__main__":
    DOCUMENT.write_text(replaced(DOCUMENT.read_text()))
    print(f"written: {DOCUMENT}", file=sys.stderr)
