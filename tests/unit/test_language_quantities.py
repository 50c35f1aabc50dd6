"""Numbers with units are found as customers say and specifications write them."""

import pytest

from kefu.language.quantities import quantities


@pytest.mark.parametrize(
    ("text", "dimension", "low", "high"),
    [
        ("身高1米9", "length", 1900, 1900),
        ("半升以上", "volume", 500, 500),
        ("5ah", "charge", 5000, 5000),
        ("8-256 gb", "data", 8192, 262144),
        ("一千到两千块", "money", 1000, 2000),
        ("130平只放一台", "area", 130, 130),
        ("最大功耗 9 w", "power", 9, 9),
        ("50 公里", "length", 5e7, 5e7),
        ("四个半小时", "time", 4.5 * 3600, 4.5 * 3600),
        ("一公斤九", "mass", 1900, 1900),
        ("50块一次", "money", 50, 50),
        ("299块三年", "money", 299, 299),
        ("五百蚊", "money", 500, 500),
        ("l3零下25度还能用不", "temperature", -25, -25),
        ("两个礼拜", "time", 14 * 86400, 14 * 86400),
        ("家里七口人", "count", 7, 7),
    ],
)
def test_a_number_is_told_in_the_base_unit_of_what_it_measures(text, dimension, low, high):
    one = quantities(text)[0]
    assert (one.dimension, one.low, one.high) == (dimension, low, high)


def test_a_comma_groups_thousands_and_otherwise_separates_numbers():
    assert [one.low for one in quantities("1,299 元,分 2,4,8 期")] == [1299, 2, 4, 8]


def test_a_unit_of_several_dimensions_is_read_as_the_one_that_is_asked_for():
    card, memory = quantities("128g")[0], quantities("512兆")[0]
    assert card.measured_in("data").low == 128 * 1024
    assert memory.measured_in("data").low == 512
    assert memory.measured_in("mass") is None
