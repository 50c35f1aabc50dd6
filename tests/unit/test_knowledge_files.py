"""Reading the knowledge folder: a good one, and every kind of bad input, named by file and field."""

import pytest

from kefu.knowledge.files import KnowledgeError, fingerprint, read
from tests.company import edit, write, write_company

FAN = """
    product_line:
      name: 风扇
    products:
    - name: F1
      title: 清风 F1
      summary: 落地扇。
      price: 299 元
"""


@pytest.fixture
def folder(tmp_path):
    write_company(tmp_path)
    return tmp_path


def test_a_good_folder_is_read_whole(folder):
    knowledge = read(folder)
    assert [product.name for content, _ in knowledge.lines for product in content.products] == [
        "D1",
        "D2 Max",
    ]
    assert [policy.name for policy, _ in knowledge.policies] == ["灯具保修", "春季满减"]
    assert [(faq.question, source) for faq, source in knowledge.faq] == [("灯能用几年？", "faq/light.yml")]
    assert [(p.manual, p.title) for p, _ in knowledge.passages] == [("D2-Max", "安装 / 吸顶安装")]
    assert "无法启动" in knowledge.problem_types


@pytest.mark.parametrize(
    ("name", "old", "new", "named"),
    [
        ("light.yml", "price: 99 元", "cost: 99 元", ["light.yml", "products", "D1", "price", "required"]),
        (
            "light.yml",
            "summary: 卧室用的调光灯。",
            "summary: 卧室灯\n  colour: 白",
            ["light.yml", "D1", "colour"],
        ),
        ("light.yml", "urgency: high", "urgency: soon", ["light.yml", "灯不亮", "urgency", "critical, high"]),
        (
            "light.yml",
            "problem_type: 无法启动",
            "problem_type: 不灵",
            ["light.yml", "灯不亮", "problem_type", "不灵"],
        ),
        (
            "light.yml",
            "products: [D1]",
            "products: [D9]",
            ["light.yml", "灯不亮", "products", "D9 is not defined"],
        ),
        ("light.yml", "function: 定时开关", "function: 变色", ["light.yml", "灯不亮", "变色 is not defined"]),
        ("light.yml", "- name: D2 Max", "- name: D1", ["light.yml", "products", "D1 stands twice"]),
        ("light.yml", "name: 智能灯", f"name: {'灯' * 65}", ["light.yml", "product_line", "name", "64"]),
        ("light.yml", "一号灯", "灯" * 161, ["light.yml", "D1", "aliases", "160"]),
        ("light.yml", "- name: 灯不亮", f"- name: {'灯' * 161}", ["light.yml", "faults", "name", "160"]),
        ("light.yml", "功率:", f"{'功' * 65}:", ["light.yml", "D1", "specs", "64"]),
        ("light.yml", "没有通电", "没" * 256, ["light.yml", "灯不亮", "causes", "cause", "255"]),
        ("light.yml", "点不着", "点" * 161, ["light.yml", "灯不亮", "symptoms", "160"]),
        ("policies.yml", "春季满减", "春" * 161, ["policies.yml", "policies", "name", "160"]),
        ("faq/light.yml", "灯能用几年？", "灯" * 256, ["faq/light.yml", "faq", "question", "255"]),
        ("manuals/D2-Max.md", "## 安装", f"## {'安' * 160}", ["manuals/D2-Max.md", "160", "安安安"]),
        ("light.yml", "[二号灯, D2]", "[一号 灯]", ["light.yml", "products", "一号 灯", "D1", "D2 Max"]),
        (
            "light.yml",
            "  summary: 到点自动",
            "  summary: 亮度\n- name: 调光\n  aliases: [倒计时]\n  products: [D1]\n  summary: 到点自动",
            ["light.yml", "functions", "倒计时", "定时开关", "调光"],
        ),
        ("categories.yml", "    resolved: {", "    solved: {", ["categories.yml", "statuses", "solved"]),
        ("categories.yml", "    low: {", "    slow: {", ["categories.yml", "urgencies", "slow"]),
        (
            "categories.yml",
            "    faq: {zh: 常见问题, en: FAQ}\n",
            "",
            ["categories.yml", "sources", "faq is missing"],
        ),
        (
            "categories.yml",
            "  complaint: [complain]",
            "  anger: [complain]",
            ["categories.yml", "kinds", "anger"],
        ),
        (
            "categories.yml",
            "  使用方法: [ask_how_to]",
            "  用法: [ask_how_to]",
            ["categories.yml", "problem_types_of_intents", "用法"],
        ),
        ("categories.yml", "safety: smoke", "safety: fog", ["categories.yml", "safety", "utter_safety_fog"]),
        ("light.yml", "symptoms: [不亮, 点不着]", "symptoms: []", ["light.yml", "灯不亮", "symptoms"]),
        ("light.yml", "    steps:\n    - 打开墙上的开关。\n", "", ["light.yml", "灯不亮", "causes", "steps"]),
        ("light.yml", "  name: 智能灯", "  name: [智能灯", ["light.yml, line "]),
        ("policies.yml", "answer: 整灯保修 2 年。", "answers: 2", ["policies.yml", "灯具保修", "answer"]),
        (
            "policies.yml",
            "[智能灯]",
            "[智能锁]",
            ["policies.yml", "灯具保修", "applies_to", "智能锁 is not defined"],
        ),
        ("policies.yml", "2020-05-31", "2020-13-31", ["policies.yml", "month"]),
        ("policies.yml", "2020-05-31", "soon", ["policies.yml", "春季满减", "valid_until"]),
        (
            "policies.yml",
            "- name: 春季满减",
            "- name: 灯具保修",
            ["policies.yml", "name", "灯具保修 stands twice"],
        ),
        (
            "faq/light.yml",
            "products: [D1]",
            "products: [L9]",
            ["faq/light.yml", "灯能用几年？", "L9 is not defined"],
        ),
        ("faq/light.yml", "products: [D1]", "line: 门锁", ["faq/light.yml", "灯能用几年？", "line", "门锁"]),
        (
            "faq/light.yml",
            "products: [D1]",
            "function: 变色",
            ["faq/light.yml", "灯能用几年？", "function", "变色"],
        ),
        (
            "faq/light.yml",
            "faq:",
            "questions:",
            ["faq/light.yml", "product_line, policies, faq or problem_types"],
        ),
        ("manuals/D2-Max.md", "#", "", ["manuals/D2-Max.md", "no heading"]),
    ],
)
def test_bad_input_is_refused_with_the_file_and_the_field(folder, name, old, new, named):
    path = folder / name
    if path.suffix == ".md":
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    else:
        edit(path, old, new)
    with pytest.raises(KnowledgeError) as refusal:
        read(folder)
    assert all(part in str(refusal.value) for part in named), str(refusal.value)


