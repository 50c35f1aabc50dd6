"""What answers to a ticket's questions say, by their words alone: nobody learned what people add."""

from __future__ import annotations

import re

from kefu.language.normalize import normalize
from kefu.language.numbers import find_numbers, spoken_digits

_PHONE = re.compile(r"(?:\+?86)?(1[3-9]\d{9}|0\d{9,11}|400\d{7})")
_SPOKEN = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
_CALL = re.compile(
    "我?的?(?:联系)?(?:电话|手机|号码|手机号|phone|number|tel)(?:号码?)?(?:是|为|is)?|[\\s()+:,.-]"
)

_FILLER = (
    r"(?:\W|嗯|哦|啊|那|我|就|还是|先|暂时|了|吧|啦|呢|哈|呀|的|谢谢|抱歉|不好意思|please|thanks?|thank you)*"
)
_NO = "不|没|无|唔|冇|别|算了"
_NO_WHAT = (
    "太|想|愿意?|用|要|需要|必|方便|肯|能|给|留|提供|说|告诉|行|使|再|有|便|联系|电话|手机|号码?|方式|[你您们]|"
    f"{_NO}|了|吧|啦|哈|呀|的|谢谢|\\W"
)
_REFUSAL = re.compile(
    f"{_FILLER}(?:(?:{_NO})(?:{_NO_WHAT})*|"
    "(?:no|nope|none|n/?a|skip|not now|no phone(?: number)?|(?:i'?d |i would )?rather not|prefer not(?: to)?|"
    "(?:i )?(?:don'?t|do not) (?:have|want)(?: to| one| a phone)?(?: say| leave one)?)"
    f"){_FILLER}"
)

_NAMES_PHONE = re.compile("电话|手机|号码?|phone")

_CALLING_OFF = (
    "算了|取消|不(?:想|要|再|用|需要)*(?:报|登记|弄|用|要|填|提交|修|搞|办|来|投诉)(?:修|单|工单)?了|"
    "先不(?:报|登记|弄|填|提交|修|搞|办|投诉)?(?:修|单|工单)?|退出|停(?:止|下|一下)?|"
    r"\b(?:stop|cancel|quit|exit|never ?mind|forget it)\b"
)
_LEAVE_TAKING = (
    "再见|拜拜|回见|回聊|回头|下次|走了|下线|晚安|先这样|"
    r"\b(?:good)?bye(?:[ -]?bye)?\b|\bsee you\b|\bgood ?night\b|\blater\b"
)
_CALLED_OFF = re.compile(f"{_CALLING_OFF}|{_LEAVE_TAKING}")
_ONLY_CALLED_OFF = re.compile(f"{_FILLER}(?:(?:{_CALLING_OFF}|再见|拜拜|(?:good)?bye(?: ?bye)?){_FILLER})+")

_CLAUSES = re.compile(r"[,，.。;；!！?？\s]+")
_DECLINED = re.compile(r"不用|不要|不需要|不必|不登记|先不|算了|^no\b")
_QUESTION = re.compile(
    r"[?吗咋啥伐]|(?<![这那要])么|多少|多久|几天|怎么|怎样|如何|什么|哪|能不能|可不可以|行不行|是不是|要不要|呢$|"
    r"(?<=\w\w)(?<![还也都又就我要])[不没]\W*$|"
    r"^(?:what|how|when|where|why|who|which|can|could|do|does|is|are|will)\b"
)
_DEMAND = re.compile(
    r"帮|给我(?!打|发|退.{0,6}(?:多久|几天|什么时候|哪))|给办|麻烦|(?:我|就|还)(?:要|想)(?!问|知道|了解|咨询)|替我|劳驾|安排|申请|赶紧|赶快|立刻|马上给|"
    r"(?:叫|找|喊)(?:你们|个|一下)?(?:人|领导|经理|主管|老板)|投诉|转人工|凭什么|凭啥|"
    r"\b(?:please|pls|i want|i'd like|i would like|i need|help me)\b"
)
_CORRECTION = re.compile(
    r"\s*(?:把)?(?:问题|描述|故障|内容|problem|description)(?:描述)?\s*(?:(?:要|应该|应)?(?:改成|改为|换成|更正为|变成)|"
    r"应该是|is|should be)\s*[:：,，]?\s*(.+)",
    re.DOTALL | re.IGNORECASE,
)
_WANTS_CHANGE = re.compile(f"{_FILLER}(?:要|想|需要|有错|错了|得)*(?:修改|更改|改动|改)(?:一下|下)?{_FILLER}")
_BESIDE_A_NAME = re.compile(r"(?:\W|我|家|里|的|是|这|那|个|款|台|把|有|一|买|型号|产品|it'?s|the|my|a|is)*")

