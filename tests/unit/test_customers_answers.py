"""What customers' words mean while accounts are linked."""

import pytest

from kefu.customers import answers


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("382913", "382913"), ("验证码是 382913", "382913"), ("382 913", "382913"),
        ("３８２９１３", "382913"), ("三八二九一三", "382913"),
        ("code: 382-913 thx", "382913"), ("38291", None), ("13800138000", None),
        ("没收到", None),
    ],
)  # fmt: skip
def test_the_six_digits_are_found_wherever_they_stand(typed, code):
    assert answers.code_in(typed) == code


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("ABCD2345", "ABCD2345"), ("绑定码 abcd 2345", "ABCD2345"),
        ("DNPJ 547X", "DNPJ547X"), ("my code is K7WM-3QXZ", "K7WM3QXZ"),
        ("KEYBOARD", None), ("23456789", None), ("GD26112200070", None),
        ("我家L3门锁", None), ("R3 PRO", None),
    ],
)  # fmt: skip
def test_a_code_for_another_device_is_told_from_words_and_numbers(typed, code):
    assert answers.link_code_in(typed) == code


@pytest.mark.parametrize(
    "typed", ["没收到", "还没收到短信啊", "再发一次", "重新发", "收不到验证码", "冇收到", "send it again",
              "didn't get it"]
)  # fmt: skip
def test_another_message_is_asked_for(typed):
    assert answers.wants_resend(typed)


@pytest.mark.parametrize("typed", ["收到了", "382913", "好的", "这个手机号是我的", "L3多少钱"])
def test_another_message_is_not_read_into_other_words(typed):
    assert not answers.wants_resend(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "给我一个绑定码", "换到手机上继续", "想转到微信接着聊", "我去app里接着说", "get me a link code",
        "i want to continue on my phone", "等下我换到电脑上继续弄",
    ],
)  # fmt: skip
def test_a_code_to_go_on_elsewhere_is_asked_for(typed):
    assert answers.wants_link_code(typed)


@pytest.mark.parametrize(
    "typed", ["绑定手机号", "验证码绑定手机", "我在微信上也找过你们", "扫码绑定了没成功", "link my account"]
)
def test_a_code_to_go_on_elsewhere_is_not_read_into_other_wishes(typed):
    assert not answers.wants_link_code(typed)


@pytest.mark.parametrize("typed", ["不换了", "先不绑了", "还是不绑了吧", "不想绑定", "不解绑了"])
def test_giving_up_is_understood(typed):
    assert answers.gives_up(typed)


@pytest.mark.parametrize("typed", ["验证码不对", "不是我的号码", "收不到", "换个号码", "好的绑定"])
def test_giving_up_is_not_read_into_other_words(typed):
    assert not answers.gives_up(typed)


@pytest.mark.parametrize("typed", ["号码输错了", "换个手机号", "手机号不对", "wrong number"])
def test_another_number_is_announced(typed):
    assert answers.wants_other_phone(typed)
