"""The small inputs that fuzzing starts from: python make_corpus.py (numpy, torch, onnx, Pillow). Sets and packs are the fixtures of the host's tests."""

import io
import json
import pathlib
import shutil
import struct
import zipfile

import numpy
import onnx
import torch
from onnx import TensorProto, helper
from PIL import Image

HERE = pathlib.Path(__file__).parent
CORPUS = HERE / "corpus"
FIXTURES = HERE / "../../host/tests/fixtures"


def put(target, name, content):
    path = CORPUS / target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def encoded(kind, mode="RGB", side=8, **options):
    pixels = numpy.arange(side * side * 3, dtype=numpy.uint32).reshape(side, side, 3) * 7 % 256
    out = io.BytesIO()
    Image.fromarray(pixels.astype(numpy.uint8)).convert(mode).save(out, kind, **options)
    return out.getvalue()


def images():
    exif = Image.Exif()
    exif[274] = 6
    put("image", "rgb.jpg", encoded("jpeg", quality=80))
    put("image", "grey.jpg", encoded("jpeg", "L"))
    put("image", "cmyk.jpg", encoded("jpeg", "CMYK"))
    put("image", "progressive.jpg", encoded("jpeg", side=24, progressive=True))
    put("image", "turned.jpg", encoded("jpeg", exif=exif))
    put("image", "rgb.png", encoded("png"))
    put("image", "palette.png", encoded("png", "P"))
    put("image", "lossy.webp", encoded("webp", quality=80))
    put("image", "lossless.webp", encoded("webp", lossless=True))
    put("image", "rgb.ppm", encoded("ppm"))
    put("image", "grey.pgm", encoded("ppm", "L"))


def sets():
    for name in ("insightface", "im2rec", "dcface", "cvlface"):
        put("recordio", name, (FIXTURES / "sets" / name / "train.rec").read_bytes())
    lists = {"i": "insightface/train.idx", "p": "insightface/property", "d": "dcface/list.txt", "t": "cvlface/train.tsv"}
    for letter, file in lists.items():
        put("recordio_lists", file.replace("/", "-"), letter.encode() + (FIXTURES / "sets" / file).read_bytes())
    # Found by fuzzing: one line without a label among others with one.
    put("recordio_lists", "unlabelled-line", "d0/0.png 0\n1/2.png 1\n2/31\n2/3.png 2\n2/4.png 2\n")
    put("recordio_lists", "train.lst", "l1\t0\ta/1.png\n2\t0.0\ta/2.png\n3\t1\tb/3.png\n")
    put("webdataset", "train.tar", (FIXTURES / "sets/webdataset/train-000000.tar").read_bytes()[:6144])
    put("parquet", "train.parquet", (FIXTURES / "sets/parquet/train-00000-of-00001.parquet").read_bytes())
    for name in ("features", "nulls"):
        put("parquet", f"{name}.parquet", (FIXTURES / f"{name}.parquet").read_bytes())
    for method, name in ((zipfile.ZIP_STORED, "stored.zip"), (zipfile.ZIP_DEFLATED, "deflated.zip")):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as archive:
            for file in ("faces/a/1.png", "faces/a/2.png", "faces/b/1.png", "faces/readme.txt"):
                archive.writestr(zipfile.ZipInfo(file), b"\x89PNG" + file.encode() * 3)
        put("zip", name, out.getvalue())
    put("celeba_lists", "identities", "i000001.jpg 2880\n000002.jpg 2937\n000003.jpg 2880\n")
    heading = " ".join(f"{p}_{a}" for p in ("lefteye", "righteye", "nose", "leftmouth", "rightmouth") for a in "xy")
    points = "69 109 106 113 77 142 73 152 108 154"
    put("celeba_lists", "landmarks", f"l2\n{heading}\n000001.jpg {points}\n000002.jpg {points}\n")
    put("celeba_lists", "partitions", "p000001.jpg 0\n000002.jpg 2\n")
    put("landmarks", "celeba", f"1\n{heading}\n000001.jpg   {points}\n")
    put("landmarks", "points.csv", "path,x1,y1,x2,y2,x3,y3,x4,y4,x5,y5\na/1.png," + points.replace(" ", ",") + "\n")


def pairs():
    for path in (FIXTURES / "packs").glob("*.bin"):
        if path.stem in ("py2-p0-bytes", "py2-p2-numpy", "py3-p3-numpy", "py3-p4-bytes", "py3-p5-bytearray", "np2-p5-object-array"):
            shutil.copy(path, CORPUS / "pack" / path.name)
    put("pairs_txt", "pairs.txt", "2\t1\nAda\t1\t2\nAda\t1\tBo\t1\nAda\t2\t2\nBo\t1\tAda\t2\n")
    put("pairs_txt", "dev.txt", "1\nAda\t1\t2\nAda\t1\tBo\t1\n")
    put("pairs_csv", "folds.csv", "path_a,path_b,same,fold\na/1.png,a/2.png,1,0\na/1.png,b/1.png,0,1\n")
    put("pairs_csv", "plain.csv", "a/1.png,a/2.png,true\n\"a/1,5.png\",b/1.png,false\n")


