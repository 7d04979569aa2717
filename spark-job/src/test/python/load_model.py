"""Loads a saved model with PyTorch alone and prints the perplexity of a text, from a zero state.

usage: load_model.py MODEL.safetensors ID,ID,…     (PyTorch and safetensors)
"""
import sys

import torch
from safetensors.torch import load_file
from torch import nn

tensors = load_file(sys.argv[1])
words, hidden = tensors["embedding.weight"].shape
lstm = nn.LSTM(hidden, hidden, sum(name.startswith("lstm.weight_ih") for name in tensors))
model = nn.ModuleDict({"embedding": nn.Embedding(words, hidden), "lstm": lstm, "decoder": nn.Linear(hidden, words)})
model.load_state_dict(tensors, strict=True)

ids = torch.tensor([int(i) for i in sys.argv[2].split(",")])
with torch.no_grad():
    output, _ = model["lstm"](model["embedding"](ids[:-1]))
    loss = nn.functional.cross_entropy(model["decoder"](output).double(), ids[1:])
print(loss.exp().item())
