"""Proofs that two identities are one customer: a code sent to the phone, a code shown elsewhere, a login.

What is refused is a typed exception::

    ProofError
    ├── TooSoon            a code was sent a moment ago
    ├── TooManyCodes       the phone, or the customer, had enough of them
    └── CodeRefused
        ├── WrongCode      another try is left
        ├── CodeExpired    there is none that is still good
        └── TooManyTries   it was wrong too often
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kefu.customers.codes import LINK_LIFE, PHONE_LIFE, digest, new_link_code, new_phone_code, same
from kefu.customers.models import Customer, Identity, LinkCode, PhoneCode
from kefu.customers.phones import parse_phone
from kefu.customers.service import conversation_of, link
from kefu.db import session_scope, utcnow
from kefu.events import record

#: Before this time nobody gets a second code.
PAUSE = timedelta(seconds=60)
CODES_PER_PHONE_AND_HOUR, CODES_PER_PHONE_AND_DAY, CODES_PER_IDENTITY_AND_DAY = 5, 10, 10
TRIES = 5
#: Nothing about a code matters after this time.
_KEPT = timedelta(days=1)
_NO_SYNC = {"synchronize_session": False}


Scope = Callable[[], AbstractContextManager[Session]]


class ProofError(Exception):
    """A proof that was not begun, or not accepted."""


class TooSoon(ProofError):
    """A code was sent a moment ago.

    Attributes:
        seconds: Until the next may be sent.
        pending: Whether the one sent is for the same phone, and still good.
    """

    def __init__(self, seconds: int, pending: bool) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds, self.pending = seconds, pending


class TooManyCodes(ProofError):
    """No further code for this phone this hour, or for this customer today."""


class CodeRefused(ProofError):
    """A code that proves nothing."""


class WrongCode(CodeRefused):
    """Not the code that was sent; ``left`` further tries."""

    def __init__(self, left: int) -> None:
        super().__init__(f"{left} tries left")
        self.left = left


class CodeExpired(CodeRefused):
    """No code that is still good was sent to this customer."""


class TooManyTries(CodeRefused):
    """The code was given wrong too often and is void."""


@dataclass(frozen=True)
class Proved:
    """What a proof led to.

    Attributes:
        phone: The number proved.
        linked: Whether it put the identity under a customer who was another's before.
        conversation: In which the customer goes on.
    """

    phone: str
    linked: bool
    conversation: str


def start_phone_proof(session: Session, identity: str, phone: str) -> tuple[str, str]:
    """Draws a code for a phone; the caller sends it, then, outside of this transaction.

    Returns:
        The phone in its normal form, and the code. Earlier codes of the identity are void.

    Raises:
        InvalidPhone: No text message can be sent there.
        TooSoon: The identity asked for one within ``PAUSE``.
        TooManyCodes: The phone or the identity had enough.
    """
    phone, now = parse_phone(phone), utcnow()
    session.execute(delete(PhoneCode).where(PhoneCode.sent_at < now - _KEPT).execution_options(**_NO_SYNC))
    own = select(PhoneCode).where(PhoneCode.identity_id == identity).order_by(PhoneCode.id.desc())
    last = session.execute(own.limit(1)).scalar()
    if last is not None and last.sent_at > now - PAUSE:
        pending = last.phone == phone and last.used_at is None
        raise TooSoon(ceil((last.sent_at + PAUSE - now).total_seconds()), pending)
    sent = select(func.count()).select_from(PhoneCode)
    # Older ones than a day are gone. Who was forgotten since had theirs for the same phone.
    to_phone = sent.where(PhoneCode.phone.in_([phone, hidden_phone(phone)]))
    lately = to_phone.where(PhoneCode.sent_at > now - timedelta(hours=1))
    to_identity = sent.where(PhoneCode.identity_id == identity)
    for counted, most in (
        (lately, CODES_PER_PHONE_AND_HOUR),
        (to_phone, CODES_PER_PHONE_AND_DAY),
        (to_identity, CODES_PER_IDENTITY_AND_DAY),
    ):
        if session.execute(counted).scalar_one() >= most:
            raise TooManyCodes
    code = new_phone_code()
    session.add(
        PhoneCode(
            identity_id=identity, phone=phone, code_hash=digest("phone code", identity, phone, code),
            sent_at=now, expires_at=now + PHONE_LIFE,
        )
    )  # fmt: skip
    record(session, "phone_code.sent", identity)
    session.flush()
    return phone, code


def withdraw_phone_proof(session: Session, identity: str, phone: str, reason: str) -> None:
    """Forgets the newest code for a phone, because it could not be sent: it counts for nothing."""
    newest = select(func.max(PhoneCode.id)).where(PhoneCode.identity_id == identity, PhoneCode.phone == phone)
    number = session.execute(newest).scalar()
    session.execute(delete(PhoneCode).where(PhoneCode.id == number).execution_options(**_NO_SYNC))
    record(session, "phone_code.not_sent", identity, reason=reason)


def confirm_phone(identity: str, code: str, idle: bool = False, scope: Scope = session_scope) -> Proved:
    """Takes the code of the newest text message; the phone is the identity's then.

    A transaction of its own, because a wrong code has to be counted although it is refused. The right code,
    given again because the first answer was lost, leads to the same.

    Args:
        identity: Who gives it.
        code: Six digits.
        idle: See ``service.link``.
        scope: Opens a session that commits at its end.

    Raises:
        CodeRefused: See its subclasses.
    """
    try:
        return _confirm(identity, code, idle, scope)
    except IntegrityError:  # at the same moment another identity proved the same phone
        return _confirm(identity, code, idle, scope)


def _confirm(identity: str, code: str, idle: bool, scope: Scope) -> Proved:
    refused: CodeRefused
    with scope() as session:
        newest = select(func.max(PhoneCode.id)).where(PhoneCode.identity_id == identity)
        number = session.execute(newest).scalar()
        # Counted before it is looked at, and in one statement: tries at once do not see each other's count.
        counted = update(PhoneCode).where(PhoneCode.id == number).values(attempts=PhoneCode.attempts + 1)
        session.execute(counted.execution_options(**_NO_SYNC))
        sent = session.get(PhoneCode, number) if number else None
        right = sent and same(sent.code_hash, digest("phone code", identity, sent.phone, code))
        if sent is None or sent.expires_at < utcnow() or (sent.used_at and not right):
            refused = CodeExpired()
        elif sent.attempts > TRIES:
            refused = TooManyTries()
        elif not right:
            left = TRIES - sent.attempts
            refused = WrongCode(left) if left else TooManyTries()
        else:
            sent.used_at = sent.used_at or utcnow()
            return _hold(session, identity, sent.phone, "phone", idle)
        record(session, "phone_code.refused", identity, reason=type(refused).__name__)
    raise refused


def issue_link_code(session: Session, identity: str) -> str:
    """A code that links whoever gives it elsewhere with ``identity``: once, for ten minutes."""
    code, now = new_link_code(), utcnow()
    past = or_(LinkCode.identity_id == identity, LinkCode.expires_at < now - _KEPT)
    session.execute(delete(LinkCode).where(past).execution_options(**_NO_SYNC))
    code_hash = digest("link code", code)
    session.add(LinkCode(code_hash=code_hash, identity_id=identity, expires_at=now + LINK_LIFE))
    record(session, "link_code.issued", identity)
    session.flush()
    return code


def is_good_link_code(session: Session, code: str) -> bool:
    """Whether a code was shown to somebody and can still be used."""
    good = (LinkCode.code_hash == digest("link code", code.upper()), LinkCode.used_at.is_(None))
    found = select(LinkCode.code_hash).where(*good, LinkCode.expires_at > utcnow())
    return session.execute(found).first() is not None


def redeem_link_code(session: Session, identity: str, code: str, idle: bool = False) -> str | None:
    """Puts ``identity`` under the customer to whom the code was shown.

    Args:
        session: The caller's transaction.
        identity: Who gives the code.
        code: As shown, without blanks.
        idle: See ``service.link``.

    Returns:
        The conversation that goes on, also if both were one customer already; ``None`` if the code is not,
        or no longer, good.
    """
    code_hash, now = digest("link code", code.upper()), utcnow()
    good = (LinkCode.code_hash == code_hash, LinkCode.used_at.is_(None), LinkCode.expires_at > now)
    good += (LinkCode.identity_id != identity,)  # given where it was shown it proves nothing, and stays good
    used = session.execute(update(LinkCode).where(*good).values(used_at=now).execution_options(**_NO_SYNC))
    issuer = session.execute(
        select(Identity.id, Identity.customer_id)
        .join(LinkCode, LinkCode.identity_id == Identity.id)
        .where(LinkCode.code_hash == code_hash)
    ).first()
    if used.rowcount == 1:
        return link(session, identity, issuer.customer_id, "code", idle)
    own = session.get(Identity, identity)
    if issuer is not None and own.customer_id == issuer.customer_id and issuer.id != identity:
        return conversation_of(session, identity)
    return None


def link_account(
    session: Session, identity: str, phone_verified: str | None = None, unionid: str | None = None
) -> str:
    """Takes what a login says of an identity: a phone that the company has verified, a WeChat unionid.

    It links like a proof of the customer's own, but never again what the customer has taken apart; so it can
    be called at every login.

    Returns:
        The conversation that goes on.

    Raises:
        InvalidPhone: ``phone_verified`` is no phone number.
    """
    own = session.get(Identity, identity)
    if unionid and own.account != (account := digest("unionid", unionid)):
        own.account = account
    if own.apart_since is None and own.account:
        other = select(Identity.customer_id).where(
            Identity.account == own.account,
            Identity.customer_id != own.customer_id,
            Identity.apart_since.is_(None),
        )
        found = session.execute(other.limit(1)).scalar()
        if found:
            link(session, identity, found, "unionid")
    if phone_verified and own.apart_since is None and own.phone != (phone := parse_phone(phone_verified)):
        apart = select(Identity.id).where(Identity.phone == phone, Identity.apart_since.is_not(None))
        if session.execute(apart.limit(1)).first() is None:
            _hold(session, identity, phone, "account", idle=False)
    session.flush()
    return conversation_of(session, identity)


def hidden_phone(phone: str) -> str:
    """What stands for a phone, as long as one, where it must not be read: the same for the same phone."""
    return digest("hidden phone", phone)[:20]


def phone_of(session: Session, identity: str) -> str | None:
    """The number that the customer behind an identity has proved."""
    query = select(Customer.phone).join(Identity, Identity.customer_id == Customer.id)
    return session.execute(query.where(Identity.id == identity)).scalar()


def _hold(session: Session, identity: str, phone: str, proof: str, idle: bool) -> Proved:
    """Gives an identity a phone that it proved, and its customer's company if somebody else has it, too."""
    own = session.get(Identity, identity)
    holders = select(Identity.customer_id).where(
        Identity.phone == phone, Identity.customer_id != own.customer_id
    )
    holder = session.execute(holders.limit(1)).scalar()
    own.phone = phone
    session.flush()
    if holder:
        link(session, identity, holder, proof, idle)
    customer = session.get(Customer, own.customer_id)
    if customer.phone != phone:
        customer.phone = phone
        record(session, "customer.phone_proved", identity, proof=proof)
    own.apart_since = None
    session.flush()
    return Proved(phone, bool(holder), customer.conversation)
