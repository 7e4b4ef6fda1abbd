#!/usr/bin/env python3
"""Makes small files of every kind for the fuzzers to start from.

usage: fuzz/make_seeds.py FOLDER     writes FOLDER/{pth,safetensors,caffemodel,mat,mask,image,classes,experiment}/*

The .pth seeds need PyTorch (Debian: /usr/bin/python3 with python3-torch); without it they are left out.
"""

import collections
import json
import os
import struct
import sys
import zlib


def varint(value):
    data = b""
    while value >= 0x80:
        data += bytes([value & 0x7f | 0x80])
        value >>= 7
    return data + bytes([value])


def field(number, content):
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def caffemodels():
    data = struct.pack("<6f", *range(6))
    shape = field(7, field(1, bytes([2, 3])))
    old_shape = b"".join(field(i + 1, side) for i, side in enumerate((1, 1, 2, 3)))
    loose = b"".join(varint(5 << 3 | 5) + data[i:i + 4] for i in range(0, 24, 4))
    doubles = field(8, struct.pack("<6d", *range(6)))

    def layer(*blobs):
        return field(100, field(1, b"conv") + field(2, b"Convolution") + b"".join(field(7, b) for b in blobs))

    yield "today", field(1, b"net") + layer(shape + field(5, data), shape + field(5, data))
    yield "loose", layer(shape + loose)
    yield "doubles", layer(shape + doubles)
    yield "2014", field(1, b"net") + field(2, field(4, b"fc") + field(5, 14) + field(6, old_shape + field(5, data)))
    yield "2013", field(2, field(1, field(1, b"fc") + field(2, b"innerproduct") + field(50, old_shape + field(5, data))))


def safetensors():
    header = {"__metadata__": {"k": "v"},
              "a": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]},
              "b": {"dtype": "F16", "shape": [], "data_offsets": [8, 10]},
              "c": {"dtype": "BOOL", "shape": [0, 3], "data_offsets": [10, 10]}}
    for name, value, data in (("full", header, bytes(10)), ("empty", {}, b"")):
        text = json.dumps(value).encode()
        yield name, struct.pack("<Q", len(text)) + text + data


def pths():
    try:
        import torch
    except ImportError as error:
        print(f"no seeds for .pth: {error}", file=sys.stderr)
        return
    import io
    base = torch.arange(12.0).reshape(3, 4)
    saved = {"dict": {"w": base, "v": base.t()[1:, ::2], "n": torch.tensor(3)},
             "ordered": torch.nn.BatchNorm1d(2).state_dict(),
             "types": {str(t): torch.ones(2).to(t) for t in (torch.half, torch.bfloat16, torch.int8, torch.bool)},
             "parameter": collections.OrderedDict(w=torch.nn.Parameter(base), e=torch.zeros(0, 2)),
             "nested": {"epoch": 3, "lr": 0.5, "arch": "vgg", "state_dict": {"module.w": base}, "l": [base, (1, 2)]}}
    for name, value in saved.items():
        for old in (False, True):
            for protocol in (2, 4):
                buffer = io.BytesIO()
                torch.save(value, buffer, pickle_protocol=protocol, _use_new_zipfile_serialization=not old)
                yield f"{name}_{'old' if old else 'zip'}_{protocol}", buffer.getvalue()


def mats():
    def element(kind, data):
        return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)

    def matrix(kind, sides, name, content):
        head = element(6, struct.pack("<II", kind, 0)) + element(5, struct.pack("<2i", *sides))
        return element(14, head + element(1, name) + content)

    labels = matrix(9, (2, 3), b"", element(2, bytes(range(6))))
    names = b"Boundaries".ljust(16, b"\0") + b"Segmentation".ljust(16, b"\0")
    fields = struct.pack("<HHI", 5, 4, 16) + element(1, names)
    whole = matrix(2, (1, 1), b"GTcls", fields + matrix(6, (1, 1), b"", element(9, bytes(8))) + labels)
    packed = zlib.compress(whole)
    for name, content in (("plain", whole), ("packed", struct.pack("<II", 15, len(packed)) + packed)):
        yield name, b"MATLAB 5.0".ljust(124) + b"\x00\x01IM" + content


def pngs():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    for name, depth, color, row in (("palette", 8, 3, bytes(4)), ("grey", 8, 0, bytes(4)),
                                    ("bits", 1, 3, b"\xa0"), ("rgb", 8, 2, bytes(12))):
        text = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 3, depth, color, 0, 0, 0))
        if color == 3:
            text += chunk(b"PLTE", bytes(range(6)))
        yield name, text + chunk(b"IDAT", zlib.compress((b"\0" + row) * 3)) + chunk(b"IEND", b"")


def images():
    yield from pngs()
    header = struct.pack("<2sIHHI", b"BM", 54 + 24, 0, 0, 54)
    yield "bmp", header + struct.pack("<IiiHHIIiiII", 40, 2, 3, 1, 24, 0, 24, 0, 0, 0, 0) + bytes(24)
    yield "ppm", b"P6 2 2 255\n" + bytes(12)
    try:
        import io
        from PIL import Image
        for name, options in (("jpeg", {}), ("progressive", {"progressive": True})):
            buffer = io.BytesIO()
            Image.new("RGB", (16, 8), (1, 2, 200)).save(buffer, "JPEG", **options)
            yield name, buffer.getvalue()
    except ImportError:
        pass


def texts(values):
    for name, value in values.items():
        yield name, value.encode() if isinstance(value, str) else json.dumps(value).encode()


def classes():
    return texts({"names": {"names": ["sky", "road"]},
                  "full": {"names": ["a", "b"], "palette": [[1, 2, 3], [4, 5, 6]], "values": {"255": 1}, "ignore": [11]}})


def experiments():
    run = {"name": "A", "model": {"name": "fcn8s"}, "train": {"lr": 0.1}}
    sweep = {"runs": [run, {"name": "B", "init": "A", "paper": [1, 2, 3, 4]}], "data": {"name": "voc"}, "eval": {},
             "sweep": {"seed": [1, 2], "trunk": {"x": {"model": {"backbone": "vgg16"}}}}}
    return texts({"one": {"runs": [run], "title": "t"}, "sweep": sweep,
                  "set": json.dumps(sweep) + "\n--\nruns.A.seed=3\ntrain.lr=0.5\nsweep.trunk.x=null\neval.crf=true"})


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__.strip())
        return 2
    for kind, seeds in (("pth", pths()), ("safetensors", safetensors()), ("caffemodel", caffemodels()),
                        ("mat", mats()), ("mask", pngs()), ("image", images()), ("classes", classes()),
                        ("experiment", experiments())):
        folder = os.path.join(sys.argv[1], kind)
        os.makedirs(folder, exist_ok=True)
        for name, data in seeds:
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
