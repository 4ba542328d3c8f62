"""A pickle is read as a record of what it asks for, and none of it is done.

A pickle is a program: unpickling imports what it names and calls it. Here its names
stay names and its calls are written down, so that a file from anywhere can be looked
at. Only what files of arrays are made of is understood.

References:
    Python's `pickletools`, which describes every operation.
"""

from __future__ import annotations

import dataclasses
import pickletools
from typing import IO, Any


@dataclasses.dataclass(frozen=True)
class Name:
    """Something that the pickle would import."""

    module: str
    name: str


@dataclasses.dataclass
class Call:
    """Something that the pickle would call.

    Attributes:
        function: What it would call.
        arguments: With what.
        items: What it would put into the result, as into a dictionary.
        state: What it would set the attributes of the result to.
    """

    function: Any
    arguments: tuple[Any, ...]
    items: dict[Any, Any] = dataclasses.field(default_factory=dict)
    state: Any = None


@dataclasses.dataclass(frozen=True)
class Outside:
    """Something that lies outside the pickle, by its persistent number."""

    id: Any


_MARK = object()
_CONSTANTS = dict(NONE=None, NEWTRUE=True, NEWFALSE=False)
_VALUES = {'BINUNICODE', 'SHORT_BINUNICODE', 'BINUNICODE8', 'BININT', 'BININT1'}
_VALUES |= {'BININT2', 'LONG1', 'LONG4', 'BINFLOAT', 'SHORT_BINSTRING', 'BINSTRING'}
_VALUES |= {'BINBYTES', 'SHORT_BINBYTES', 'INT', 'LONG', 'FLOAT', 'UNICODE'}
_KEEP = {'BINPUT', 'LONG_BINPUT', 'PUT'}
_FETCH = {'BINGET', 'LONG_BINGET', 'GET'}
_IGNORED = {'PROTO', 'FRAME'}
_TUPLES = dict(EMPTY_TUPLE=0, TUPLE1=1, TUPLE2=2, TUPLE3=3)


def read_pickle(file: IO[bytes]) -> Any:
    """Reads one pickle, up to its end.

    Returns:
        The object: dictionaries, lists, tuples, text, numbers, `Name`, `Call` and
        `Outside`.

    Raises:
        ValueError: It is damaged, or does what files of arrays do not do.
    """
    reader = _Reader()
    try:
        for operation, argument, _ in pickletools.genops(file):
            if operation.name == 'STOP':
                return reader.pop()
            reader.step(operation.name, argument)
    except (IndexError, KeyError, TypeError, UnicodeError) as error:
        raise ValueError(f'the pickle is damaged ({error}).') from error
    raise ValueError('the pickle ends too early.')


class _Reader:
    """The stack and the memo of one pickle."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def pop(self) -> Any:
        return self.stack.pop()

    def step(self, name: str, argument: Any) -> None:
        """Does one operation."""
        if name in _VALUES:
            self.stack.append(argument)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in _KEEP:
            self.memo[argument] = self.stack[-1]
        elif name == 'MEMOIZE':
            self.memo[len(self.memo)] = self.stack[-1]
        elif name in _FETCH:
            self.stack.append(self.memo[argument])
        elif name in _TUPLES:
            n = _TUPLES[name]
            found = tuple(self.pop() for _ in range(n))[::-1]
            self.stack.append(found)
        elif name not in _IGNORED:
            self._build(name, argument)

    def _build(self, name: str, argument: Any) -> None:
        match name:
            case 'MARK':
                self.stack.append(_MARK)
            case 'EMPTY_DICT':
                self.stack.append({})
            case 'EMPTY_LIST':
                self.stack.append([])
            case 'TUPLE':
                self.stack.append(tuple(self._marked()))
            case 'GLOBAL':
                self.stack.append(Name(*argument.split(' ')))
            case 'STACK_GLOBAL':
                last, module = self.pop(), self.pop()
                self.stack.append(Name(module, last))
            case 'REDUCE':
                arguments, function = self.pop(), self.pop()
                self.stack.append(Call(function, arguments))
            case 'BINPERSID':
                self.stack.append(Outside(self.pop()))
            case _:
                self._fill(name)

    def _fill(self, name: str) -> None:
        """Puts something into what is on the stack already."""
        match name:
            case 'APPEND':
                item = self.pop()
                self.stack[-1].append(item)
            case 'APPENDS':
                items = self._marked()
                self.stack[-1].extend(items)
            case 'SETITEM':
                value, key = self.pop(), self.pop()
                self._items()[key] = value
            case 'SETITEMS':
                pairs = self._marked()
                self._items().update(zip(pairs[::2], pairs[1::2], strict=True))
            case 'BUILD':
                state = self.pop()
                self.stack[-1].state = state
            case _:
                raise ValueError(f'the pickle has the operation {name}.')

    def _items(self) -> dict[Any, Any]:
        target = self.stack[-1]
        return target.items if isinstance(target, Call) else target

    def _marked(self) -> list[Any]:
        start = len(self.stack) - 1 - self.stack[::-1].index(_MARK)
        found, self.stack[start:] = self.stack[start + 1 :], []
        return found
