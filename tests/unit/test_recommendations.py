"""What is recommended to whom, why, what came of it, and the model learned from that."""

from datetime import timedelta

import numpy as np
import pytest

from kefu.customers import profile
from kefu.customers import service as customers
from kefu.customers.profile import profile_of
from kefu.customers.service import Sender
from kefu.db import session_scope, utcnow
from kefu.events import Event
from kefu.knowledge.service import catalog
from kefu.recommendations import feedback, service
from kefu.recommendations.feedback import Counts, rate_drawn, rate_expected
from kefu.recommendations.filtering import Interactions, Model, fit, top
from kefu.recommendations.models import OfferOutcome
from kefu.recommendations.offers import offers, read, strangers
from kefu.recommendations.service import Wish, refresh
from kefu.rulebook import RuleError

ME, PHONE = "web-me", "app-me"
ANYTHING = Wish()
WARRANTIES = frozenset({"lock-extended-warranty", "device-extended-warranty"})


@pytest.fixture
def shop(demo, monkeypatch):
    monkeypatch.setattr(service, "model", service._Current())
    with session_scope() as session:
        for identity in (ME, PHONE):
            customers.arrive(session, Sender(identity, identity.partition("-")[0]))


def has(*products, who=ME, days_ago=100):
    with session_scope() as session:
        for product in products:
            profile.tell(session, who, "device", product, 1.0, "event:1")
        for fact in session.query(profile.CustomerFact).filter_by(identity=who):
            fact.since = utcnow() - timedelta(days=days_ago)


def recommended(wish=ANYTHING, asked=True, who=ME, key="message"):
    with session_scope() as session:
        return service.recommend(session, who, key, catalog().graph, wish, asked)


def everything(wish=ANYTHING, asked=True, who=ME):
    """The ids of all offers that may be made, over many messages."""
    found = (recommended(wish, asked, who, f"message {n}") for n in range(40))
    return {choice.offer.id for choice in found if choice}


def came(outcome, offer, asked=False, who=ME, key="1"):
    with session_scope() as session:
        feedback.note(session, key, who, outcome, offer, "-", asked)


def test_every_offer_is_of_the_company(demo):
    assert strangers(offers(), catalog().graph) == []


def test_how_to_use_a_function_is_not_offered_for_a_product_without_it(demo):
    wrong = offers().copy(deep=True)
    wrong.get("how-to-duress-alarm").fits.append("L1")
    assert strangers(wrong, catalog().graph) == [
        "how-to-duress-alarm: product:L1, function:智能门锁/劫持报警"
    ]


def test_an_offer_is_for_the_device_they_have_and_says_why(shop):
    has("C2")
    choice = recommended(Wish(offers=frozenset({"camera-cloud-year"})))
    assert (choice.offer.id, choice.device) == ("camera-cloud-year", "C2")
    assert choice.reason.say.get("zh", device="C2", needs="") == "因为您的C2可以把录像存到云端"


def test_a_device_of_a_linked_channel_counts(shop):
    has("V5", who=PHONE)
    with session_scope() as session:
        customers.link(session, PHONE, customers.identities(session, ME)[0].customer_id, "code")
    assert "vacuum-consumables" in everything()


def test_what_they_have_is_not_offered(shop):
    has("L3")
    assert "door-camera" in everything()
    has("C2")
    assert "door-camera" not in everything()


def test_what_does_not_fit_is_not_offered(shop):
    has("S1")
    assert everything() == set()


def test_an_extended_warranty_is_offered_while_it_can_be_bought(shop):
    plans = Wish(offers=WARRANTIES)
    has("L3", days_ago=3)
    assert everything(plans) == {"lock-extended-warranty"}
    has("L3", days_ago=60)
    assert everything(plans) == set()


