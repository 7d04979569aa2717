"""PyTorch's answer to PtbEval and PtbScore: reads a model that a run saved, and scores a text or documents.

usage: pytorch_score.py RUN FILE [--batch 64] [--threads N] [--onnx MODEL.onnx]

FILE.txt is one stream from a zero state: prints predictions, the sum of -ln p and the perplexity. With --onnx, ONNX
Runtime computes it from an exported file. FILE.jsonl has a document a line, its field text a sentence: prints documents
and words a second, and the sum. Sentences are sorted by length and padded, so that a batch has no more steps than needed.
"""
import argparse
import json
import math
import time

import torch
from torch import nn
from torch.nn.functional import cross_entropy

STEPS = 512  # of the stream at once; changes no result

parser = argparse.ArgumentParser()
parser.add_argument("run")
parser.add_argument("file")
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--threads", type=int, default=torch.get_num_threads())
parser.add_argument("--onnx")
args = parser.parse_args()
torch.set_num_threads(args.threads)
torch.set_grad_enabled(False)


def load(run):
    """The words' ids and the network of a saved model."""
    from safetensors.torch import load_file

    with open(f"{run}/model/vocabulary.txt", encoding="utf-8") as file:
        ids = {word: i for i, word in enumerate(file.read().split("\n")[:-1])}
    weights = load_file(f"{run}/model/model.safetensors")
    vocabulary, columns = weights["embedding.weight"].shape
    units = weights["lstm.weight_hh_l0"].shape[1]
    layers = sum(name.startswith("lstm.weight_hh") for name in weights)
    model = nn.ModuleDict(
        {
            "embedding": nn.Embedding(vocabulary, columns),
            "lstm": nn.LSTM(columns, units, layers),
            "decoder": nn.Linear(units, vocabulary),
        }
    )
    model.load_state_dict(weights)
    return ids, model.eval()


def stream(tokens, step, state):
    """The sum of -ln p of all tokens but the first."""
    nats = 0.0
    for begin in range(0, len(tokens) - 1, STEPS):
        targets = torch.tensor(tokens[begin + 1 : begin + 1 + STEPS])
        inputs = torch.tensor(tokens[begin : begin + len(targets)])
        log_p, state = step(inputs[:, None], state)
        nats -= log_p[:, 0].double().gather(1, targets[:, None]).sum().item()
    return nats


def in_pytorch(model):
    def step(inputs, state):
        hidden, state = model["lstm"](model["embedding"](inputs), state)
        return model["decoder"](hidden).log_softmax(-1), state

    return step, None


def in_onnx_runtime(path):
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    shape = {i.name: i.shape for i in session.get_inputs()}["h"]
    zeros = torch.zeros(shape[0], 1, shape[2]).numpy()

    def step(inputs, state):
        log_p, h, c = session.run(
            ["log_probabilities", "h_out", "c_out"], {"ids": inputs.numpy(), "h": state[0], "c": state[1]}
        )
        return torch.from_numpy(log_p), (h, c)

    return step, (zeros, zeros)


def score(sentences, model, end):
    """The sum of -ln p of sentences, each from a fresh state that has read the end of a sentence."""
    nats = 0.0
    for begin in range(0, len(sentences), args.batch):
        batch = [torch.tensor(sentence) for sentence in sentences[begin : begin + args.batch]]
        targets = nn.utils.rnn.pad_sequence(batch, padding_value=-100)
        inputs = torch.cat([torch.full((1, len(batch)), end), targets[:-1].clamp(min=0)])
        hidden, _ = model["lstm"](model["embedding"](inputs))
        logits = model["decoder"](hidden).flatten(0, 1)
        nats += cross_entropy(logits, targets.flatten(), ignore_index=-100, reduction="sum").item()
    return nats


ids, model = load(args.run)
end, unknown = ids["<eos>"], ids.get("<unk>")
with open(args.file, encoding="utf-8") as lines:
    if args.file.endswith(".jsonl"):
        texts = [json.loads(line)["text"] for line in lines]
        began = time.perf_counter()
        sentences = [[ids.get(word, unknown) for word in text.split()] + [end] for text in texts]
        sentences.sort(key=len)
        nats = score(sentences, model, end)
        seconds = time.perf_counter() - began
        words = sum(map(len, sentences)) - len(sentences)
        print(f"{len(sentences) / seconds:,.0f} documents, {words / seconds:,.0f} words a second; nats {nats:.4f}")
    else:
        tokens = [ids.get(word, unknown) for line in lines for word in line.split() + ["<eos>"]]
        nats = stream(tokens, *(in_onnx_runtime(args.onnx) if args.onnx else in_pytorch(model)))
        count = len(tokens) - 1
        print(f"{count} predictions, nats {nats:.4f}, perplexity {math.exp(nats / count):.4f}")
