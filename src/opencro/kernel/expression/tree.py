"""The parts of a parsed expression; each knows the 1-based column at which it was written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from opencro.kernel.finding import Place

Comparison = Literal["==", "!=", "<", "<=", ">", ">="]
Sum = Literal["+", "-", "*", "/"]
NOWHERE = Place()
AT = " at "
PREVIOUS, FIRST = "previous", "first"
"""The visits that are counted from the row's own."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, a text, true, false or missing (None)."""

    value: float | str | bool | None
    column: int = 1


@dataclass(frozen=True, slots=True)
class Name:
    """An item or column; where it is a value of another visit, the name says so too: `WEIGHT at BL`, visit `BL`."""

    name: str
    column: int = 1
    visit: str = ""

    @property
    def item(self) -> str:
        """The name without the visit."""
        return self.name.removesuffix(f"{AT}{self.visit}") if self.visit else self.name


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    operand: Node
    column: int = 1


@dataclass(frozen=True, slots=True)
class Junction:
    """Two or more conditions joined by `and` or by `or`."""

    word: Literal["and", "or"]
    operands: tuple[Node, ...]
    column: int = 1


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values compared."""

    sign: Comparison
    left: Node
    right: Node
    column: int = 1


@dataclass(frozen=True, slots=True)
class OneOf:
    """A value that is, or is not, one of a list of constants."""

    operand: Node
    choices: tuple[Constant, ...]
    negated: bool = False
    column: int = 1


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether a value is missing or present."""

    operand: Node
    missing: bool
    column: int = 1


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two numbers computed into a third."""

    sign: Sum
    left: Node
    right: Node
    column: int = 1


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments."""

    function: str
    arguments: tuple[Node, ...]
    column: int = 1


Node = Constant | Name | Not | Junction | Compare | OneOf | Presence | Arithmetic | Call


def children(node: Node) -> tuple[Node, ...]:
    """The parts directly inside a part."""
    match node:
        case Not(operand=operand) | Presence(operand=operand):
            return (operand,)
        case OneOf(operand=operand, choices=choices):
            return (operand, *choices)
        case Junction(operands=operands):
            return operands
        case Compare(left=left, right=right) | Arithmetic(left=left, right=right):
            return (left, right)
        case Call(arguments=arguments):
            return arguments
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """A part and everything inside it, in the order of writing."""
    yield node
    for child in children(node):
        yield from walk(child)


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression with the text it came from and where that text stands."""

    text: str
    node: Node
    place: Place = NOWHERE

    def names(self) -> tuple[str, ...]:
        """What a row is asked for, each once, in the order of writing: items, columns, `WEIGHT at BL`."""
        return tuple(dict.fromkeys(part.name for part in self.named()))

    def items(self) -> tuple[str, ...]:
        """The items or columns that it mentions at whatever visit, each once, in the order of writing."""
        return tuple(dict.fromkeys(part.item for part in self.named()))

    def named(self) -> Iterator[Name]:
        """Every place at which a name stands, in the order of writing."""
        return (part for part in walk(self.node) if isinstance(part, Name))

    def __str__(self) -> str:
        return self.text
