"""`make bench-recommend` on files of all kinds."""

import json
import subprocess
import sys

import numpy as np
import pytest

from bench.recommend import read

NONE = {"customer": None, "item": None, "time": None}


def run(path, *options):
    done = subprocess.run(
        [sys.executable, "-m", "bench.recommend", str(path), *options],
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done


def goals(done):
    return {goal["name"]: goal for goal in json.loads(done.stdout.splitlines()[-1])["goals"]}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("user_id,item_id,rating,timestamp\n7,a,5,100\n7,b,4,200\n9,a,1,300\n", NONE),
        ("CustomerID;StockCode;Date\n7;a;12/1/2010 8:26\n7;b;12/1/2010 8:28\n9;a;12/2/2010 9:0\n", NONE),
        ("who\twhat\twhen\n7\ta\t2020-01-01\n7\tb\t2020-01-02\n9\ta\t2020-01-03 10:00\n",
         {"customer": "who", "item": "what", "time": "when"}),
        ("customer,item,time\n7,a,1\n7,b,2\n,c,3\n9,a,4\n", NONE),
    ],
)  # fmt: skip
def test_files_of_many_kinds_are_read(tmp_path, text, names):
    path = tmp_path / "data.csv"
    path.write_text(text, encoding="utf-8")
    found, items = read(path, names)
    assert (found.users.tolist(), found.items.tolist()) == ([0, 0, 1], [0, 1, 0])
    assert items == ["a", "b"]
    assert np.all(np.diff(found.times) > 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "no column for the customer; its header has a, b. Say --customer NAME"),
        ("user,item,time\n1,2,soon\n", "data.csv, line 2: 'soon' is no time"),
        ("user,item,time\n", "data.csv: has no rows"),
    ],
)
def test_a_file_that_can_not_be_read_is_refused_with_the_reason(tmp_path, text, message):
    path = tmp_path / "data.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit, match=message):
        read(path, NONE)


def test_repeats_single_purchases_and_newcomers_are_all_measured(tmp_path):
    chance = np.random.default_rng(4)
    rows = ["customer,item,time"]
    for customer in range(150):
        begins = chance.integers(0, 80)
        for _ in range(1 if customer % 3 == 0 else 12):
            item = customer % 10 * 4 + chance.integers(0, 4)
            rows.append(f"{customer},{item},{begins + chance.integers(0, 20)}")
    path = tmp_path / "data.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    done = run(path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "repeats count" in done.stdout
    assert "cold start" in done.stdout
    assert all(goal["ok"] for goal in goals(done).values())
