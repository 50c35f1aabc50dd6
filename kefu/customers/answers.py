"""What customers mean while accounts are linked, and how they want answers, by their words alone."""

from __future__ import annotations

import re

from kefu.customers import codes
from kefu.customers.codes import ALPHABET, LENGTH
from kefu.language.normalize import normalize
from kefu.language.numbers import spoken_digits

_SIX = re.compile(r"(?<![\dA-Za-z])\d{3}[ -]?\d{3}(?![\dA-Za-z])")
_LINK_CODE = re.compile(rf"(?<![0-9A-Z])([{ALPHABET}]{{4}})[ -]?([{ALPHABET}]{{4}})(?![0-9A-Z])")
_RESEND = re.compile(
    "[没未]有?(?:收到|来|看到|短信)|收不到|冇收到|(?:再|重新?|重)发|再(?:来|给)[我一]?|补发|"
    r"\b(?:resend|re-send|send (?:it |me )?(?:again|another)|again|(?:another|new) code|no (?:code|sms|text)|"
    r"(?:did(?:n'?t| not)|have(?:n'?t| not)|not) (?:get|got|receive|received|come|arrived?)\w*)\b"
)
_OTHER_PHONE = re.compile(
    "(?:号码?|手机号?|电话).{0,6}(?:错|不对|有误|换)|(?:换|改).{0,4}(?:号码?|手机|电话)|"
    r"(?:wrong|different|another|other|change).{0,6}(?:number|phone)"
)
_GIVES_UP = re.compile(
    "(?:先|还是|就)?(?:不|别|甭|唔)(?:想|要|用|需要)?(?:换|绑|改|弄|验证?|认证|关联|解)(?:绑|定|号|一下)*(?:了|吧|啦)?"
)
_WANTS_LINK_CODE = re.compile(
    "(?:绑定|关联|配对|连接)码|(?:给|要|来)(?:我|一|个)*码|"
    "(?:换|转|切|挪)(?:到|去|成).{0,8}(?:手机|app|微信|公众号|电脑|网页|设备|那边|平板).{0,8}(?:继续|接着|聊|说|弄|讲)|"
    "(?:手机|app|微信|公众号|电脑|网页|另一(?:个|台)).{0,6}(?:上|里|那边|端)?.{0,3}(?:继续聊|接着聊|继续说|接着说|接着弄)|"
    r"\b(?:link(?:ing)?|binding|pairing) code\b|"
    r"\b(?:continue|go on|carry on|switch|move)\b.*\b(?:phone|app|wechat|computer|device|web|website)\b"
)
_NOT_DETAILED = re.compile(
    "(?:不[用要必需]*|别|甭|没必要|太)(?:这么|那么|说|讲)*(?:得|的)?(?:太)?(?:详细|仔细|具体|多|长|全)|"
    r"\b(?:less|no|not|too|don'?t)\b.{0,16}\b(?:detail\w*|long|much)\b"
)
_DETAILED = re.compile(
    "详细|仔细|具体|全面|完整|展开|多[说讲写]|[说讲写]多|[长全细]一?[点些]|(?:太|别(?:太|这么|那么|说|讲|写)*)[短简少]|(?<![别不])啰嗦(?:点|一点)|不要省|惜字|说全|xiangxi|"
    r"\b(?:detail\w*|long(?:er)?|more|full(?:er)?|elaborate)\b"
)


def code_in(text: str) -> str | None:
    """The six digits of a text message, written or spoken, wherever they stand in what was typed."""
    found = _SIX.search(spoken_digits(normalize(text).text))
    return re.sub(r"\D", "", found.group()) if found else None


def link_code_in(text: str) -> str | None:
    """A code like those we show for another device, if there is one in what was typed."""
    found = ("".join(match.groups()) for match in _LINK_CODE.finditer(normalize(text).text.upper()))
    return next(filter(codes.is_link_code, found), None)


def is_link_code(text: str) -> bool:
    """Whether a text is such a code and nothing else."""
    return link_code_in(text) is not None and sum(c.isalnum() for c in normalize(text).text) == LENGTH


def gives_up(text: str) -> bool:
    """Whether a text says not to link, or not to undo it, after all: 不换了, 先不绑了."""
    return bool(_GIVES_UP.search(normalize(text).text))


def wants_resend(text: str) -> bool:
    """Whether a text asks for the text message once more: 没收到, 再发一次."""
    return bool(_RESEND.search(normalize(text).text))


def wants_other_phone(text: str) -> bool:
    """Whether a text says that another number is to be taken, and not which: 号码输错了."""
    return bool(_OTHER_PHONE.search(normalize(text).text))


def style_in(text: str) -> str:
    """How long answers shall be, of a text that wishes one of the two: ``detailed``, or ``short``."""
    said = normalize(text).text
    return "detailed" if _DETAILED.search(said) and not _NOT_DETAILED.search(said) else "short"


def wants_link_code(text: str) -> bool:
    """Whether a text asks for a code to go on elsewhere with: 给我一个绑定码, 换到手机上继续."""
    return bool(_WANTS_LINK_CODE.search(normalize(text).text))
