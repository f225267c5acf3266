"""Images a second of a training step in PyTorch, on arcface_torch's iresnet with its cosine head, CosFace and SGD:

python train.py PARAMS_JSON BATCH THREADS STEPS        (torch; the arguments of the example iresnet_throughput)

fp32 as arcface_torch runs it; bf16 as autocast over the backbone up to the linear layer. Channels-last, which is the faster order here.
"""

import json
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

DEPTHS = {18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 14, 3], 100: [3, 13, 30, 3], 200: [6, 26, 60, 6]}


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.prelu = nn.PReLU(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, stride, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn3(self.conv2(self.prelu(self.bn2(self.conv1(self.bn1(x))))))
        return y + (x if self.downsample is None else self.downsample(x))


class IResNet(nn.Module):
    def __init__(self, blocks, widths, size, dim):
        super().__init__()
        layers, inputs = [nn.Conv2d(3, widths[0], 3, 1, 1, bias=False), nn.BatchNorm2d(widths[0]), nn.PReLU(widths[0])], widths[0]
        for count, outputs in zip(blocks, widths[1:]):
            for i in range(count):
                layers.append(Block(inputs, outputs, 2 if i == 0 else 1))
                inputs = outputs
            size = (size + 1) // 2
        self.layers = nn.Sequential(*layers, nn.BatchNorm2d(inputs))
        self.fc = nn.Linear(inputs * size * size, dim)
        self.features = nn.BatchNorm1d(dim)

    def forward(self, x, bf16):
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            x = torch.flatten(self.layers(x), 1)
        return self.features(self.fc(x.float()))


def main():
    params, batch, threads, steps = json.loads(sys.argv[1]), *map(int, sys.argv[2:5])
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    size, dim = params.get("input_size", 112), params.get("dim", 512)
    blocks = params.get("blocks") or DEPTHS[int(params.get("depth", 50))]
    net = IResNet(blocks, params.get("widths", [64, 64, 128, 256, 512]), size, dim).to(memory_format=torch.channels_last)
    head = nn.Parameter(torch.randn(100, dim) * 0.01)
    optimizer = torch.optim.SGD([*net.parameters(), head], lr=0.01, momentum=0.9, weight_decay=5e-4)
    images = (torch.rand(batch, 3, size, size) * 2 - 1).to(memory_format=torch.channels_last)
    labels = torch.arange(batch) % 100
    hot = F.one_hot(labels, 100)
    times = []
    for _ in range(steps + 2):
        start = time.perf_counter()
        cosines = F.linear(F.normalize(net(images, params.get("precision") == "bf16")), F.normalize(head)).clamp(-1, 1)
        loss = F.cross_entropy(64 * (cosines - 0.4 * hot), labels)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5)
        optimizer.step()
        times.append(time.perf_counter() - start)
    times = times[2:]
    print(f"train_step in PyTorch {torch.__version__}: median {batch / statistics.median(times):.1f} images/s, best {batch / min(times):.1f}")


if __name__ == "__main__":
    main()
