"""Numbers in a message: which kind they are, and their canonical form."""

from __future__ import annotations

import re
from typing import Any

from kefu.language.normalize import normalize

# On the normal text; blanks and hyphens inside a number are people's own.
_SEP = r"[ \-]?"
_FORMS = (
    ("ticket_number", re.compile(rf"(?<![a-z0-9])gd{_SEP}(?:\d{_SEP}){{9,14}}[\dx](?![a-z0-9])")),
    ("appointment_number", re.compile(rf"(?<![a-z0-9])yy{_SEP}(?:\d{_SEP}){{9,14}}[\dx](?![a-z0-9])")),
    ("phone", re.compile(rf"(?<!\d)(?:\+?86{_SEP})?1[3-9]\d{_SEP}\d{{4}}{_SEP}\d{{4}}(?!\d)")),
    ("phone", re.compile(r"(?<!\d)0\d{2,3}-\d{7,8}(?!\d)")),
    ("phone", re.compile(r"(?<!\d)00\d{10,13}(?!\d)")),
    ("phone", re.compile(r"(?<!\d)400-?\d{3}-?\d{4}(?!\d)")),
    (
        "tracking_number",
        re.compile(r"(?<![a-z0-9])(?:sf|yt|jdv|jt|zt|zto|sto|yd|db|ems)[a-z]{0,3}\d{8,16}(?![a-z0-9])"),
    ),
    ("order_number", re.compile(r"(?<![a-z0-9.@])(?=[a-z]{0,4}\d)(?:[a-z]{0,4}\d{6,}[a-z0-9]*)(?![a-z0-9])")),
)  # fmt: skip
_SPOKEN_DIGITS = str.maketrans("零〇一幺二三四五六七八九", "001123456789")
_PARCEL = re.compile("运单|快递单|物流单|快递号|tracking")
_ORDER = re.compile("订单[^0-9a-z]{0,4}$|order[^0-9]{0,9}$")
_CALL = re.compile("(?:电话|手机|手机号|联系方式|phone|mobile)[^0-9a-z]{0,6}$")
_NOT_OURS = re.compile("(?:税号|信用代码|身份证|证件号|序列号|sn|imei|银行卡|卡号)[^0-9a-z]{0,6}$")
_CHINESE_DIGITS = {
    c: str(i)
    for i, cs in enumerate(("零〇", "一壹", "二两贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖"))
    for c in cs
}
_ENGLISH_DIGITS = {
    "one": "1", "first": "1", "1st": "1", "two": "2", "second": "2", "2nd": "2", "three": "3", "third": "3",
    "3rd": "3", "four": "4", "fourth": "4", "4th": "4", "five": "5", "fifth": "5", "5th": "5", "ten": "10",
    "a": "1", "b": "2", "c": "3", "d": "4",
}  # fmt: skip
_UNITS = {"十": 10, "百": 100, "千": 1000, "k": 1000, "万": 10000}
_LAST = re.compile("最后|后一|末|最下|last|bottom")
_FROM_THE_END = "倒数"
_TENS = re.compile("([一二两三四五六七八九])?十([一二三四五六七八九])?")
_FIRST = re.compile("头一|最上|first|top")
_FULL_MARKS = re.compile("(?<!不)满|全|full|最高|^100$")
# 服务十分差: how bad, not ten points.
_VERY = re.compile("十分(?=[^，。,.!！吧呢啦])")
#: 一般般: neither good nor bad, not one point.
_MIDDLING = re.compile("一般+")
_LANGUAGES = (
    ("zh", re.compile("中文|汉语|国语|普通话|简体|繁体|粤语|广东话|chinese|mandarin")),
    ("en", re.compile("英|english|eng")),
)
_ENTITY_NUMBERS = frozenset(
    {"ticket_number", "appointment_number", "order_number", "tracking_number", "phone", "error_code"}
)


