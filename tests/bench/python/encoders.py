"""Images per second of iresnet50 at 112 px on PyTorch and onnxruntime, as JSON lines beside those of `encoders.rs`.

    encoders.py make FOLDER      writes `iresnet50.pth` and `model.onnx` with the same random weights, `iresnet18.pth`, pictures (`pictures.bin`, u8 RGB)
                                 and the two networks' features of them in float64 (`iresnet50.features`, f32 [N,512]), which `encoders.rs` compares with
    encoders.py measure FOLDER   measures
"""

import json
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "plugins/encoder-candle/tests/fixtures"))
from iresnet import DEPTHS, IResNet, fill  # noqa: E402
from make_iresnet_reference import features, pictures  # noqa: E402

SIZE, SECONDS, ROUNDS = 112, 4.0, 3
COMPARED = 4


def make(folder):
    folder.mkdir(parents=True, exist_ok=True)
    images = pictures(COMPARED, SIZE)
    images.tofile(folder / "pictures.bin")
    for depth in (18, 50):
        net = fill(IResNet(DEPTHS[depth], size=SIZE), 1)
        torch.save(net.state_dict(), folder / f"iresnet{depth}.pth")
        if depth == 50:
            torch.onnx.export(net, (torch.zeros(1, 3, SIZE, SIZE),), folder / "model.onnx", input_names=["input"], output_names=["feature"],
                              dynamic_axes={"input": {0: "batch"}, "feature": {0: "batch"}}, dynamo=False)
        features(net, images).astype("float32").tofile(folder / f"iresnet{depth}.features")


def report(program, batch, threads, run):
    run()
    best = 0.0
    for _ in range(ROUNDS):
        started, count = time.perf_counter(), 0
        while time.perf_counter() - started < SECONDS / ROUNDS:
            run()
            count += batch
        best = max(best, count / (time.perf_counter() - started))
    print(json.dumps({"program": program, "batch": batch, "threads": threads, "images_per_second": round(best, 1)}), flush=True)


def measure(folder):
    import onnxruntime

    net = IResNet(DEPTHS[50], size=SIZE).eval()
    net.load_state_dict(torch.load(folder / "iresnet50.pth", weights_only=True))
    last = net.to(memory_format=torch.channels_last)
    for batch in (1, 16):
        x = torch.randn(batch, 3, SIZE, SIZE)
        for threads in (1, 2):
            torch.set_num_threads(threads)
            with torch.inference_mode():
                report(f"PyTorch {torch.__version__.split('+')[0]}, channels last", batch, threads,
                       lambda: last(x.contiguous(memory_format=torch.channels_last)))
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            session = onnxruntime.InferenceSession(folder / "model.onnx", options, providers=["CPUExecutionProvider"])
            feed = {"input": x.numpy()}
            report(f"onnxruntime {onnxruntime.__version__}", batch, threads, lambda: session.run(None, feed))


if __name__ == "__main__":
    {"make": make, "measure": measure}[sys.argv[1]](Path(sys.argv[2]))
