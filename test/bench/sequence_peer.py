"""SASRec in PyTorch on the CPU: the same model, the same initial weights, the same batches as ours.

`python sequence_peer.py FOLDER RATE STEPS` trains; `python sequence_peer.py FOLDER serve` answers single requests.
Prints one JSON object. The softmax is taken in row chunks with its gradient formed in the same pass, attention is the
fused kernel, Adam the fused one.
"""

import json
import math
import resource
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(2)
ROWS = 512


class ChunkedSoftmax(torch.autograd.Function):
    """Mean cross-entropy of H Eᵀ, a stretch of rows at a time."""

    @staticmethod
    def forward(ctx, hidden, table, targets):
        n = len(hidden)
        d_hidden, d_table, loss = torch.empty_like(hidden), torch.zeros_like(table), 0.0
        for start in range(0, n, ROWS):
            h, y = hidden[start : start + ROWS], targets[start : start + ROWS]
            logits = h @ table.T
            lse = torch.logsumexp(logits, 1, keepdim=True)
            loss += (lse - logits.gather(1, y[:, None])).sum()
            p = logits.sub_(lse).exp_()
            p[torch.arange(len(h)), y] -= 1
            torch.mm(p, table, out=d_hidden[start : start + ROWS])
            d_table.addmm_(p.T, h)
        ctx.save_for_backward(d_hidden.div_(n), d_table.div_(n))
        return loss / n

    @staticmethod
    def backward(ctx, grad):
        d_hidden, d_table = ctx.saved_tensors
        return d_hidden * grad, d_table * grad, None


def hidden_states(w, inputs, rate, heads=2, blocks=2):
    size, length = inputs.shape
    d = w["items"].shape[1]
    norm = lambda x, name: F.layer_norm(x, (d,), w[name + "/gain"], w[name + "/bias"], 1e-6)
    x = F.dropout(w["items"][inputs] * math.sqrt(d) + w["positions"][-length:], rate)
    for b in range(blocks):
        name = f"block{b}"
        qkv = norm(x, name + "/norm1") @ w[name + "/qkv"]
        q, k, v = (part.view(size, length, heads, d // heads).transpose(1, 2) for part in qkv.split(d, 2))
        a = F.scaled_dot_product_attention(q, k, v, is_causal=True, dropout_p=rate)
        x = x + F.dropout(a.transpose(1, 2).reshape(size, length, d), rate)
        inner = F.dropout(F.relu(norm(x, name + "/norm2") @ w[name + "/inner"] + w[name + "/inner/bias"]), rate)
        x = x + F.dropout(inner @ w[name + "/outer"] + w[name + "/outer/bias"], rate)
    return norm(x, "norm")


def train(folder, weights, rate, steps):
    inputs = torch.from_numpy(np.load(folder + "/inputs.npy")).long()
    targets = torch.from_numpy(np.load(folder + "/targets.npy")).long()
    w = {name: torch.from_numpy(value).requires_grad_() for name, value in weights.items()}
    adam = torch.optim.Adam(w.values(), lr=1e-3, betas=(0.9, 0.98), fused=True)
    losses, seconds = [], []
    for step in range(steps):
        start = time.perf_counter()
        adam.zero_grad()
        hidden = hidden_states(w, inputs[step], rate).flatten(0, 1)
        loss = ChunkedSoftmax.apply(hidden, w["items"], targets[step].flatten())
        loss.backward()
        adam.step()
        losses.append(loss.item())
        seconds.append(time.perf_counter() - start)
    return {"losses": losses, "seconds": seconds}


def serve(weights):
    w = {name: torch.from_numpy(value) for name, value in weights.items()}
    n = len(w["items"])
    history = (torch.arange(50) * 7919 % n)[None]
    times = []
    with torch.inference_mode():
        for _ in range(220):
            start = time.perf_counter()
            scores = w["items"] @ hidden_states(w, history, 0.0)[0, -1]
            scores[history[0]] = -math.inf
            scores.topk(10)
            times.append(time.perf_counter() - start)
    return {"milliseconds": 1000 * sorted(times[20:])[100]}


folder, what = sys.argv[1], sys.argv[2]
weights = {name.replace("|", "/"): value for name, value in np.load(folder + "/weights.npz").items()}
cpu = time.process_time()
result = serve(weights) if what == "serve" else train(folder, weights, float(what), int(sys.argv[3]))
result["cpu"] = time.process_time() - cpu
result["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(result))
