"""Punctuation between facts, as the language of the answer has it: full width in Chinese."""

from __future__ import annotations

from collections.abc import Iterable


def titled(name: str, text: str, language: str) -> str:
    """``name: text``."""
    return f"{name}: {text}" if language == "en" else f"{name}：{text}"


def noted(text: str, note: str, language: str) -> str:
    """``text (note)``."""
    return f"{text} ({note})" if language == "en" else f"{text}（{note}）"


def cited(title: str, language: str) -> str:
    """A document's or policy's title."""
    return f'"{title}"' if language == "en" else f"《{title}》"


def listed(items: Iterable[str], language: str) -> str:
    """``one, two, three``."""
    return (", " if language == "en" else "、").join(items)
