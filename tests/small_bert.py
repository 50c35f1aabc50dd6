"""A BERT in ONNX form as PyTorch exports it: a small one, written step by step."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

#: One layer of one head.
KNOWN = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"门锁没电了换池怎"]
WORDS, WIDTH, INNER = len(KNOWN), 64, 128


class Steps:
    """Nodes and arrays of a graph."""

    def __init__(self, seed):
        self.nodes, self.arrays, self.drawn = [], {}, np.random.default_rng(seed)

    def add(self, kind, *inputs, name="", **attributes):
        made = f"out{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [made], name=name, **attributes))
        return made

    def array(self, name, *shape, value=None):
        value = self.drawn.normal(scale=0.1, size=shape).astype(np.float32) if value is None else value
        self.arrays[name] = np.asarray(value)
        return name

    def dense(self, x, path, before, after):
        weights = self.array(f"onnx::MatMul_{len(self.nodes)}", before, after)
        product = self.add("MatMul", x, weights, name=f"/{path.replace('.', '/')}/MatMul")
        return self.add("Add", self.array(f"{path}.bias", after), product)

    def norm(self, x, path):
        scale, shift = self.array(f"{path}.weight", WIDTH), self.array(f"{path}.bias", WIDTH)
        return self.add("LayerNormalization", x, scale, shift, epsilon=1e-12)


def bert(steps):
    layer = "encoder.layer.0"
    words = steps.add("Gather", steps.array("embeddings.word_embeddings.weight", WORDS, WIDTH), "input_ids")
    types = steps.array("embeddings.token_type_embeddings.weight", 2, WIDTH)
    length = steps.add("Gather", steps.add("Shape", "input_ids"), steps.array("one", value=np.array([1])))
    places = steps.add(
        "Slice", steps.array("embeddings.position_embeddings.weight", 512, WIDTH),
        steps.array("zero", value=np.array([0])), length,
    )  # fmt: skip
    x = steps.add("Add", words, steps.add("Gather", types, "token_type_ids"))
    x = steps.norm(steps.add("Add", x, places), "embeddings.LayerNorm")
    query, key, value = (
        steps.dense(x, f"{layer}.attention.self.{name}", WIDTH, WIDTH) for name in ("query", "key", "value")
    )
    scores = steps.add("MatMul", query, steps.add("Transpose", key, perm=[0, 2, 1]))
    scores = steps.add("Div", scores, steps.array("root", value=np.float32(np.sqrt(WIDTH))))
    kept = steps.add("Cast", "attention_mask", to=TensorProto.FLOAT)
    closed = steps.add("Sub", kept, steps.array("open", value=np.float32(1)))
    closed = steps.add("Mul", closed, steps.array("far", value=np.float32(1e6)))
    scores = steps.add("Add", scores, steps.add("Unsqueeze", closed, steps.array("row", value=np.array([1]))))
    seen = steps.add("MatMul", steps.add("Softmax", scores, axis=-1), value)
    seen = steps.dense(seen, f"{layer}.attention.output.dense", WIDTH, WIDTH)
    x = steps.norm(steps.add("Add", seen, x), f"{layer}.attention.output.LayerNorm")
    inner = steps.dense(x, f"{layer}.intermediate.dense", WIDTH, INNER)
    share = steps.add("Erf", steps.add("Div", inner, steps.array("root2", value=np.float32(np.sqrt(2)))))
    share = steps.add("Add", share, steps.array("ones", value=np.float32(1)))
    inner = steps.add("Mul", inner, steps.add("Mul", share, steps.array("half", value=np.float32(0.5))))
    outer = steps.dense(inner, f"{layer}.output.dense", INNER, WIDTH)
    return steps.norm(steps.add("Add", outer, x), f"{layer}.output.LayerNorm")


def write(folder, seed=3):
    """Writes ``model.onnx`` and ``tokenizer.json``."""
    steps = Steps(seed)
    last = bert(steps)
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "pieces"])
        for name in ("input_ids", "attention_mask", "token_type_ids")
    ]
    output = helper.make_tensor_value_info(last, TensorProto.FLOAT, ["texts", "pieces", WIDTH])
    arrays = [numpy_helper.from_array(array, name) for name, array in steps.arrays.items()]
    graph = helper.make_graph(steps.nodes, "bert", inputs, [output], arrays)
    folder.mkdir(parents=True, exist_ok=True)
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), folder / "model.onnx")
    cut = Tokenizer(models.WordPiece({word: i for i, word in enumerate(KNOWN)}, unk_token="[UNK]"))
    cut.normalizer = normalizers.BertNormalizer()
    cut.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    cut.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    cut.save(str(folder / "tokenizer.json"))
    return folder
