"""Greedy NMS of identities as one would write it in Python, for `cargo xtask bench nms`.

    nms.py DATA METHOD COUNT THRESHOLD THREADS LIMIT

DATA holds what the benchmark drew: `candidates.f32` [*, 512], `order.u32`, `real.f32` [M, 512], all raw and little-endian, of unit
rows. METHOD is numpy, torch, faiss or peak. Prints one JSON object: seconds, kept (how many), done (how many candidates were decided
on before LIMIT seconds were over), peak (bytes of the process at most), and writes the kept ones' indices to DATA/METHOD.kept.

Each decides only. None finds out the most similar identity or gives a reason, which is more work: so the loops may leave a candidate
as soon as anything blocks it, and they do. Candidates are taken in blocks; those that pass the real identities are compared with what
is selected so far, in chunks, without those that a chunk has blocked already; then within the block.
"""

import json
import resource
import sys
import time
from pathlib import Path

DATA, METHOD, COUNT, THRESHOLD, THREADS, LIMIT = sys.argv[1:]
COUNT, THRESHOLD, THREADS, LIMIT = int(COUNT), float(THRESHOLD), int(THREADS), float(LIMIT)
DIM, BLOCK, CHUNK = 512, 1024, 16384

import numpy as np


def load(name, dtype, shape):
    return np.fromfile(Path(DATA) / name, dtype=dtype, count=int(np.prod(shape))).reshape(shape)


def within(gram, threshold):
    """Which of a block stay, of those that nothing before the block blocks: the loop over rows that greedy needs."""
    alive = np.ones(len(gram), dtype=bool)
    close = gram > threshold
    for i in range(len(gram)):
        if alive[i]:
            alive[i + 1 :] &= ~close[i, i + 1 :]
    return alive


class Numpy:
    def __init__(self, real):
        self.real = np.ascontiguousarray(real.T)
        self.selected, self.count = np.empty((COUNT, DIM), dtype=np.float32), 0

    def against_real(self, block):
        return (block @ self.real).max(axis=1) <= THRESHOLD

    def against_selected(self, block):
        alive = np.arange(len(block))
        for start in range(0, self.count, CHUNK):
            if len(alive) == 0:
                break
            chunk = self.selected[start : min(start + CHUNK, self.count)]
            alive = alive[(block[alive] @ chunk.T).max(axis=1) <= THRESHOLD]
        return alive

    def gram(self, block):
        return block @ block.T

    def add(self, block):
        self.selected[self.count : self.count + len(block)] = block
        self.count += len(block)


class Torch:
    def __init__(self, real):
        import torch

        torch.set_num_threads(THREADS)
        self.torch = torch
        self.real = torch.from_numpy(real)
        self.selected, self.count = torch.empty((COUNT, DIM)), 0

    def against_real(self, block):
        with self.torch.inference_mode():
            return ((self.torch.from_numpy(block) @ self.real.T).amax(dim=1) <= THRESHOLD).numpy()

    def against_selected(self, block):
        with self.torch.inference_mode():
            rows, alive = self.torch.from_numpy(block), self.torch.arange(len(block))
            for start in range(0, self.count, CHUNK):
                if len(alive) == 0:
                    break
                chunk = self.selected[start : min(start + CHUNK, self.count)]
                alive = alive[(rows[alive] @ chunk.T).amax(dim=1) <= THRESHOLD]
            return alive.numpy()

    def gram(self, block):
        rows = self.torch.from_numpy(block)
        return (rows @ rows.T).numpy()

    def add(self, block):
        self.selected[self.count : self.count + len(block)] = self.torch.from_numpy(block)
        self.count += len(block)


class Faiss:
    def __init__(self, real):
        import faiss

        faiss.omp_set_num_threads(THREADS)
        self.real, self.selected = faiss.IndexFlatIP(DIM), faiss.IndexFlatIP(DIM)
        self.real.add(real)

    def against_real(self, block):
        return self.real.search(block, 1)[0][:, 0] <= THRESHOLD

    def against_selected(self, block):
        if self.selected.ntotal == 0:
            return np.arange(len(block))
        return np.flatnonzero(self.selected.search(block, 1)[0][:, 0] <= THRESHOLD)

    def gram(self, block):
        return block @ block.T

    def add(self, block):
        self.selected.add(block)


def peak():
    """The machine's rate of matrix products in f32, in GFLOP/s: the best of several, of two libraries."""
    import torch

    torch.set_num_threads(THREADS)
    best, n = 0.0, 3072
    a = np.random.default_rng(0).standard_normal((n, n), dtype=np.float32)
    b = torch.from_numpy(a)
    for product in (lambda: a @ a, lambda: b @ b):
        for _ in range(5):
            start = time.perf_counter()
            product()
            best = max(best, 2 * n**3 / (time.perf_counter() - start) / 1e9)
    return best


def main():
    if METHOD == "peak":
        print(json.dumps({"gflops": peak()}))
        return
    candidates = load("candidates.f32", "<f4", (COUNT, DIM))
    order = np.fromfile(Path(DATA) / f"order-{COUNT}.u32", dtype="<u4")
    real = np.fromfile(Path(DATA) / "real.f32", dtype="<f4").reshape(-1, DIM)
    start = time.perf_counter()
    engine = {"numpy": Numpy, "torch": Torch, "faiss": Faiss}[METHOD](real)
    kept, done = [], 0
    for first in range(0, COUNT, BLOCK):
        if time.perf_counter() - start > LIMIT:
            break
        index = order[first : first + BLOCK]
        block = candidates[index]
        open_ = np.flatnonzero(engine.against_real(block))
        index, block = index[open_], block[open_]
        if len(block):
            open_ = engine.against_selected(block)
            index, block = index[open_], block[open_]
        if len(block):
            stay = within(engine.gram(block), THRESHOLD)
            engine.add(np.ascontiguousarray(block[stay]))
            kept.append(index[stay])
        done = min(first + BLOCK, COUNT)
    seconds = time.perf_counter() - start
    kept = np.concatenate(kept) if kept else np.empty(0, dtype="<u4")
    kept.astype("<u4").tofile(Path(DATA) / f"{METHOD}.kept")
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "kept": len(kept), "done": done, "peak": used}))


main()
