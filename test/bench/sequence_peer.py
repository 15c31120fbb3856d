"""SASRec in PyTorch on the CPU: the same model, the same initial weights, the same batches as ours.

`python sequence_peer.py FOLDER RATE STEPS` trains; `python sequence_peer.py FOLDER serve` answers single requests;
`python sequence_peer.py FOLDER converge OPTIONS` trains on FOLDER/split.npz until the validation NDCG stops rising, with
batches and initial weights of its own, and ranks the test targets. Prints one JSON object. The softmax is taken in row
chunks with its gradient formed in the same pass, attention is the fused kernel, Adam the fused one.
"""

import json
import math
import os
import resource
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(min(2, len(os.sched_getaffinity(0))))
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


def hidden_states(w, inputs, rate, heads=2, blocks=2, padding=None):
    size, length = inputs.shape
    mask = None
    if padding is not None:
        at = torch.arange(length)
        # A padded query sees itself alone, so that nothing is NaN; no key of the padding is seen by any other.
        mask = (at <= at[:, None]) & (at >= padding[:, None, None]) | torch.eye(length, dtype=torch.bool)
        mask = mask[:, None]
    d = w["items"].shape[1]
    norm = lambda x, name: F.layer_norm(x, (d,), w[name + "/gain"], w[name + "/bias"], 1e-6)
    x = F.dropout(w["items"][inputs] * math.sqrt(d) + w["positions"][-length:], rate)
    for b in range(blocks):
        name = f"block{b}"
        qkv = norm(x, name + "/norm1") @ w[name + "/qkv"]
        q, k, v = (part.view(size, length, heads, d // heads).transpose(1, 2) for part in qkv.split(d, 2))
        a = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None, dropout_p=rate)
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
        for _ in range(1050):
            start = time.perf_counter()
            scores = w["items"] @ hidden_states(w, history, 0.0)[0, -1]
            scores[history[0]] = -math.inf
            scores.topk(10)
            times.append(time.perf_counter() - start)
    times = sorted(times[50:])
    return {"milliseconds": 1000 * times[len(times) // 2], "p99": 1000 * times[int(0.99 * len(times))]}


def initial_weights(tracks, d, window, blocks):
    """Embeddings and positions normal with 0.02, matrices with 1 / sqrt(d), gains 1, biases 0: as ours."""
    normal = lambda spread, *shape: torch.randn(*shape) * spread
    w = {"items": normal(0.02, tracks, d), "positions": normal(0.02, window, d)}
    for name in [f"block{b}/norm{i}" for b in range(blocks) for i in (1, 2)] + ["norm"]:
        w[name + "/gain"], w[name + "/bias"] = torch.ones(d), torch.zeros(d)
    for b in range(blocks):
        w[f"block{b}/qkv"] = normal(d**-0.5, d, 3 * d)
        for part in ("inner", "outer"):
            w[f"block{b}/{part}"], w[f"block{b}/{part}/bias"] = normal(d**-0.5, d, d), torch.zeros(d)
    return {name: value.requires_grad_() for name, value in w.items()}


def epoch(rng, windows, size):
    """Batches of windows (start, length) in random order, those of like length together within every 16."""
    order = rng.permutation(len(windows))
    batches = []
    for start in range(0, len(order), 16 * size):
        pool = order[start : start + 16 * size]
        pool = pool[np.argsort(windows[pool, 1], kind="stable")]
        batches += [windows[pool[i : i + size]] for i in range(0, len(pool), size)]
    rng.shuffle(batches)
    return batches


def padded(tracks, ends, lengths):
    """Runs of tracks that end before `ends`, padded on the left."""
    longest = int(lengths.max())
    at = ends[:, None] - longest + np.arange(longest)
    padding = longest - lengths
    real = np.arange(longest) >= padding[:, None]
    return torch.from_numpy(np.where(real, tracks[np.maximum(at, 0)], 0)), torch.from_numpy(padding), at, real


def target_ranks(w, tracks, offsets, back, o):
    """Rank of the target `back` tracks before each end among all tracks but the history; ties count half."""
    ranks = []
    with torch.inference_mode():
        for start in range(0, len(offsets) - 1, 256):
            rows = range(start, min(start + 256, len(offsets) - 1))
            ends = offsets[rows.start + 1 : rows.stop + 1] - back
            lengths = np.minimum(ends - offsets[rows.start : rows.stop], o["window"])
            inputs, padding, _, _ = padded(tracks, ends, lengths)
            hidden = hidden_states(w, inputs, 0.0, o["heads"], o["blocks"], padding)[:, -1]
            scores = hidden @ w["items"].T
            own = scores.gather(1, torch.from_numpy(tracks[ends])[:, None]).clone()
            for i, p in enumerate(rows):
                scores[i, tracks[offsets[p] : ends[i]]] = -math.inf
            ranks.append(1 + (scores > own).sum(1) + ((scores == own).sum(1) - 1) / 2)
    return torch.cat(ranks).numpy()


def converge(folder, o):
    torch.manual_seed(o["seed"])
    rng = np.random.default_rng(o["seed"])
    split = np.load(folder + "/split.npz")
    tracks, offsets = split["tracks"].astype(np.int64), split["offsets"].astype(np.int64)
    windows = []
    for first, last in zip(offsets[:-1], offsets[1:] - 3):  # the last track of the training part is only a target
        for end in range(last, first, -o["window"]):
            start = max(first, end - o["window"])
            windows.append((start, end - start))
    windows = np.array(windows)
    w = initial_weights(o["tracks"], o["dimensions"], o["window"], o["blocks"])
    adam = torch.optim.Adam(w.values(), lr=o["learningRate"], betas=(0.9, 0.98), fused=True)
    best, best_step, best_weights, since, step, seconds = -1.0, 0, None, 0, 0, 0.0
    while since < o["patience"] and step < o["maximumSteps"]:
        for batch in epoch(rng, windows, o["batchSize"]):
            began = time.perf_counter()
            inputs, padding, at, real = padded(tracks, batch[:, 0] + batch[:, 1], batch[:, 1])
            adam.zero_grad()
            hidden = hidden_states(w, inputs, o["dropout"], o["heads"], o["blocks"], padding)
            targets = torch.from_numpy(tracks[at[real] + 1])
            loss = ChunkedSoftmax.apply(hidden[torch.from_numpy(real)], w["items"], targets)
            loss.backward()
            adam.step()
            step += 1
            seconds += time.perf_counter() - began
            if step % o["evaluateEvery"] == 0 or step == o["maximumSteps"]:
                ranks = target_ranks(w, tracks, offsets, 2, o)
                ndcg = float(np.mean(np.where(ranks <= 10, 1 / np.log2(ranks + 1), 0)))
                print(f"step {step}: validation NDCG@10 {ndcg:.4f}", file=sys.stderr, flush=True)
                since += 1
                if ndcg > best:
                    best, best_step, since = ndcg, step, 0
                    best_weights = {name: value.detach().clone() for name, value in w.items()}
                if since == o["patience"] or step == o["maximumSteps"]:
                    break
    ranks = target_ranks(best_weights, tracks, offsets, 1, o)
    return {"ranks": ranks.tolist(), "steps": step, "bestStep": best_step, "seconds": [seconds]}


def initial(folder):
    return {name.replace("|", "/"): value for name, value in np.load(folder + "/weights.npz").items()}


folder, what = sys.argv[1], sys.argv[2]
cpu = time.process_time()
if what == "converge":
    result = converge(folder, json.loads(sys.argv[3]))
elif what == "serve":
    result = serve(initial(folder))
else:
    result = train(folder, initial(folder), float(what), int(sys.argv[3]))
result["cpu"] = time.process_time() - cpu
result["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(result))
