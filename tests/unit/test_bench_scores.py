from bench.scores import Parsed, Span, confused, entity_scores, macro_f1, score


def parsed(intent, predicted, entities=(), found=(), best=""):
    return Parsed("x", intent, predicted, best, 0.5, frozenset(entities), frozenset(found), 0.01)


def kind_of(intent):
    return "complaint" if intent == "complain" else "consult"


def test_an_intent_that_fell_back_counts_as_wrong_but_is_right_before_the_fallback():
    scores = score([parsed("greet", "nlu_fallback", best="greet"), parsed("thank", "thank")], kind_of)
    assert (scores.accuracy, scores.accuracy_before_fallback, scores.false_fallback) == (0.5, 1.0, 0.5)


def test_what_is_out_of_scope_may_be_refused_either_way():
    outside = [parsed("out_of_scope", p) for p in ("out_of_scope", "nlu_fallback", "greet", "greet")]
    scores = score(outside, kind_of)
    assert (scores.out_of_scope_recall, scores.false_fallback) == (0.5, 0.0)


def test_the_kind_is_right_when_a_like_intent_was_taken():
    scores = score([parsed("ask_price", "ask_policy"), parsed("complain", "ask_policy")], kind_of)
    assert (scores.accuracy, scores.kind_accuracy) == (0.0, 0.5)


def test_macro_f1_gives_a_rare_intent_the_weight_of_a_frequent_one():
    assert macro_f1([parsed("greet", "greet")] * 9 + [parsed("thank", "greet")]) < 0.5


def test_entities_count_exactly_and_by_overlap():
    annotated = [Span("date", 0, 4), Span("time", 4, 6)]
    found = [Span("date", 0, 2), Span("time", 4, 6), Span("city", 7, 9)]
    scores = entity_scores([parsed("inform", "inform", annotated, found)])
    assert (scores.total.right, scores.total.extra, scores.total.missed) == (1, 2, 1)
    assert (scores.relaxed.right, scores.relaxed.extra, scores.relaxed.missed) == (2, 1, 0)


def test_one_found_span_answers_for_one_annotated_span_only():
    scores = entity_scores([parsed("i", "i", [Span("date", 0, 2), Span("date", 2, 4)], [Span("date", 0, 4)])])
    assert (scores.relaxed.right, scores.relaxed.missed) == (1, 1)


def test_the_pair_mixed_up_most_often_comes_first():
    turns = [parsed("a", "b"), parsed("a", "c"), parsed("a", "c"), parsed("a", "a")]
    assert confused(turns) == [("a", "c", 2), ("a", "b", 1)]
