"""Normal text: what is folded, and the way back to the original characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kefu.language.normalize import fold, normalize

# What people type, with everything that changes its length on the way: full width, ligatures, units,
# combining marks, zero-width signs, blanks.
TEXTS = st.text() | st.text("ＡａL３３ 　\t\n门門鎖㎡ﬁİ①é\u200b\ufe0f👍，。！", max_size=30)


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("Ｌ３　門鎖", "l3 门锁"),
        ("Wi-Fi　６，連不上！", "wi-fi 6,连不上!"),
        ("①选　②", "1选 2"),
        ("  多   个\n空白 ", "多 个 空白"),
        ("指\u200b纹\ufeff", "指纹"),
        ("“好”……", '"好"......'),
        ("", ""),
        (" \u200b ", ""),
    ],
)
def test_width_script_case_digits_and_blanks_are_folded(typed, normal):
    assert normalize(typed).text == normal


def test_a_span_of_the_normal_text_leads_back_to_the_characters_typed():
    typed = "  我的Ｌ３\u200b門鎖　打不開"
    normal = normalize(typed)
    start = normal.text.index("l3门锁")
    first, last = normal.original_span(start, start + len("l3门锁"))
    assert typed[first:last] == "Ｌ３\u200b門鎖"


@given(TEXTS)
def test_every_span_stays_inside_the_original_text(typed):
    normal = normalize(typed)
    assert len(normal.offsets) == len(normal.text) + 1
    assert list(normal.offsets) == sorted(normal.offsets)
    for index in range(len(normal.text)):
        start, end = normal.original_span(index, index + 1)
        assert 0 <= start < end <= len(typed)


@given(TEXTS)
def test_normal_text_has_no_blank_at_its_ends_nor_two_together(typed):
    text = normalize(typed).text
    assert text == text.strip(" ")
    assert "  " not in text


@given(TEXTS)
def test_folding_twice_is_folding_once(typed):
    assert fold(fold(typed)) == fold(typed)


def test_two_spellings_of_a_name_fold_to_the_same():
    assert fold("R3-Pro") == fold("ｒ３ ＰＲＯ") == fold("r3pro") == "r3pro"
    assert fold("智能門鎖") == fold("智能 门锁。") == "智能门锁"
