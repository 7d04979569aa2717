"""Writes the golden values of Golden.java: PyTorch's losses, gradients, ten SGD steps and lane state.

usage: make_golden.py OUTPUT.safetensors     (PyTorch and safetensors; the checked-in file came from torch 2.13.0, CPU)
"""
import sys

import torch
from safetensors.torch import save_file
from torch import nn

V, H, L, B, T, STEPS, RATE, CLIP = 23, 7, 2, 3, 5, 10, 1.0, 0.5
torch.manual_seed(20140908)
torch.use_deterministic_algorithms(True)
embedding, lstm, decoder = nn.Embedding(V, H), nn.LSTM(H, H, L), nn.Linear(H, V)
named = [("embedding." + n, p) for n, p in embedding.named_parameters()]
named += [("lstm." + n, p) for n, p in lstm.named_parameters()]
named += [("decoder." + n, p) for n, p in decoder.named_parameters()]
for name, p in named:
    nn.init.uniform_(p, -0.5, 0.5)
    if "bias_hh" in name:
        nn.init.zeros_(p)
        p.requires_grad_(False)
parameters = [(n, p) for n, p in named if p.requires_grad]

golden = {"initial." + n: p.detach().clone() for n, p in parameters}
ids = torch.randint(V, (STEPS * T + 1, B))
golden["ids"] = ids.float()
state = (0.5 * torch.randn(L, B, H), 0.5 * torch.randn(L, B, H))
golden["initial.hidden"], golden["initial.cell"] = state
losses, norms = [], []
for step in range(STEPS):
    x, y = ids[step * T : step * T + T], ids[step * T + 1 : step * T + T + 1]
    output, state = lstm(embedding(x), state)
    state = tuple(s.detach() for s in state)
    nats = nn.functional.cross_entropy(decoder(output).view(-1, V), y.reshape(-1), reduction="sum")
    (nats / B).backward()  # summed over time, averaged over lanes
    if step == 0:
        golden.update({"gradient." + n: p.grad.clone() for n, p in parameters})
    norms.append(nn.utils.clip_grad_norm_([p for _, p in parameters], CLIP))
    losses.append(nats.detach())
    with torch.no_grad():
        for _, p in parameters:
            p -= RATE * p.grad
            p.grad = None
golden["losses"], golden["norms"] = torch.stack(losses), torch.stack(norms)
golden.update({"final." + n: p.detach() for n, p in parameters})
golden["final.hidden"], golden["final.cell"] = state
save_file({n: t.contiguous() for n, t in golden.items()}, sys.argv[1])
print(f"{len(golden)} tensors, losses {losses[0]:.4f} … {losses[-1]:.4f}, norms {norms[0]:.3f} … {norms[-1]:.3f}")
