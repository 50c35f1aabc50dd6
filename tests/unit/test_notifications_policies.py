"""What is published of policies is told to subscribers: once, as it is now, and only what concerns them."""

import pytest

from kefu.db import session_scope, utcnow
from kefu.knowledge import editing, versions
from kefu.knowledge.editing import Change
from kefu.knowledge.models import StoredEntry
from kefu.notifications import service
from tests.notices import heard, post, rows, subscriber

REF = "policy:智能门锁保修"
NEWS = {"zh": "整机保修延长到 4 年。", "en": "The warranty is now 4 years."}


def publish(ref=REF, origin=None, **fields):
    """Publishes a policy with other fields, as the console does."""
    with session_scope() as session:
        row = session.get(StoredEntry, ref)
        content = {**(row.content or row.base if row else {}), **fields}
        change = Change("put", ref if row else None, None, "policy", None, content, origin=origin or {})
        editing.publish(session, [change], "account:1")


def follow():
    with session_scope() as session:
        return service.follow(session, utcnow())


@pytest.fixture
def li(demo):
    return subscriber("li", "policies")


def test_a_published_change_is_told_once_to_who_subscribes_with_what_it_applies_to(li):
    wang = subscriber("wang", "offers")
    publish(answer="门锁整机保修 4 年。", origin={"news": NEWS})
    assert (follow(), follow()) == (1, 0)
    subscriber("late", "policies")
    assert follow() == 0
    (row,) = rows(li)
    assert row.about["applies_to"] == ["智能门锁"] and row.about["ref"] == REF
    assert row.facts["en"] == {"name": "Smart lock warranty", "summary": NEWS["en"]}
    assert rows(wang) == []


def test_where_nothing_is_written_for_them_they_read_the_policy_itself(li):
    publish(answer="门锁整机保修 4 年。")
    publish("policy:新规", name="新规", answer="第二条。")
    assert follow() == 2
    assert [row.facts["zh"]["summary"] for row in rows(li)] == ["门锁整机保修 4 年。", "第二条。"]


def test_what_concerns_no_customer_is_not_told(li):
    publish(questions=["锁能保多久"])
    publish(answer="改了一个错字。", origin={"tell": False})
    publish(name="门锁保修")
    assert follow() == 0 and rows(li) == []


async def test_of_quick_changes_only_the_newest_is_told_and_what_waits_is_taken_back(li):
    publish(answer="一")
    publish(answer="二")
    assert follow() == 1
    publish(answer="三")
    assert follow() == 1
    await post().once()
    assert [(row.state, row.reason) for row in rows(li)] == [("suppressed", "superseded"), ("sent", None)]
    assert rows(li)[1].facts["zh"]["summary"] == "三" and len(heard(li)) == 1


def test_taking_back_and_bringing_back_are_changes_only_where_something_else_holds_then(li):
    publish(answer="一")
    with session_scope() as session:
        versions.undo(session, REF, 1, "account:1")
    assert follow() == 1
    assert "3 年" in rows(li)[-1].facts["zh"]["summary"]
    with session_scope() as session:
        editing.publish(session, [Change("remove", REF, None)], "account:1")
    with session_scope() as session:
        versions.restore(session, REF, 0, None, "account:1")
    assert follow() == 0
