"""The same batch of 128 x 10,177 cosines through each loss in PyTorch, value and gradient by autograd: python losses.py (torch). Prints the median in milliseconds."""

import math
import statistics
import time

import torch
from torch.nn.functional import cross_entropy

ROWS, CLASSES = 128, 10_177


def own(c, y, change):
    out = c.clone()
    out[torch.arange(ROWS), y] = change(c[torch.arange(ROWS), y])
    return cross_entropy(64 * out, y)


def curricular(c, n, y):
    target = c[torch.arange(ROWS), y][:, None]
    moved = target * math.cos(0.5) - torch.sqrt(1 - target**2) * math.sin(0.5)
    t = target.mean().detach() * 0.01
    return cross_entropy(64 * torch.where(c > moved, c * (t + c), c).scatter(1, y[:, None], moved), y)


def adaface(c, n, y):
    z = ((n - n.mean()) / (n.std() + 1e-3) * 0.333).clip(-1, 1)
    hot = torch.zeros_like(c).scatter(1, y[:, None], 1.0)
    theta = (c.clamp(-0.999, 0.999).acos() - hot * (0.4 * z)[:, None]).clip(1e-3, math.pi - 1e-3)
    return cross_entropy(64 * (theta.cos() - hot * (0.4 + 0.4 * z)[:, None]), y)


def magface(c, n, y):
    m = 0.45 + 0.0035 * (n - 10)
    return own(c, y, lambda t: torch.cos(torch.acos(t) + m)) + 35 * (n / 110**2 + 1 / n).mean()


LOSSES = {
    "softmax": lambda c, n, y: cross_entropy(64 * c, y),
    "cosface": lambda c, n, y: own(c, y, lambda t: t - 0.4),
    "arcface": lambda c, n, y: own(c, y, lambda t: torch.cos(torch.acos(t) + 0.5)),
    "combined-margin": lambda c, n, y: own(c, y, lambda t: torch.cos(torch.acos(t) + 0.3) - 0.2),
    "adaface": adaface,
    "curricularface": curricular,
    "magface": magface,
}


def main():
    torch.manual_seed(0)
    c = (torch.rand(ROWS, CLASSES) * 0.4 - 0.2).requires_grad_(True)
    n = (15 + 10 * torch.rand(ROWS)).requires_grad_(True)
    y = torch.randint(0, CLASSES, (ROWS,))
    for threads in (1, 2):
        torch.set_num_threads(threads)
        for name, loss in LOSSES.items():
            times = []
            for _ in range(25):
                c.grad = n.grad = None
                start = time.perf_counter()
                # The norms are detached in adaface, but for all that they are inputs.
                loss(c, n.detach() if name == "adaface" else n, y).backward()
                times.append(time.perf_counter() - start)
            print(f"PyTorch {torch.__version__}  {name:16}  {threads} threads  {statistics.median(times[5:]) * 1e3:.2f} ms", flush=True)


if __name__ == "__main__":
    main()