def tensors():
    out = io.BytesIO()
    numpy.save(out, numpy.arange(6, dtype=numpy.float32).reshape(2, 3))
    put("npy", "f32.npy", out.getvalue())
    out = io.BytesIO()
    numpy.lib.format.write_array(out, numpy.zeros((1, 2)), version=(2, 0))
    put("npy", "f64-version2.npy", out.getvalue())
    out = io.BytesIO()
    numpy.save(out, numpy.asfortranarray(numpy.arange(6, dtype=">f4").reshape(2, 3)))
    put("npy", "fortran-big-endian.npy", out.getvalue())
    small = safetensors({"feature": ([2, 3], 6), "label": ([2], 2)}, {"encoder": "x"})
    put("safetensors", "small", small)
    put("weights", "small.safetensors", small)
    state = {"module.conv.weight": torch.ones(2, 1, 3, 3), "module.bn.num_batches_tracked": torch.tensor(3), "module.half": torch.ones(2).half()}
    for name, zipped in (("zip.pth", True), ("legacy.pth", False)):
        out = io.BytesIO()
        torch.save(state, out, _use_new_zipfile_serialization=zipped)
        put("weights", name, out.getvalue())
    # Tuples within tuples, as deep as the length of an input allows: what dropped or walked them by recursion overflowed the stack.
    magic = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.M\xe9\x03.}."
    put("weights", "nested.pth", magic + b"N" + b"\x85" * 65_000 + b".].")


def safetensors(shapes, metadata):
    header, at = {"__metadata__": metadata}, 0
    for name, (shape, count) in shapes.items():
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + 4 * count]}
        at += 4 * count
    text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + struct.pack(f"<{at // 4}f", *([0.5] * (at // 4)))


def networks():
    shapes = {}

    def tensor(name, *shape):
        shapes[name] = (list(shape), int(numpy.prod(shape)))

    def norm(name):
        for part in ("weight", "bias", "running_mean", "running_var"):
            tensor(f"{name}.{part}", 1)

    tensor("conv1.weight", 1, 3, 3, 3)
    norm("bn1")
    tensor("prelu.weight", 1)
    for layer in range(1, 5):
        block = f"layer{layer}.0"
        for name in ("bn1", "bn2", "bn3", "downsample.1"):
            norm(f"{block}.{name}")
        tensor(f"{block}.prelu.weight", 1)
        for name in ("conv1", "conv2"):
            tensor(f"{block}.{name}.weight", 1, 1, 3, 3)
        tensor(f"{block}.downsample.0.weight", 1, 1, 1, 1)
    norm("bn2")
    tensor("fc.weight", 1, 1)
    tensor("fc.bias", 1)
    norm("features")
    put("iresnet", "one-wide.safetensors", safetensors(shapes, {}))

    weight = helper.make_tensor("w", TensorProto.FLOAT, [2, 3, 3, 3], [0.1] * 54)
    full = helper.make_tensor("f", TensorProto.FLOAT, [2, 2], [1.0] * 4)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Flatten", ["p"], ["l"]),
        helper.make_node("Gemm", ["l", "f"], ["y"]),
    ]
    given = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 16, 16])]
    made = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])]
    model = helper.make_model(helper.make_graph(nodes, "g", given, made, [weight, full]), opset_imports=[helper.make_opsetid("", 17)])
    onnx.checker.check_model(model)
    put("onnx", "convolution.onnx", model.SerializeToString())
    shutil.copy(HERE / "../../plugins/encoder-candle/tests/fixtures/onnx_shapes.onnx", CORPUS / "onnx")


def main():
    shutil.rmtree(CORPUS, ignore_errors=True)
    for target in ("pack", "onnx"):
        (CORPUS / target).mkdir(parents=True)
    images()
    sets()
    pairs()
    tensors()
    networks()
    card = {"format": "folder", "images": 3, "identities": 2, "made_from": [{"name": "faces", "format": "orl", "images": 3}]}
    put("card", "README.md", f"# Face images\n\n```json ficta-card\n{json.dumps(card, indent=1)}\n```\n")
    card = {"format": "folder", "made_by": "```json ficta-card", "licence": "\n```json ficta-card\n{}\n```\n"}
    put("card", "quotes_a_card.md", f"# Face images\n\n```json ficta-card\n{json.dumps(card, indent=1)}\n```\n")


if __name__ == "__main__":
    main()
