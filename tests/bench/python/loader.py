"""A PyTorch DataLoader beside ours: `loader.py make FOLDER` writes images of faces' size, `loader.py measure FOLDER WORKERS` loads them (numpy, torch, Pillow, OpenCV).

Every variant decodes JPEG, mirrors at random, scales to [-1, 1] and gives batches of 128, as arcface_torch does; the second of two epochs is timed, with the workers up and the
files in memory.
"""

import pathlib
import random
import struct
import sys
import time

import cv2
import numpy
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

SIDE, PEOPLE, EACH, BATCH = 112, 64, 128, 128


def picture(rng):
    """Smooth colours with detail at every scale, so that a file is about as long as one of MS1MV2 (7 KB)."""
    out = numpy.full((SIDE, SIDE, 3), 128.0, numpy.float32)
    for cells, strength in ((3, 50), (7, 30), (14, 16), (28, 9), (56, 6), (112, 3)):
        grid = rng.normal(0, strength, (cells, cells, 3)).astype(numpy.float32)
        out += cv2.resize(grid, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return out.clip(0, 255).astype(numpy.uint8)


def make(folder):
    rng = numpy.random.default_rng(1)
    size = 0
    for person in range(PEOPLE):
        own = folder / f"{person:04}"
        own.mkdir(parents=True, exist_ok=True)
        for image in range(EACH):
            path = own / f"{image:04}.jpg"
            cv2.imwrite(str(path), picture(rng), [cv2.IMWRITE_JPEG_QUALITY, 90])
            size += path.stat().st_size
    print(f"{PEOPLE * EACH} images, {size / (PEOPLE * EACH) / 1e3:.1f} KB each")


def scaled(pixels, mirrored):
    """u8 [H,W,3] to f32 [3,H,W] in [-1, 1]."""
    if mirrored:
        pixels = pixels[:, ::-1]
    return torch.from_numpy(numpy.ascontiguousarray(pixels.transpose(2, 0, 1))).float().div_(127.5).sub_(1)


class Folder(Dataset):
    """Files by Pillow or OpenCV."""

    def __init__(self, folder, decoder):
        self.files = sorted(pathlib.Path(folder).glob("*/*.jpg"))
        self.decoder = decoder

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        path = self.files[index]
        if self.decoder == "Pillow":
            pixels = numpy.asarray(Image.open(path).convert("RGB"))
        else:
            pixels = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        return scaled(pixels, random.random() < 0.5), int(path.parent.name)


class Records(Dataset):
    """A `.rec` by its `.idx`, as MXNet's reader would give it, in memory that is mapped."""

    def __init__(self, folder):
        lines = [line.split("\t") for line in (pathlib.Path(folder) / "train.idx").read_text().splitlines()]
        offsets = {int(key): int(at) for key, at in lines}
        self.data = numpy.memmap(pathlib.Path(folder) / "train.rec", numpy.uint8, "r")
        head = self.data[offsets[0] + 8 : offsets[0] + 40].tobytes()
        self.offsets = [offsets[key] for key in range(1, int(struct.unpack_from("<f", head, 24)[0]))]

    def __len__(self):
        return len(self.offsets)

    def __getitem__(self, index):
        at = self.offsets[index]
        length = int(self.data[at + 4 : at + 8].view("<u4")[0]) & 0x1FFFFFFF
        label = float(self.data[at + 12 : at + 16].view("<f4")[0])
        pixels = cv2.cvtColor(cv2.imdecode(self.data[at + 32 : at + 8 + length], cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        return scaled(pixels, random.random() < 0.5), int(label)


def measure(folder, workers):
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    cases = [
        ("folder, Pillow", Folder(folder / "folder", "Pillow")),
        ("folder, OpenCV", Folder(folder / "folder", "OpenCV")),
        ("RecordIO, OpenCV", Records(folder / "records")),
    ]
    for name, dataset in cases:
        loader = DataLoader(dataset, BATCH, shuffle=True, num_workers=workers, drop_last=True, persistent_workers=True)
        for epoch in range(2):
            start, images = time.perf_counter(), 0
            for pixels, _ in loader:
                images += len(pixels)
            took = time.perf_counter() - start
        print(f"PyTorch {torch.__version__} DataLoader  {name:18} {workers} workers  {images / took:8.0f} images/s", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(pathlib.Path(sys.argv[2]) / "folder")
    else:
        measure(pathlib.Path(sys.argv[2]), int(sys.argv[3]))
