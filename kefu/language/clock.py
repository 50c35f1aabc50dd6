"""From one time of day to another, told as how long that is: 早上九点放到下午四点 lasts seven hours."""

from __future__ import annotations

import re

from kefu.language.quantities import quantities

_PARTS = {
    "凌晨": 0, "清早": 0, "清晨": 0, "早上": 0, "早晨": 0, "早": 0, "上午": 0, "中午": 12,
    "下午": 12, "傍晚": 12, "晚上": 12, "夜里": 12, "半夜": 0, "晚": 12,
}  # fmt: skip
_HALF_DAY, _DAY = 12.0, 24.0
_HOUR = (
    r"(?P<hour{n}>\d{{1,2}}|[一二两三四五六七八九十]{{1,3}})"
    r"(?:点钟?(?P<half{n}>半)?(?!\d|[一二三四五六七八九十]+(?:刻|分|公斤|千克|斤|[厘毫分]?米))|:00|:(?P<thirty{n}>30))"
)
_PART = "(?P<part{n}>" + "|".join(sorted(_PARTS, key=len, reverse=True)) + ")?"
_TIME = _PART + _HOUR
#: Two times of which the second ends what goes on from the first; little may be said between them.
_SPAN = re.compile(
    r"从?" + _TIME.format(n=1)
    + r"(?P<between>[^?!;。]{0,20}?)(?:到|至|~|-)(?:当天|第二天|次日)?" + _TIME.format(n=2)
)  # fmt: skip


#: Says that something goes on, and that it only happens at set times.
_GOES_ON = re.compile("放|播|开(?!门|锁)|撑|续航|坚持|连续|一直|用[到得]|够用|[充插]着?电|last")
_SET = re.compile("定时|预约|营业|客服|师傅|上门|有人|上班|提醒|时段")


def lasting(text: str) -> str:
    """Normal text with the span between two times of day as a number of hours.

    Args:
        text: Normal text.

    Returns:
        The text; what stood between the two times is kept before the number.
    """
    return _SPAN.sub(_told, text) if _GOES_ON.search(text) and not _SET.search(text) else text


def _told(match: re.Match[str]) -> str:
    first, last = _hour(match, 1), _hour(match, 2)
    is_comparing = match["hour1"] == "一" and match["part1"] in ("早", "晚")  # 早一点到晚一点
    if first is None or last is None or is_comparing:
        return match.group()
    if last <= first:  # 9 点到 5 点; 晚上十点到早上六点
        is_open = not match["part2"] and last + _HALF_DAY > first
        last += _HALF_DAY if is_open else _DAY
    return f"{match['between']}{last - first:g}小时"


def _hour(match: re.Match[str], number: int) -> float | None:
    """The hour of a day, 0 to 24."""
    told = quantities(f"{match[f'hour{number}']}个")
    if not told or told[0].high > _DAY:
        return None
    hour = told[0].high + (0.5 if match[f"half{number}"] or match[f"thirty{number}"] else 0.0)
    is_later = hour < _HALF_DAY and _PARTS.get(match[f"part{number}"] or "", 0) == _HALF_DAY
    is_noon = match[f"part{number}"] == "中午" and hour > _HALF_DAY - 2  # 中午十一点
    return hour + _HALF_DAY if is_later and not is_noon else hour
