from pathlib import Path

from bench.data import lines
from bench.models import fingerprint

STOCK = "pipeline:\n- name: JiebaTokenizer\n{}policies:\n- name: {}\n"


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_reworded_comment_or_another_policy_needs_no_training(tmp_path):
    data = write(tmp_path / "nlu.yml", "nlu: []")
    first = fingerprint(write(tmp_path / "a.yml", STOCK.format("# why\n", "RulePolicy")), data)
    assert first == fingerprint(write(tmp_path / "b.yml", STOCK.format("# because\n", "TEDPolicy")), data)


def test_other_data_or_another_component_needs_training(tmp_path):
    config, data = write(tmp_path / "a.yml", STOCK.format("", "P")), write(tmp_path / "nlu.yml", "nlu: []")
    first = fingerprint(config, data)
    assert first != fingerprint(config, write(tmp_path / "other.yml", "nlu: [1]"))
    assert first != fingerprint(write(tmp_path / "b.yml", STOCK.format("- name: X\n", "P")), data)


def test_an_example_is_found_in_its_file_without_its_annotation(tmp_path):
    file = write(tmp_path / "nlu.yml", "nlu:\n- intent: greet\n  examples: |\n    - [早上](time)好\n")
    assert lines(file)["早上好"] == f"{file}:4"
