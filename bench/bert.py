"""What a BERT costs: memory and milliseconds a message, by its size, with random weights.

``python -m bench.bert``
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.report import finish, table

#: Layers, width, heads and vocabulary: that of the tests, and those of the models that docs/bert.md names.
SIZES = {"tiny": (2, 32, 2, 300), "rbt3": (3, 768, 12, 21128), "bert-base-chinese": (12, 768, 12, 21128)}
TEXT = "你好，我家的L3门锁指纹识别不了，换了电池也不行，怎么办"
MESSAGES = 30


def make(folder: Path, size: str) -> None:
    """Makes a model of a size with random weights."""
    from transformers import BertConfig, TFBertModel

    layers, width, heads, words = SIZES[size]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    signs = [*dict.fromkeys(TEXT.lower()), *map(chr, range(0x4E00, 0x4E00 + words))]
    (folder / "vocab.txt").write_text("\n".join([*special, *dict.fromkeys(signs)][:words]) + "\n", "utf-8")
    config = BertConfig(
        vocab_size=words, hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads,
        intermediate_size=4 * width,
    )  # fmt: skip
    model = TFBertModel(config)
    model(model.dummy_inputs)
    model.save_pretrained(folder)


def measure() -> None:
    """Prints how much memory the featurizer takes (MB) and how long a message (ms), for ``KEFU_BERT_DIR``."""
    from rasa.engine.graph import ExecutionContext, GraphSchema
    from rasa.shared.nlu.training_data.message import Message

    from kefu.nlu.bert import BertFeaturizer
    from kefu.nlu.tokenizer import ChineseTokenizer

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tokenizer = ChineseTokenizer(ChineseTokenizer.get_default_config())
    config = {**BertFeaturizer.get_default_config(), "alias": None}
    featurizer = BertFeaturizer(config, ExecutionContext(GraphSchema({}), node_name="bert"))
    times = []
    for _ in range(MESSAGES):
        message = Message.build(TEXT)
        tokenizer.process([message])
        start = time.perf_counter()
        featurizer.process([message])
        times.append(1000 * (time.perf_counter() - start))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{(after - before) / 1024:.0f} {median(times[3:]):.0f}")


def main() -> int:
    """Measures every size, each in a process of its own."""
    rows = []
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            here = [sys.executable, "-m", "bench.bert"]
            subprocess.run([*here, "make", folder, size], check=True, stderr=subprocess.DEVNULL)
            weights = sum(path.stat().st_size for path in Path(folder).iterdir()) / 1e6
            environ = os.environ | {"KEFU_BERT_DIR": folder}
            told = subprocess.run([*here, "measure"], check=True, env=environ, capture_output=True, text=True)
            memory, milliseconds = told.stdout.split()[-2:]
            rows.append([size, f"{weights:.0f}", memory, milliseconds])
    table(["model", "MB on disk", "MB in memory", "ms a message"], rows)
    finish("bert", [])
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["make"]:
        make(Path(sys.argv[2]), sys.argv[3])
    elif sys.argv[1:2] == ["measure"]:
        measure()
    else:
        raise SystemExit(main())