def find_numbers(text: str, intent: str = "") -> list[dict[str, Any]]:
    """Finds numbers of fixed form.

    Args:
        text: As typed.
        intent: Decides, with the words around, between an order and a parcel.

    Returns:
        Entities with offsets in ``text``, without overlaps.
    """
    normal = normalize(text)
    found: list[dict[str, Any]] = []
    for entity, form in _FORMS:
        for match in form.finditer(normal.text):
            start, end = normal.original_span(match.start(), match.end())
            if any(start < f["end"] and f["start"] < end for f in found):
                continue
            if not 8 <= sum(c.isalnum() for c in match.group()) <= 22:
                continue
            kind = entity
            if kind == "order_number":
                before = normal.text[: match.start()]
                if _NOT_OURS.search(before):
                    continue
                called = match.group().isdigit() and _CALL.search(before)
                kind = "phone" if called else _order_or_parcel(before, intent)
            found.append(
                {"entity": kind, "start": start, "end": end, "value": canonical(kind, match.group())}
            )
    return found


def _order_or_parcel(before: str, intent: str) -> str:
    """What a number of a shop or carrier is, by the words ``before`` it and the intent."""
    if _ORDER.search(before):
        return "order_number"
    return "tracking_number" if intent == "track_delivery" or _PARCEL.search(before) else "order_number"


def spoken_digits(text: str) -> str:
    """Normal text with every spoken digit written (一三八 becomes 138)."""
    return normalize(text).text.translate(_SPOKEN_DIGITS)


def canonical(entity: str, said: str) -> str:
    """The canonical value of an entity that no list of names knows.

    Numbers lose blanks and hyphens, options and ratings become digits (the last option is ``-1``, the one
    before it ``-2``), languages become their code; everything else stays as said.
    """
    normal = normalize(said).text
    if entity in _ENTITY_NUMBERS:
        value = re.sub(r"[\s\-]", "", normal).upper()
        return re.sub(r"^\+?86(?=1\d{10}$)", "", value) if entity == "phone" else value
    if entity == "language":
        return next((code for code, form in _LANGUAGES if form.search(normal)), said)
    if entity == "rating":
        normal = _VERY.sub("", normal)
        plain = _MIDDLING.sub("", normal)
        points = _digits(plain) or ("3" if plain != normal else said)
        return "5" if _FULL_MARKS.search(normal) else points
    if entity == "option_index":
        digits = _digits(normal.rpartition("第")[2])
        if _FROM_THE_END in normal:
            return f"-{digits or 1}"
        if _LAST.search(normal):
            return "-1"
        return digits or ("1" if _FIRST.search(normal) else said)
    return said


def money(said: str) -> int | None:
    """An amount as a whole number: 1500 of ``1500元``, 2500 of ``两千五``, 12000 of ``1.2万``."""
    normal = normalize(said).text.replace(",", "")
    digits = re.search(r"(\d+(?:\.\d+)?) ?([百千万k])?", normal)
    if digits:
        return round(float(digits[1]) * _UNITS.get(digits[2] or "", 1))
    total = section = 0
    unit, digit = 10, None
    for character in normal:
        if character in _CHINESE_DIGITS:
            digit, unit = int(_CHINESE_DIGITS[character]), 10 if _CHINESE_DIGITS[character] == "0" else unit
        elif character in _UNITS:
            unit = _UNITS[character]
            section += (1 if digit is None else digit) * (unit if unit < 10000 else 1)
            if unit == 10000:
                total, section = section * unit, 0
            digit = None
    if digit is not None:  # 两千五: the unit below the last one
        section += digit * (unit // 10)
    return total + section or None


def _digits(text: str) -> str:
    """The first number said in ``text``, as digits; empty if none."""
    match = re.search(r"\d+", text)
    if match:
        return match.group()
    for word in re.findall(r"[a-z0-9]+", text):
        if word in _ENGLISH_DIGITS:
            return _ENGLISH_DIGITS[word]
    tens = _TENS.search(text)
    if tens:
        ten, one = tens.groups()
        return str(10 * int(_CHINESE_DIGITS.get(ten, 1)) + int(_CHINESE_DIGITS.get(one, 0)))
    return "".join(_CHINESE_DIGITS.get(c, "") for c in text)
