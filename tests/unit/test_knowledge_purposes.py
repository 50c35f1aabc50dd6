"""What a question asks for, told by how it is put."""

import pytest

from kefu.knowledge.purposes import FILE, chances


@pytest.mark.parametrize(
    ("marked", "purpose"),
    [
        ("爷爷手抖,找一辆起步慢的L,N以内,哪台合适", "products"),
        ("P的F能在雪地里用吗", "yes"),
        ("P装满水有多重", "value"),
        ("P和P在F上有什么不一样", "differs"),
        ("寄回去修,来回邮费算谁的,几天能好", "policy"),
        ("我那辆还在保修期内吗", "ask"),
        ("阿姨晚来一小时,走时还让我另给她N,这两样你们咋处理", "policy"),
        ("店面搬走,旧招牌拆了装到新店,总共得收多少", "policy"),
        ("夜里老听不见娃哭,要个一哭就喊我、N以内的L", "products"),
        ("P一开机就闪红灯怎么办", "other"),
    ],
)
def test_what_is_asked_for_is_told_of_any_trade(marked, purpose):
    found = chances(marked)
    assert max(found, key=found.get) == purpose
    assert sum(found.values()) == pytest.approx(1)


def test_an_edit_that_leaves_out_a_purpose_or_takes_the_file_away_changes_nothing(tmp_path, caplog):
    book, right = tmp_path / "asking.yml", FILE.read_text(encoding="utf-8")
    book.write_text(right, encoding="utf-8")
    before = chances("P多重", book)
    book.write_text(right.replace("  value:", "  values:"), encoding="utf-8")
    assert chances("P多重", book) == before
    assert "is missing or unknown" in caplog.text
    book.unlink()
    assert chances("P多重", book) == before
