"""Phone numbers as customers type them, in the one form in which they are compared: ``+8613800138000``."""

from __future__ import annotations

import phonenumbers
from phonenumbers import PhoneNumberMatcher, PhoneNumberType

from kefu.language.normalize import normalize
from kefu.language.numbers import spoken_digits

#: Where a number without a country's code is from.
HOME = "CN"
_CAN_RECEIVE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


class InvalidPhone(ValueError):
    """No number that a text message can be sent to."""


def parse_phone(text: str) -> str:
    """A number that receives text messages, in the form of E.164.

    Args:
        text: The number, with or without the code of its country; blanks, hyphens and spoken digits are fine.

    Raises:
        InvalidPhone: It is none: too short, a landline, an area that does not exist.
    """
    try:
        number = phonenumbers.parse(spoken_digits(normalize(text).text), HOME)
    except phonenumbers.NumberParseException as error:
        raise InvalidPhone("phone: is no phone number") from error
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in _CAN_RECEIVE:
        raise InvalidPhone("phone: is no number that receives text messages")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def phone_in(text: str) -> str | None:
    """The first number that receives text messages in what a customer typed."""
    normal = spoken_digits(normalize(text).text)
    for found in PhoneNumberMatcher(normal, HOME):
        try:
            return parse_phone(found.raw_string)
        except InvalidPhone:
            continue
    return None


def tail(phone: str) -> str:
    """The last four digits: enough to know one's own number, too little to learn another's."""
    return phone[-4:]