def test_recurring_faults_lead_to_a_plan(shop):
    has("L3")
    with session_scope() as session:
        for _ in range(2):
            profile.tell(session, ME, "topic", "智能门锁/指纹开锁/识别失败", 1.0, "event:1")
    choice = recommended(Wish(offers=WARRANTIES))
    assert (choice.offer.id, choice.reason.faults) == ("lock-extended-warranty", 2)


def test_what_was_refused_is_never_offered_again_on_any_channel(shop):
    has("C2")
    with session_scope() as session:
        customers.link(session, PHONE, customers.identities(session, ME)[0].customer_id, "code")
    came("refused", "camera-cloud-year", who=PHONE)
    assert "camera-cloud-year" not in everything(asked=True) | everything(asked=False)


def test_nothing_is_offered_unasked_so_soon_after_the_last_time(shop):
    has("C2")
    came("shown", "camera-cloud-year")
    assert everything(asked=False) == set()
    assert everything(asked=True)


def test_what_was_shown_is_not_shown_unasked_for_weeks(shop):
    has("C2")
    came("shown", "camera-cloud-year")
    with session_scope() as session:
        session.query(Event).filter_by(kind="offer.shown").update({"at": utcnow() - timedelta(days=3)})
    assert "camera-cloud-year" not in everything(asked=False)
    assert "how-to-privacy-mode" in everything(asked=False)


@pytest.mark.parametrize("mood", ["angry", "unhappy"])
def test_who_was_in_a_bad_mood_lately_is_left_alone(shop, mood):
    has("C2")
    with session_scope() as session:
        profile.tell(session, ME, "mood", mood, 1.0, "event:1")
    assert everything(asked=False) == set()


def test_a_stranger_is_offered_nothing_that_needs_a_device(shop):
    assert everything(asked=False) == set()


def test_the_same_message_gets_the_same_offer(shop):
    has("L3", "C2", "V5")
    assert len({recommended(key="one").offer.id for _ in range(20)}) == 1


def test_what_others_took_is_offered_more(shop):
    has("C2")
    either = Wish(offers=frozenset({"camera-cloud-year", "how-to-privacy-mode"}))
    for number in range(60):
        came("shown", "how-to-privacy-mode", who=f"web-{number}", key=f"shown {number}")
        came("accepted", "how-to-privacy-mode", who=f"web-{number}", key=f"accepted {number}")
        came("shown", "camera-cloud-year", who=f"web-{number}", key=f"shown too {number}")
    assert everything(either) == {"how-to-privacy-mode"}


def test_an_outcome_is_counted_once_for_each_message(shop):
    for _ in range(2):
        came("shown", "camera-cloud-year")
    with session_scope() as session:
        row = session.query(OfferOutcome).one()
        assert (row.shown, row.accepted, row.refused) == (1, 0, 0)


@pytest.mark.parametrize(
    ("wish", "products"),
    [
        (Wish("智能门锁", frozenset({"elderly"})), ["L3"]),
        (Wish("智能门锁", frozenset({"elderly"}), 1000), ["L1"]),
        (Wish("智能门锁", budget=2000), ["L3", "L1"]),
        (Wish("路由器", frozenset({"small"})), ["R1"]),
        (Wish(None, frozenset({"pets"}), 500), ["C2"]),
        (Wish("扫地机器人", budget=500), []),
    ],
)
def test_a_product_is_chosen_by_what_they_tell(demo, wish, products):
    assert [product.name for product, _ in service.products_for(wish, catalog().graph)] == products


def test_a_model_is_learned_put_in_place_and_used_without_a_restart(shop, monkeypatch):
    assert service.model() is None
    for number in range(30):
        has("L3", "C2", who=f"web-lock-{number}")
        has("R1", "S1", who=f"web-router-{number}")
    assert refresh() == 120
    has("L3")
    monkeypatch.setattr(service.model, "edition", None)
    service.model._rebuild()
    choice = next(c for c in (recommended(key=str(n)) for n in range(40)) if c.offer.id == "door-camera")
    assert choice.reason.together


