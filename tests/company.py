"""A small company for the tests: one line with two products, a fault, policies, questions, a manual."""

from __future__ import annotations

import shutil
from pathlib import Path
from textwrap import dedent

from kefu.config import ROOT
from kefu.knowledge import files
from kefu.knowledge.graph import Fact, Graph
from kefu.knowledge.items import flatten
from kefu.knowledge.references import Entries
from kefu.knowledge.rows import Rows, Words

LINE = """
    product_line:
      name: 智能灯
      english: Smart lights
      aliases: [灯, 灯泡, smart light]
    products:
    - name: D1
      aliases: [一号灯]
      title: 晨光 D1 智能灯
      summary: 卧室用的调光灯。
      price: 99 元
      specs:
        功率: 9 W
    - name: D2 Max
      aliases: [二号灯, D2]
      title: 晨光 D2 Max 智能灯
      summary: 客厅用的彩色灯。
      price: 199 元
    functions:
    - name: 定时开关
      english: Timer
      aliases: [定时, 倒计时]
      products: [D1, D2 Max]
      summary: 到点自动开灯或关灯。
      how_to:
      - 打开 App，点“定时”。
      - 选好时间，点“保存”。
    faults:
    - name: 灯不亮
      function: 定时开关
      products: [D1]
      problem_type: 无法启动
      urgency: high
      error_codes: [E01]
      symptoms: [不亮, 点不着]
      safety: 先关掉开关。
      causes:
      - cause: 没有通电
        solution: 接通电源
        steps:
        - 打开墙上的开关。
      - cause: 灯泡没拧紧
        solution: 拧紧
        steps:
        - 关掉开关，拧紧灯泡。
        - 再打开开关。
"""
POLICIES = """
    policies:
    - name: 灯具保修
      english: Light warranty
      topics: [保修, 质保]
      applies_to: [智能灯]
      questions: [灯保修几年]
      answer: 整灯保修 2 年。
    - name: 春季满减
      topics: [满减]
      questions: [现在有什么优惠]
      answer: 春季满 200 元减 30 元。
      valid_from: 2020-03-01
      valid_until: 2020-05-31
"""
FAQ = """
    faq:
    - question: 灯能用几年？
      also: [灯泡寿命多长]
      products: [D1]
      answer: 每天开 5 小时，大约能用 10 年。
"""
MANUAL = """
    # 晨光 D2 Max 使用手册
    ## 安装
    ### 吸顶安装
    先断电，再把底座用两颗螺丝固定在天花板上。
"""


def write_company(folder: Path) -> None:
    """Writes the company's knowledge folder."""
    for name, text in {
        "light.yml": LINE,
        "policies.yml": POLICIES,
        "faq/light.yml": FAQ,
        "manuals/D2-Max.md": MANUAL,
    }.items():
        write(folder / name, text)
    shutil.copyfile(ROOT / "data" / "knowledge" / "categories.yml", folder / "categories.yml")


def write(path: Path, text: str) -> None:
    """Writes ``text`` without the indentation that it has in a test."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text).lstrip(), encoding="utf-8")


def edit(path: Path, old: str, new: str) -> None:
    """Replaces ``old``, which must stand there, in a file."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} holds no {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def graph_of(folder: Path) -> Graph:
    """The graph of a knowledge folder, without a database."""
    knowledge, rows = files.read(folder), Rows()
    items = flatten(knowledge)
    world = Entries(items)
    words = Words(knowledge.price_label, knowledge.price_questions, knowledge.range_questions)
    for item in items.values():
        rows.add(item, world, words)
    facts = [
        Fact(
            f"{kind}:{key}", kind, row["name"], row["english"], row["body"], row["data"], row["source"],
            tuple(rows.names[kind, key]),
        )
        for (kind, key), row in rows.nodes.items()
    ]  # fmt: skip
    edges = sorted(rows.edges, key=lambda edge: edge[3])
    refs = {node: ":".join(node) for node in rows.nodes}
    return Graph(facts, [(refs[source], relation, refs[target]) for source, relation, target, _ in edges])
