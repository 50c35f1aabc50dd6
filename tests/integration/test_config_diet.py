"""The pipeline with TensorFlow, config.diet.yml, trains and understands."""

import asyncio

from rasa.core.agent import Agent
from rasa.model_training import train_nlu
from rasa.shared.utils.io import read_yaml_file, write_yaml

from kefu.config import ROOT
from kefu.db import migrate
from kefu.knowledge.load import load

EXAMPLES = """version: "3.1"
nlu:
- intent: greet
  examples: |
    - 你好
    - 在吗
    - 早上好
    - 您好，有人吗
    - hello
- intent: report_fault
  examples: |
    - [门锁](product_line)[打不开](symptom)了
    - [摄像头](product_line)[离线](symptom)
    - [路由器](product_line)老是[掉线](symptom)
    - [音箱](product_line)[没声音](symptom)
    - [扫地机](product_line)[不动](symptom)了
"""


def test_diet_learns_intents_beside_the_same_entities(tmp_path):
    migrate()
    load()
    config = read_yaml_file(ROOT / "config.diet.yml")
    for component in config["pipeline"]:
        if component["name"] == "DIETClassifier":
            component["epochs"] = 20  # of ten examples
    write_yaml(config, tmp_path / "config.yml")
    (tmp_path / "nlu.yml").write_text(EXAMPLES, encoding="utf-8")
    model = train_nlu(str(tmp_path / "config.yml"), str(tmp_path / "nlu.yml"), str(tmp_path), "diet")
    agent = Agent.load(model)
    parsed = asyncio.run(agent.parse_message("L3打不开了"))
    assert parsed["intent"]["name"] == "report_fault"
    assert {"product": "L3"}.items() <= {e["entity"]: e["value"] for e in parsed["entities"]}.items()
    danger = asyncio.run(agent.parse_message("谢谢，不过还在冒烟"))
    assert danger["intent"]["name"] == "report_fault"