@pytest.mark.parametrize(
    ("name", "text"), [("light.yml", ""), ("light.yml", "- D1\n- D2\n"), ("policies.yml", "a word")]
)
def test_a_file_without_fields_is_refused_by_name(folder, name, text):
    write(folder / name, text)
    with pytest.raises(KnowledgeError, match=f"{name}: is empty or not a mapping"):
        read(folder)


@pytest.mark.parametrize("name", ["light.yml", "manuals/D2-Max.md"])
def test_a_file_in_another_encoding_is_refused_by_name(folder, name):
    (folder / name).write_bytes("# 智能灯".encode("gb18030"))
    with pytest.raises(KnowledgeError, match=name):
        read(folder)


def test_a_file_with_a_control_character_is_refused_by_name(folder):
    edit(folder / "light.yml", "卧室", "卧\x08室")
    with pytest.raises(KnowledgeError, match=r"light\.yml: .*control characters"):
        read(folder)


def test_a_name_that_stands_twice_in_one_mapping_is_refused_by_line(folder):
    edit(folder / "light.yml", "  price: 99 元\n", "  price: 99 元\n  price: 98 元\n")
    with pytest.raises(KnowledgeError, match=r"light\.yml, line \d+"):
        read(folder)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(KnowledgeError, match="no such folder"):
        read(tmp_path / "nowhere")


def test_the_fingerprint_changes_with_a_files_content_and_name_only(folder):
    before = fingerprint(folder)
    (folder / "notes.txt").write_text("not a fact")
    assert fingerprint(folder) == before
    (folder / "light.yml").rename(folder / "lamp.yml")
    renamed = fingerprint(folder)
    edit(folder / "lamp.yml", "99 元", "89 元")
    assert len({before, renamed, fingerprint(folder)}) == 3


def test_a_manual_is_cut_at_its_headings_and_keeps_the_titles_above(folder):
    write(folder / "manuals" / "D1.md", "# D1 手册\n前言。\n## 安装\n### 吊装\n用绳。\n## 维护\n擦灰。\n")
    passages = [(p.title, p.text) for p, _ in read(folder).passages if p.manual == "D1"]
    assert passages == [("D1 手册", "前言。"), ("安装 / 吊装", "用绳。"), ("维护", "擦灰。")]


def test_an_alias_of_two_products_in_different_files_is_refused_by_both(folder):
    lock = (folder / "light.yml").read_text(encoding="utf-8")
    for old, new in (("智能灯", "智能锁"), ("灯, 灯泡, smart light", "锁"), ("Smart lights", "Locks")):
        lock = lock.replace(old, new)
    for old, new in (("D1", "L1"), ("D2", "L2"), ("晨光", "暮光")):
        lock = lock.replace(old, new)
    (folder / "lock.yml").write_text(lock, encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"^lock\.yml: products: 一号灯 names both D1 and L1$"):
        read(folder)


def test_a_function_of_another_line_is_refused_in_a_question(folder):
    write(folder / "fan.yml", FAN)
    edit(folder / "faq" / "light.yml", "products: [D1]", "products: [F1]\n  function: 定时开关")
    with pytest.raises(KnowledgeError, match="灯能用几年？ > function: 定时开关 is not defined"):
        read(folder)
