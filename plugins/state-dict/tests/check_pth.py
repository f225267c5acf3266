"""Loads a .pth file with torch.load(weights_only=True) and prints names, types, shapes and values as JSON: python check_pth.py FILE"""

import json
import sys

import torch

state = torch.load(sys.argv[1], weights_only=True, map_location="cpu")
print(json.dumps({k: [str(v.dtype), list(v.shape), v.double().flatten().tolist()] for k, v in state.items()}))