def test_what_few_customers_have_says_nothing_about_others(shop):
    has("L3", "C2", who="web-other")
    assert refresh() == 0
    service.model._rebuild()
    has("L3")
    reasons = (recommended(key=str(n)).reason for n in range(40))
    assert not any(reason.together for reason in reasons)


def test_old_models_are_cleared_away(shop):
    for _ in range(6):
        refresh()
    with session_scope() as session:
        assert session.query(service.RecommendationModel).count() == 4


def blocks(users=300, items=20, seed=5):
    """People of two kinds, each of whom takes five things of ten."""
    chance = np.random.default_rng(seed)
    half = items // 2
    taken = [(u, (u % 2) * half + int(i)) for u in range(users) for i in chance.permutation(half)[:5]]
    found = np.array(taken)
    return Interactions(found[:, 0], found[:, 1], chance.random(len(found)), (users, items))


def test_what_goes_together_is_found():
    past = blocks()
    learned = fit(past, [str(n) for n in range(20)])
    best = top(learned.scores(past.counts()), 5)
    assert np.mean(best // 10 == (np.arange(300) % 2)[:, None]) > 0.98


def test_a_model_survives_being_written_and_read():
    past = blocks()
    learned = fit(past, [str(n) for n in range(20)])
    again = Model.load(learned.dump())
    assert np.allclose(again.scores(past.counts()), learned.scores(past.counts()))
    assert again.items == learned.items


def test_nothing_to_learn_from_makes_an_empty_model():
    nothing = Interactions(np.array([], dtype=int), np.array([], dtype=int), np.array([]), (0, 0))
    assert Model.load(fit(nothing, []).dump()).items == []


def test_where_people_come_back_to_the_same_things_those_are_recommended():
    chance = np.random.default_rng(3)
    users = np.repeat(np.arange(80), 20)
    items = users % 10 * 3 + chance.integers(0, 2, len(users))
    past = Interactions(users, items, np.tile(np.arange(20.0), 80), (80, 30))
    learned = fit(past, [str(n) for n in range(30)])
    assert learned.repeats
    assert np.all(top(learned.scores(past.counts()), 1)[:, 0] // 3 == np.arange(80) % 10)


def test_what_is_little_known_gets_its_chances():
    chance = np.random.default_rng(1)
    known, new = Counts(shown=1000, accepted=120), Counts()
    drawn = [rate_drawn(new, chance) > rate_drawn(known, chance) for _ in range(500)]
    assert 0.1 < np.mean(drawn) < 0.6
    assert rate_expected(known) > rate_expected(Counts(shown=1000, accepted=20))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("kind: plan", "needs `details`"),
        ("kind: how_to", "needs `answer`"),
        ("kind: gift", "unexpected value"),
        ("kind: how_to\n    answer: x\n    colour: red", "extra fields not permitted"),
    ],
)
def test_a_mistake_in_the_offers_is_named_with_its_line(tmp_path, wrong, message):
    faulty = tmp_path / "offers.yml"
    faulty.write_text(
        f"""offers:
  pause_hours: 24
  again_after_days: 60
  budget: {{zh: "{{amount}}", en: "{{amount}}"}}
  device: {{zh: "{{product}}", en: "{{product}}"}}
  needs: {{}}
  suits: {{}}
  list:
  - id: one
    {wrong}
    title: {{zh: 一, en: one}}
    text: {{zh: 一, en: one}}
    reasons:
    - {{say: {{zh: 一, en: one}}}}
""",
        encoding="utf-8",
    )
    with pytest.raises(RuleError, match=r"offers.yml, line \d+: offers > list > 0 > .*" + message):
        read(faulty)


def test_the_profile_says_what_is_known(shop):
    has("L3")
    with session_scope() as session:
        assert profile_of(session, ME).known("device", "L3").since < utcnow() - timedelta(days=99)
