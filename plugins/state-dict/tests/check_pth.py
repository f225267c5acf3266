"""Compares a .pth file, as torch.load(weights_only=True) reads it, with fixtures/pth.json: python check_pth.py [FILE] (fixtures/ours.pth where left out).

Exits with 1 and says what differs where names, shapes, values or types do: float32, and int64 where a tensor is a counter.
"""

import json
import sys
from pathlib import Path

import torch

FIXTURES = Path(__file__).parent / "fixtures"


def expected_of(name, shape, values):
    return ("torch.int64" if name.endswith("num_batches_tracked") else "torch.float32", shape, values)


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else FIXTURES / "ours.pth"
    expected = {name: expected_of(name, *content) for name, content in json.loads((FIXTURES / "pth.json").read_text()).items()}
    state = torch.load(path, weights_only=True, map_location="cpu")
    found = {k: (str(v.dtype), list(v.shape), v.double().flatten().tolist()) for k, v in state.items()}
    differing = [name for name in {**expected, **found} if found.get(name) != expected.get(name)]
    for name in differing:
        print(f"{name}: {found.get(name)}, expected {expected.get(name)}")
    print(f"{path}: {len(found)} tensors, {len(differing)} differences")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
