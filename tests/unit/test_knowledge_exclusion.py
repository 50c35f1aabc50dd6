"""Messages whose wishes or statements exclude each other, told from those that an entry may answer."""

import re

import pytest

from kefu.knowledge.exclusion import excludes_itself
from kefu.knowledge.forms import FILE


@pytest.mark.parametrize(
    "text",
    [
        "热水器关着，洗澡水得一直是烫的",
        "会员退了，课照样要给我上",
        "票不买，座位必须给我留着",
        "字幕全关掉，但每句话都得显示出来",
        "cancel the tour but keep my seat on it",
    ],
)
def test_a_demand_against_what_is_to_stay_excludes_itself(text):
    assert excludes_itself(text)


@pytest.mark.parametrize(
    "text",
    [
        "热水器关着的时候，会不会漏电",
        "会员退了，剩下的课怎么办",
        "票买好了，座位能换吗",
        "字幕太小，怎么调大",
        "带烤架、还能折叠的炉子",
        "昨天送来的，今天就打不着火了",
        "how do i wipe the disk",
    ],
)
def test_conditions_reports_and_wishes_that_go_together_do_not(text):
    assert not excludes_itself(text)


def test_an_edit_that_leaves_nothing_to_learn_from_or_takes_the_file_away_changes_nothing(tmp_path, caplog):
    book, text = tmp_path / "agreement.yml", "会员退了，课照样要给我上"
    right = FILE.read_text(encoding="utf-8")
    book.write_text(right, encoding="utf-8")
    assert excludes_itself(text, book)
    book.write_text(re.sub(r"(?m)^  plain:\n(  - .*\n)+", "  plain: []\n", right), encoding="utf-8")
    assert excludes_itself(text, book)
    assert "plain: needs at least 10 messages" in caplog.text
    book.unlink()
    assert excludes_itself(text, book)
