"""A small language that says which customers are meant: ``level = vip and channels has wechat``.

::

    expression = conjunction {"or" conjunction}
    conjunction = negation {"and" negation}
    negation = "not" negation | "(" expression ")" | comparison
    comparison = FIELD ("=" | "!=" | "<" | "<=" | ">" | ">=") value
               | FIELD "has" value
               | FIELD "in" "[" value {"," value} "]"
    value = NUMBER | WORD | 'quoted text' | "quoted text"

An expression is read into plain functions; nothing of it is ever run as a program. A field that a customer
has no value of fits nothing but ``!=``.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Profile = Mapping[str, Any]
Test = Callable[[Profile], bool]

MAX_LENGTH = 1000
MAX_DEPTH = 50
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>-?\d+(?:\.\d+)?)(?![\w.])|(?P<text>"[^"]*"|'[^']*')|(?P<op><=|>=|!=|=|<|>)"""
    r"""|(?P<mark>[()\[\],])|(?P<word>[^\W\d][\w.-]*))"""
)
_ORDERS = {"=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_KEYWORDS = ("and", "or", "not", "has", "in")


class ExpressionError(ValueError):
    """An expression can't be read.

    Attributes:
        position: At which character, from 0.
        code: ``too_long``, ``too_deep``, ``sign``, ``field``, ``operator``, ``value`` or ``end``.
        expected: What would be right there.
    """

    def __init__(self, position: int, code: str, expected: str) -> None:
        super().__init__(f"at character {position + 1}: {code}: expected {expected}")
        self.position, self.code, self.expected = position, code, expected


class _Token(NamedTuple):
    kind: str
    text: str
    position: int


def parse(text: str, fields: Mapping[str, type]) -> Test:
    """Reads an expression.

    Args:
        text: As written; without anything in it, everybody is meant.
        fields: The profile's fields, each ``str``, ``float`` (of numbers) or ``list`` (of texts).

    Raises:
        ExpressionError: It can't be read.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(MAX_LENGTH, "too_long", f"at most {MAX_LENGTH} characters")
    if not text.strip():
        return lambda profile: True
    return _Parser(text, fields).whole()


class _Parser:
    def __init__(self, text: str, fields: Mapping[str, type]) -> None:
        self._fields, self._tokens, self._at = fields, _tokens(text), 0

    def whole(self) -> Test:
        test = self._either(0)
        if self._next.kind != "end":
            raise self._error("sign", "and, or, or the end")
        return test

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _is(self, text: str) -> bool:
        """Takes a keyword or mark if it comes next."""
        found = self._next
        if found.kind in ("word", "mark") and found.text.lower() == text:
            self._at += 1
            return True
        return False

    def _either(self, depth: int) -> Test:
        tests = [self._all(depth)]
        while self._is("or"):
            tests.append(self._all(depth))
        return tests[0] if len(tests) == 1 else lambda profile: any(test(profile) for test in tests)

    def _all(self, depth: int) -> Test:
        tests = [self._negation(depth)]
        while self._is("and"):
            tests.append(self._negation(depth))
        return tests[0] if len(tests) == 1 else lambda profile: all(test(profile) for test in tests)

    def _negation(self, depth: int) -> Test:
        if depth > MAX_DEPTH:
            raise self._error("too_deep", "fewer parentheses")
        if self._is("not"):
            test = self._negation(depth + 1)
            return lambda profile: not test(profile)
        if self._is("("):
            test = self._either(depth + 1)
            if not self._is(")"):
                raise self._error("sign", ")")
            return test
        return self._comparison()

    def _comparison(self) -> Test:
        field = self._next
        if field.kind != "word" or field.text not in self._fields:
            raise self._error("field", ", ".join(sorted(self._fields)))
        self._take()
        name, kind = field.text, self._fields[field.text]
        if kind is list:
            if not self._is("has"):
                raise self._error("operator", "has")
            wanted = self._value(str)
            return lambda profile: wanted in _lowered(profile.get(name) or ())
        if self._is("in"):
            among = self._values(kind)
            return lambda profile: _lower(profile.get(name)) in among
        return self._compared(name, kind)

    def _compared(self, name: str, kind: type) -> Test:
        allowed = ("=", "!=") if kind is str else (*_ORDERS, "!=")
        sign = self._next
        if sign.kind != "op" or sign.text not in allowed:
            raise self._error("operator", ", ".join([*allowed, "in"]))
        self._take()
        value = self._value(kind)
        if sign.text == "!=":
            return lambda profile: _lower(profile.get(name)) != value
        fits = _ORDERS[sign.text]
        return lambda profile: profile.get(name) is not None and fits(_lower(profile[name]), value)

    def _values(self, kind: type) -> set:
        if not self._is("["):
            raise self._error("sign", "[")
        values = {self._value(kind)}
        while self._is(","):
            values.add(self._value(kind))
        if not self._is("]"):
            raise self._error("sign", "]")
        return values

    def _value(self, kind: type) -> Any:
        found = self._next
        if kind is float:
            if found.kind != "number":
                raise self._error("value", "a number")
            return float(self._take().text)
        is_word = found.kind == "word" and found.text.lower() not in _KEYWORDS
        if not (is_word or found.kind in ("text", "number")):
            raise self._error("value", "a word or a text in quotes")
        self._take()
        return (found.text[1:-1] if found.kind == "text" else found.text).lower()

    def _error(self, code: str, expected: str) -> ExpressionError:
        found = self._next
        return ExpressionError(found.position, "end" if found.kind == "end" else code, expected)


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if not found:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise ExpressionError(at, "sign", "a field, a value, or one of = != < <= > >= ( ) [ ] ,")
        tokens.append(_Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup)))
        at = found.end()
    return [*tokens, _Token("end", "", len(text.rstrip()))]


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _lowered(values: Any) -> set:
    return {_lower(value) for value in values}
