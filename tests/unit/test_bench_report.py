import json

from bench.report import Goal, finish, table, width


def test_the_last_line_is_json_with_every_goal(capsys):
    finish("nlu", [Goal.at_least("accuracy", 0.91, 0.9), Goal.at_most("false fallback", 0.06, 0.05)])
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result == {
        "bench": "nlu",
        "goals": [
            {"name": "accuracy", "value": 0.91, "goal": 0.9, "ok": True},
            {"name": "false fallback", "value": 0.06, "goal": 0.05, "ok": False},
        ],
    }


def test_a_rival_has_to_be_beaten_not_reached():
    assert not Goal.above("hit@1", 0.5, 0.5).ok
    assert Goal.above("hit@1", 0.51, 0.5).ok


def test_columns_stand_straight_with_chinese_in_them(capsys):
    table(("", "n"), [("门锁", 1), ("lock", 2)])
    assert len({width(line) for line in capsys.readouterr().out.splitlines()}) == 1
