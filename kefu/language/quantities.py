"""Numbers with units, as customers say and specifications write them, in units that can be compared."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_YEAR = 365.25 * _DAY
#: What can be compared: every unit with its factor to the first one.
_UNITS: dict[str, dict[str, float]] = {
    "money": {"元": 1, "块钱": 1, "块": 1, "蚊": 1, "大洋": 1, "rmb": 1, "yuan": 1, "cny": 1},
    "time": {
        "秒": 1, "seconds": 1, "second": 1, "分钟": _MINUTE, "minutes": _MINUTE, "minute": _MINUTE,
        "个小时": _HOUR, "小时": _HOUR, "个钟头": _HOUR, "钟头": _HOUR, "个钟": _HOUR,
        "hours": _HOUR, "hour": _HOUR,
        "天": _DAY, "days": _DAY, "day": _DAY, "个星期": 7 * _DAY, "个礼拜": 7 * _DAY, "礼拜": 7 * _DAY,
        "星期": 7 * _DAY,
        "周": 7 * _DAY, "weeks": 7 * _DAY,
        "week": 7 * _DAY, "个月": _YEAR / 12, "月": _YEAR / 12, "months": _YEAR / 12, "month": _YEAR / 12,
        "年": _YEAR, "years": _YEAR, "year": _YEAR,
    },
    "length": {
        "毫米": 1, "mm": 1, "厘米": 10, "公分": 10, "cm": 10, "米": 1000, "m": 1000, "英寸": 25.4, "寸": 25.4,
        "inches": 25.4, "inch": 25.4, "meters": 1000, "metres": 1000,
        "公里": 1e6, "千米": 1e6, "里地": 5e5, "km": 1e6,
    },
    "mass": {"克": 1, "g": 1, "斤": 500, "千克": 1000, "公斤": 1000, "kg": 1000, "kilos": 1000, "kilo": 1000},
    "area": {
        "平方米": 1, "平米": 1, "平方": 1, "平": 1, "㎡": 1, "m2": 1, "sqm": 1, "square meters": 1,
        "square metres": 1,
    },
    "rate": {"mbps": 1, "兆": 1, "m宽带": 1, "gbps": 1000},
    "data": {"mb": 1, "兆": 1, "gb": 1024, "g": 1024, "tb": 1024 * 1024, "t": 1024 * 1024},
    "pixels": {"像素": 1, "mp": 1e6, "megapixels": 1e6, "megapixel": 1e6},
    "power": {"w": 1, "瓦": 1, "kw": 1000, "千瓦": 1000},
    "charge": {"mah": 1, "毫安时": 1, "毫安": 1, "ah": 1000, "安时": 1000},
    "voltage": {"v": 1, "伏": 1, "伏特": 1},
    "current": {"a": 1, "安": 1, "安培": 1},
    "speed": {"km/h": 1, "公里/小时": 1, "公里每小时": 1, "码": 1, "迈": 1},
    "pressure": {"pa": 1, "帕": 1},
    "loudness": {"db": 1, "分贝": 1},
    "volume": {"毫升": 1, "ml": 1, "升": 1000, "l": 1000},
    "temperature": {
        "℃": 1, "°c": 1, "摄氏度": 1, "degrees celsius": 1, "degrees": 1, "度": 1, "°": 1,
    },
    "angle": {"°": 1, "度": 1},
    "frequency": {"mhz": 1, "ghz": 1000, "g": 1000},
    "count": {
        "台设备": 1, "台": 1, "个": 1, "枚": 1, "组": 1, "张": 1, "条": 1, "颗": 1, "根": 1, "核": 1,
        "位": 1, "人": 1, "口人": 1, "种": 1, "档": 1, "层": 1, "杯": 1, "件": 1, "部": 1, "只": 1,
        "首": 1, "次": 1, "级": 1, "期": 1,
        "devices": 1, "fingerprints": 1, "cards": 1,
    },
}  # fmt: skip
#: A unit of several dimensions (g, 兆) is of the first one, unless another is asked for.
_OF_UNIT: dict[str, tuple[str, float]] = {}
for _name, _units in _UNITS.items():
    for _one, _factor in _units.items():
        _OF_UNIT.setdefault(_one, (_name, _factor))
_UNIT = "|".join(
    re.escape(unit) + ("(?![a-z0-9])" if unit.isascii() else "")
    for unit in sorted(_OF_UNIT, key=len, reverse=True)
)
_HAN = "零一二两三四五六七八九十百千万半"
_NUMBER = rf"\d{{1,3}}(?:,\d{{3}})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|[{_HAN}]+"
_SCALE = r"(?:\s?(?:万|千|k(?![a-z]))|(?:w(?=[元块]|$|以|左|内)))?"
_QUANTITY = re.compile(
    rf"(?:(?P<frost>零下\s?|minus )|(?<![a-z\d.第])(?P<sign>-)?)"
    rf"(?P<low>(?:{_NUMBER}){_SCALE})\s*(?P<over>[来多](?={_UNIT}))?(?P<first>{_UNIT})?"
    rf"(?:\s*(?:-|~|–|至|到|\bto\b)\s*(?P<high>(?:{_NUMBER}){_SCALE}))?(?(high)\s*(?P<unit>{_UNIT})?)"
    r"(?:(?P<half>半)(?:(?<=个半)(?P<of>小时|钟头|月|星期|礼拜))?"
    rf"|(?<=[米块斤])(?P<tail>\d{{1,2}}|[一二三四五六七八九])(?![\d.a-z{_HAN}])(?!\s*(?:{_UNIT}|[个台样次年月天日期把条根张只件套间])))?"
)
#: Words that only look like numbers.
_NO_NUMBERS = frozenset({"万一", "千万", "万万", "百万千万"})
_MONEY_SIGN = re.compile(r"[¥$￥]\s*$")
_PROTECTION = re.compile(r"ipx?(\d{1,2})(?!\d)")
_SCALES = {"万": 1e4, "w": 1e4, "千": 1e3, "k": 1e3}


@dataclass(frozen=True)
class Quantity:
    """A number or a range of numbers.

    Attributes:
        dimension: What is measured (money, time, mass, ...); empty where no unit stands.
        low, high: In the base unit of the dimension; equal unless it is a range.
        start, end: Where it stands in the text.
        unit: As it is written.
    """

    dimension: str
    low: float
    high: float
    start: int
    end: int
    unit: str = ""

    @property
    def dimensions(self) -> list[str]:
        """All that can be measured in its unit."""
        return [name for name, units in _UNITS.items() if self.unit in units] or [self.dimension]

    def measured_in(self, dimension: str) -> Quantity | None:
        """The same number as one of a dimension, if its unit can be of that (兆 of data, or of a rate)."""
        if dimension in ("", self.dimension):
            return self
        if not self.dimension:
            return replace(self, dimension=dimension)
        factor = _UNITS.get(dimension, {}).get(self.unit)
        if factor is None:
            return None
        scale = factor / _UNITS[self.dimension].get(self.unit, 1.0)
        return replace(self, dimension=dimension, low=self.low * scale, high=self.high * scale)


def dimensions_of(unit: str) -> list[str]:
    """All that can be measured in a unit (瓦: power)."""
    return [name for name, units in _UNITS.items() if unit in units]


def quantities(text: str) -> list[Quantity]:
    """The numbers in normal text, in order."""
    found = []
    for match in _QUANTITY.finditer(text):
        unit = match["unit"] or match["first"] or ""
        high_text = match["high"]
        if not unit and not any(c.isdigit() for c in match["low"]) and len(match["low"]) < 2:
            continue  # one Han digit without a unit says too little (一下, 两款)
        low = _value(match["low"])
        if low is None or match["low"] in _NO_NUMBERS:
            continue
        if match["of"]:  # 四个半小时
            unit = match["of"] if match["of"] != "月" else "个月"
        dimension, factor = _OF_UNIT.get(unit, ("", 1.0))
        if _MONEY_SIGN.search(text[: match.start()]):
            dimension, factor, unit = "money", 1.0, ""
        low = -low if match["sign"] or match["frost"] else low
        high = _value(high_text) if high_text else None
        first = factor if match["of"] else _OF_UNIT.get(match["first"] or unit, ("", 1.0))[1]
        half = 0.5 * factor if match["half"] else 0.0
        if match["tail"]:  # 1 米 9, 3 块 5
            digits = match["tail"]
            half = float(f"0.{digits if digits.isdigit() else round(_value(digits) or 0)}") * factor
        if high is not None:  # 一斤到一斤半: half more of the second
            low, high = low * first, high * factor + half
        else:
            low = high = low * first + half
        if match["over"] == "多" and dimension == "money":  # 三百多块 is less than four hundred
            high = low + 10 ** int(math.log10(low)) - 1 if low >= 10 else low
        if low > high:
            low, high = high, low
        found.append(Quantity(dimension, low, high, match.start(), match.end(), unit))
    found += [
        Quantity("protection", float(m[1]), float(m[1]), m.start(), m.end())
        for m in _PROTECTION.finditer(text)
    ]
    return sorted(found, key=lambda one: one.start)


def _value(said: str) -> float | None:
    """The value of digits, Han numerals, or both (3万, 两千, 一千五, 半)."""
    said = said.strip().replace(",", "")
    scale = 1.0
    if said[:1].isdigit() and said[-1:] in _SCALES:
        scale, said = _SCALES[said[-1]], said[:-1].strip()
    try:
        return float(said) * scale
    except ValueError:
        return _han_value(said)


def _han_value(said: str) -> float | None:
    if said == "半":
        return 0.5
    digits = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2}
    sizes = {"十": 10, "百": 100, "千": 1000, "万": 10000}
    total, digit, last = 0.0, None, 1.0
    for character in said:
        if character in digits:
            digit = digits[character]
        elif character in sizes:
            size = sizes[character]
            if size == 10000:
                total, digit = (total + (digit or 0)) * size, None
            else:
                total, digit = total + (1 if digit is None else digit) * size, None
            last = size
        else:
            return None
    # 一千五 is 1500: the last digit takes the next smaller size, unless 零 stands before it.
    if digit is not None:
        total += digit * (last / 10 if last >= 100 and "零" not in said else 1)
    return total