_STILL = "还是|还|仍然?|依旧|依然|根本|并|也|都|问题|故障|一点|现在|老毛病|再次|又"
_UNSOLVED = re.compile(
    f"{_FILLER}(?:(?:{_STILL}|麻烦|请|帮|给|把|[你您]们?)*(?:"
    "(?:没|没有|未|不)(?:有|被|给|能)?(?:解决|处理|修|弄|搞|好|行|可以|对|变|问题)*|老样子|一样|"
    "(?:存|还)?在|依旧|依然|坏|重新?(?:打?开|处理|激活)?(?:一下)?(?:(?:这|那|刚才|上次)?[个张]?的?(?:工单|单子|单))?|"
    "(?:工单|单子)(?:重新)?打?开|"
    r"no|nope|not (?:yet|really|fixed|solved|working|resolved)|still (?:not|broken)(?: \w+)?|"
    r"it'?s not|it is not|(?:it )?(?:doesn'?t|does not|isn'?t) (?:work|working|fixed)|"
    "(?:please )?reopen(?: (?:it|my|the|this))?(?: ticket)?"
    f"){_FILLER})+"
)

_PROGRESS = re.compile(
    "怎么样了|咋样了|如何了|进度|进展|到哪|有结果|有消息|还(?:要|得|需要?)?(?:多久|多长时间)|多久能|(?:什么|啥)时候|几时|"
    r"(?:怎么|为什么|咋|为啥)还(?:没|不)|还没(?:有|处理|好|弄|办|解决|到|收到|开|退|下来|消息|结果|人)*(?:吗|呢|啊|$|[?？])|"
    "(?:好|完|下来|到|出来?)了?(?:吗|没|么|冇)|(?:开|办|弄|搞|退|修|换|寄|处理|解决|安排)了(?:吗|没|么)|"
    r"\b(?:news|update|status|progress|yet|how far|when)\b"
)
_WISHES = re.compile("(?:我|还)(?:要|想)(?!的|问|知道|查|看|了解|催)")
_HOW_LONG = re.compile(
    r"多久|多长时间|几分钟|几位|几个人|第几|排到|轮到|\bhow (?:long|many|much longer)\b|"
    r"\bwhen (?:is it|will it be) my turn\b"
)
#: What says more than a question for one's place: a wish to stop, or a ticket.
_NOT_OF_PLACE = re.compile(
    r"不(?:想)?等|不排|别排|取消|退出|算了|不用|不要|工单|单子|报修|维修|上门|师傅|"
    r"\b(?:stop|cancel|leave|no longer|anymore|don'?t want|ticket|repair\w*|technician)\b"
)
_ORDER = re.compile(
    r"订单|快递|包裹|物流|发货|货|退款|钱|order|parcel|package|delivery|shipment|refund|money"
)
_WHERE_WE_WERE = re.compile(
    "(?:说|聊|讲|谈|问|弄|进行)(?:到|到了)(?:哪|什么|边)|(?:在|是)(?:说|聊|讲|谈)(?:什么|啥)|说(?:啥|什么)事|"
    r"\bwhere (?:were|are) we\b|\bwhere did we (?:stop|leave off)\b|"
    r"\bwhat (?:were|was) (?:we|i) (?:talking|discussing|asking)|\bwe were (?:talking|discussing)|"
    r"\bdid we talk about"
)
_CORRECTS_NAME = re.compile(
    r"(?:[\W不没对错搞弄说写打输选看记填等下哦噢啊呀嗯应该才就改为换成型号产品我家里的是这那个款台了吧]|"
    r"\b(?:it'?s|should be|is|was|not|no|sorry|wait|actually|i meant?|the|my|a)\b)*"
)
_NO_RATING = re.compile(
    f"{_FILLER}(?:(?:{_NO}|懒得)(?:{_NO_WHAT}|评|价|分|打|个)*|(?:i'?d )?rather not(?: rate)?){_FILLER}"
)

#: Points that are said without a number.
_BEST = re.compile("👍|(?<!不)好评|[很非常十分]满意|excellent|perfect|thumbs up")
_WORST = re.compile("👎|差评|(?<!没)(?<!没啥)(?<!没什么)不满意|terrible|thumbs down")
_STARS = re.compile("[⭐🌟★]")
_MIDDLING = re.compile(
    f"{_FILLER}(?:服务|态度|感觉|体验|处理得?)?"
    f"(?:一般般?|马马虎虎|凑合|将就|还行|还可以|中规中矩|就那样|so-?so|average|okay|ok){_FILLER}"
)


def phone_in(text: str) -> str | None:
    """The phone number of mainland China that a text holds, written or spoken, without blanks."""
    named = (number["value"] for number in find_numbers(text) if number["entity"] == "phone")
    spelt = spoken_digits(text)
    alone = _PHONE.fullmatch(re.sub(r"[\s()-]", "", spelt))
    spoken = _SPOKEN.search(spelt)
    return next(named, None) or (alone and alone.group(1)) or (spoken and spoken.group()) or None


