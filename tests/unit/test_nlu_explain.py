"""The explanation of a route: the category is the assistant's, each value has its rule."""

from datetime import datetime

import pytest

from kefu.nlu.explain import categorise, explanation
from kefu.tickets.routing import Case, route


def entity(kind, value):
    return {"entity": kind, "value": value}


@pytest.mark.usefixtures("demo")
def test_a_fault_told_with_its_product_gets_the_path_of_that_fault():
    found = [entity("product", "L3"), entity("function", "指纹开锁"), entity("symptom", "识别不了")]
    category = categorise("L3指纹识别不了", "report_fault", found)
    assert (category.line, category.function) == ("智能门锁", "指纹开锁")


@pytest.mark.usefixtures("demo")
def test_a_wish_without_anything_named_has_no_path():
    assert categorise("我要退款", "request_refund", []).line is None


def test_every_reason_is_shown_with_its_rule():
    case = Case("complaint", level="vip", text="我要投诉", at=datetime(2026, 11, 20, 2))
    decided = route(case)
    text = explanation("complain", 0.9, case, decided)
    assert all(rule in text and value in text for _, value, rule in decided.reasons)
    assert "2026-11-20 10:30" in text  # in the company's time
