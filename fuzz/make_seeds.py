#!/usr/bin/env python3
"""Makes small files of every kind for the fuzzers to start from.

usage: fuzz/make_seeds.py FOLDER     writes FOLDER/{pth,safetensors,caffemodel}/*

The .pth seeds need PyTorch (Debian: /usr/bin/python3 with python3-torch); without it they are left out.
"""

import collections
import json
import os
import struct
import sys


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


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__.strip())
        return 2
    for kind, seeds in (("pth", pths()), ("safetensors", safetensors()), ("caffemodel", caffemodels())):
        folder = os.path.join(sys.argv[1], kind)
        os.makedirs(folder, exist_ok=True)
        for name, data in seeds:
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
