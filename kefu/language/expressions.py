"""Dates, times, amounts, languages, cities, ratings and choices, found by how they are written.

What a closed set of expressions can say is said here; what is open (addresses, symptoms) is learned.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from kefu.language.normalize import normalize

_N = "[0-9一二两三四五六七八九十零〇]"
_OF_MONTH = "3[01]|[12][0-9]|0?[1-9]|三十一?|二?十[一二三四五六七八九]|二?十|[一二三四五六七八九]"
_DAY = (
    "大后天|大前天|今天|明天|后天|昨天|前天|今日|明日|昨日|今儿个?|明儿个?|昨个?儿|后儿|听日|琴日|今晚(?=上门|来|到)|"
    f"(?:这|这个|本|下|下个|下下|上|上个|上上)?(?:周|星期|礼拜)(?:[一二三四五六日天](?!次)|末(?!端))|周末|"
    "(?:这|本|下|上|上上|下下)(?:个)?(?:周|星期|礼拜|月)(?!期)|月初|月底|月中|年底|年初|去年|前年|"
    f"(?:20)?{_N}{{2,4}}年{_N}{{1,2}}月(?:{_N}{{1,3}}[日号])?|{_N}{{1,2}}月{_N}{{1,3}}[日号]?|"
    f"(?<![路街弄道巷楼栋村里第大小])(?<!{_N})(?:{_OF_MONTH})号(?![楼线门院机店选码库栋馆厅口答个那这问路灯])|"
    r"20\d\d[-/.]\d{1,2}[-/.]\d{1,2}|(?<![\d/])(?:1[0-2]|0?[1-9])/(?:3[01]|[12]\d|0?[1-9])(?![\d/])|"
    "春节|国庆|中秋|元旦|端午|清明|五一|除夕|双十二|双12|"
    "(?:this|next|last) (?:week(?:end)?|month|monday|tuesday|wednesday|thursday|friday|saturday|sunday)|"
    r"(?<!black )\b(?:today|tomorrow|yesterday|tonight|"
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday|weekend)\b|"
    r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d{1,2}(?:st|nd|rd|th)?\b"
)
# 一晚上 is how long it took, 夜间模式 a function.
_PART = (
    "(?<![一整])(?:上午|下午|中午|晚上|早上|早晨|傍晚|凌晨|半夜|夜里|夜间(?!模式|免打扰|勿扰|灯)|"
    "白天|清晨|下晝|下昼|朝早|今早|今晚)"
)
_MINUTES = f"(?:点半|点一刻|点{_N}{{1,3}}分?|点钟|点|时半?(?![间候常]))"
_HOUR = "(?<![0-9])(?:[01]?[0-9]|2[0-4])|[一二两三四五六七八九十]{1,3}"
_CLOCK = f"(?:{_HOUR}){_MINUTES}(?![问儿击钱赞评建意])|(?<![0-9])\\d{{1,2}}:\\d{{2}}"
# 一点 by itself is "a little".
_BARE_CLOCK = f"(?<![有差快慢早晚]){_CLOCK}"
_TIME = (
    rf"{_PART}(?:{_CLOCK})|(?!一点(?!半|钟|[到至]))(?:{_BARE_CLOCK})|{_PART}|"
    r"\b\d{1,2}(?::\d{2})? ?(?:am|pm)\b|(?<!good )\b(?:morning|afternoon|evening|night|noon)\b(?! vision)"
)
_AMOUNT = (
    r"(?:[¥$￥])\d[\d,]{0,12}(?:\.\d{1,4})?|"
    r"(?<![\d,.])\d[\d,]{0,12}(?:\.\d{1,4})? ?(?:块钱|块(?!钱)|元|万|千|美元|港币|rmb|yuan|dollars?|bucks)|"
    rf"[一二两三四五六七八九十百千万零]{{2,}}(?:块钱|块|元)(?:{_N})?|[一二两三四五六七八九十百]+(?:块钱|元)(?![一二三]次)"
)
# A sum said without its unit, in a message about money; 618 and 12315 are a sale and a hotline.
_NO_SUM = (
    "[0-9一二两三四五六七八九十百千万.%％:/a-z-]|[年月日号点个台把条次天周楼层栋位兆分平米瓦毫度级代折人户星间张]|"
    "小时|多[兆平米个]| (?:days|hours|times)"
)
_SUM = (
    r"(?<![0-9a-z.#第双号])(?<!double )(?!(?:618|1111|1212|12315)(?![0-9]))"
    rf"[1-9]\d{{1,4}}(?:\.\d+)?(?!{_NO_SUM})|"
    rf"(?<![第几])[一二两三四五六七八九]+[百千万][零一二两三四五六七八九十百千]*(?!{_NO_SUM})"
)
_OF_MONEY = frozenset(
    {"ask_price", "ask_recommendation", "ask_promotions", "compare_products", "complain",
     "request_refund", "check_refund", "request_return", "request_invoice"}
)  # fmt: skip
_LANGUAGE = (
    "中文|汉语|国语|普通话|中国话|英文|英语|粤语|广东话|闽南语|台语|四川话|东北话|上海话|客家话|日语|日文|韩语|韩文|法语|法文|德语|德文|"
    "西班牙语|俄语|俄文|越南语|泰语|葡萄牙语|阿拉伯语|意大利语|台湾繁体|繁体中文|繁体字|繁体|简体中文|简体字|简体|"
    r"\b(?:simplified chinese|traditional chinese|chinese|english|cantonese|mandarin|japanese|korean|french|"
    r"german|spanish|russian|yingwen)\b"
)
_STARS = (
    f"(?:{_N}{{1,2}})(?:颗|个)?星(?!期)|满分|零分|滿分|\\d+ stars?|"
    f"(?<![0-9.])100(?=分)|(?<!满分)(?<![0-9.])(?!十分[^，。,.!！吧呢啦]){_N}{{1,2}}(?=分(?!钟|店|之|里|的话))"
)
_CHOICE = (
    f"(?:倒数)?第{_N}{{1,2}}(?:个办法|种情况|[个项条种款样])?|最(?:后|下面|上面|前面|左边|右边|底下)(?:那|一)?(?:面)?(?:[个条项种款]|的)|"
    "(?:上面|下面|前面|后面|左边|右边|中间)(?:那|这)?(?:一)?[个条项种款]|头一个|前一个|后一个|"
    r"\b(?:first|second|third|fourth|fifth|last)\b|(?<=number )\d\b|"
    f"(?<=选项)[a-e]|(?<=方案){_N}|(?<=选)(?:{_N}|[a-e])(?![a-z0-9个])|{_N}(?=号)|"
    rf"^(?:{_N}|[a-e])(?=$|[吧吗呢啊.,，。!！ ]|方案)"
)

_FORMS = (
    ("date", re.compile(_DAY)),
    ("time", re.compile(_TIME)),
    ("amount", re.compile(_AMOUNT)),
    ("language", re.compile(_LANGUAGE)),
)
_OF_INTENT = {
    **{intent: ("amount", re.compile(_SUM)) for intent in _OF_MONEY},
    "rate_service": ("rating", re.compile(_STARS)),
    "choose_option": ("option_index", re.compile(_CHOICE)),
}
#: 早上好, 明儿见: nobody names a time.
_NO_FORMS = frozenset({"greet", "goodbye", "thank", "affirm", "deny"})


@lru_cache(maxsize=1)
def _cities() -> re.Pattern[str]:
    names = Path(__file__).with_name("cities.txt").read_text(encoding="utf-8").split("\n")
    known = sorted((name for name in names if name and not name.startswith("#")), key=len, reverse=True)
    latin = [re.escape(name) for name in known if name.isascii()]
    han = "|".join(name for name in known if not name.isascii())
    # 上海路 is a street, 上海云帆科技有限公司 a company.
    elsewhere = "[路街大道]|[一-鿿]{2,6}(?:公司|科技|民宿|酒店)"
    return re.compile(rf"(?:{han})(?:市(?!区))?(?!{elsewhere})|\b(?:{'|'.join(latin)})\b")


def find_expressions(text: str, intent: str | None = None) -> list[dict[str, Any]]:
    """Finds expressions of fixed form.

    Args:
        text: As typed.
        intent: Ratings, choices and sums without a unit are only looked for where the intent is about them.

    Returns:
        Entities with offsets in ``text`` and the value as said, without overlaps, in order of kinds.
    """
    normal = normalize(text)
    found: list[dict[str, Any]] = []
    if intent in _NO_FORMS:
        return found
    asked = [_OF_INTENT[intent]] if intent in _OF_INTENT else []
    # 二号 is a choice where one is made; a bare number is a sum when nothing else explains it.
    first, last = (asked, []) if intent not in _OF_MONEY else ([], asked)
    for entity, form in (*first, *_FORMS, ("city", _cities()), *last):
        for match in form.finditer(normal.text):
            start, end = normal.original_span(match.start(), match.end())
            if all(end <= f["start"] or f["end"] <= start for f in found):
                found.append({"entity": entity, "start": start, "end": end, "value": text[start:end]})
    return found