def is_digits(text: str) -> bool:
    """Whether a text is nothing but digits, as a phone number would be: 138, 电话 1380013."""
    return _CALL.sub("", spoken_digits(text)).isdigit()


def is_refusal(text: str) -> bool:
    """Whether a text refuses what it is asked for: 不留, 不方便, 没有, no thanks; 不是我的 does not."""
    return bool(_REFUSAL.fullmatch(normalize(text).text))


def refuses_phone(text: str) -> bool:
    """Whether a text refuses to leave a phone by that name: 不留电话, no phone; not a bare 不留."""
    return is_refusal(text) and bool(_NAMES_PHONE.search(normalize(text).text))


def calls_off(text: str, sure: bool = False) -> bool:
    """Whether a text says to stop.

    Args:
        text: As typed.
        sure: The message was understood as such a wish, so that its words may stand among others.
    """
    normal = normalize(text).text
    return bool(_CALLED_OFF.search(normal) if sure else _ONLY_CALLED_OFF.fullmatch(normal))


def calls_off_first(text: str) -> bool:
    """Whether one of a text's clauses says to stop, and nothing else: 先不报修了，我要投诉."""
    clauses = _CLAUSES.split(normalize(text).text)
    return any(_ONLY_CALLED_OFF.fullmatch(clause) for clause in clauses if clause.strip())


def declines(text: str) -> bool:
    """Whether a text says no to an offer: 不用登记, 算了; 没有钥匙 does not."""
    return is_refusal(text) or bool(_DECLINED.search(normalize(text).text))


def is_question(text: str) -> bool:
    """Whether a text asks something."""
    return bool(_QUESTION.search(normalize(text).text))


def demands(text: str) -> bool:
    """Whether a text asks that something be done, however it is put: 能帮我换一台吗, unlike 换货要多久."""
    return bool(_DEMAND.search(normalize(text).text))


def corrected_problem(text: str) -> str | None:
    """The description that is to stand in place of the one before: 问题改成：镜头歪了."""
    found = _CORRECTION.fullmatch(text)
    return found.group(1).strip() if found else None


def wants_change(text: str) -> bool:
    """Whether a text says that something has to be changed, and not what: 我要改一下."""
    return bool(_WANTS_CHANGE.fullmatch(normalize(text).text))


def is_bare_name(rest: str) -> bool:
    """Whether what stands beside the names in a text says nothing: 我家的 (C2摄像头)."""
    return bool(_BESIDE_A_NAME.fullmatch(normalize(rest).text))


def says_only_unsolved(text: str) -> bool:
    """Whether a text says at most that something is not solved, not what is wrong: 还没解决, not yet."""
    return bool(_UNSOLVED.fullmatch(normalize(text).text)) or not text.strip()


def asks_progress(text: str) -> bool:
    """Whether a text asks what has come of something: 发票开好了吗; what is wished anew does not."""
    text = normalize(text).text
    return bool(_PROGRESS.search(text)) and not _WISHES.search(text)


def asks_how_long(text: str) -> bool:
    """Whether a text asks how long one still waits: 还要等多久, how many are before me."""
    text = normalize(text).text
    return bool(_HOW_LONG.search(text)) and not _NOT_OF_PLACE.search(text)


def names_order(text: str) -> bool:
    """Whether a text is about something bought or paid: 快递到哪了; 到哪了 alone is not."""
    return bool(_ORDER.search(normalize(text).text))


def asks_where_we_were(text: str) -> bool:
    """Whether a text asks what was being talked about: 刚才说到哪了."""
    return bool(_WHERE_WE_WERE.search(normalize(text).text))


def only_corrects_name(rest: str) -> bool:
    """Whether what stands beside the names in a text only sets a name right: 不对，是 (L3)."""
    return bool(_CORRECTS_NAME.fullmatch(normalize(rest).text))


def refuses_rating(text: str) -> bool:
    """Whether a text refuses to give points: 不想评, 懒得打分."""
    return bool(_NO_RATING.fullmatch(normalize(text).text))


def is_middling(text: str) -> bool:
    """Whether a text judges neither well nor badly: 还行, 马马虎虎."""
    return bool(_MIDDLING.fullmatch(normalize(text).text))


def points_in(text: str) -> str:
    """The points from 1 to 5, as a digit, that a text gives without a number; empty if it gives none."""
    normal = normalize(text).text
    if stars := len(_STARS.findall(normal)):
        return str(min(stars, 5))
    return "1" if _WORST.search(normal) else "5" if _BEST.search(normal) else ""
