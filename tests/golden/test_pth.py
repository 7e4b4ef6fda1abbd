"""Files of torch.save, read by `seglab weights convert` and compared bit for bit.

usage: test_pth.py PROGRAM     exit 77 where there is no PyTorch

Every case is saved in the ZIP format and in the one before, converted to safetensors, and compared
with what Python holds: names, types, shapes, elements. Files that must be refused are tried too.
"""

import argparse
import collections
import io
import json
import os
import pickle
import struct
import subprocess
import sys
import tempfile
import zipfile

try:
    import torch
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

TYPES = {torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
         torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8",
         torch.uint8: "U8", torch.bool: "BOOL"}


def numbers(*shape, dtype=torch.float32, seed=0):
    generator = torch.Generator().manual_seed(seed)
    values = torch.rand(shape, generator=generator, dtype=torch.float64) * 200 - 100
    if dtype == torch.bool:
        return values > 0
    if dtype == torch.uint8:
        values = values.abs()
    return values.to(dtype)


def cases():
    """name -> (what is saved, the tensors that must come out, metadata that must come out)."""
    made = {}

    def add(name, saved, tensors=None, metadata=None):
        made[name] = (saved, saved if tensors is None else tensors, metadata or {})

    add("plain_dict", {"a": numbers(3, 5), "b": numbers(7, seed=1)})
    add("types", {str(dtype): numbers(5, 3, dtype=dtype) for dtype in TYPES})
    special = torch.tensor([float("nan"), float("inf"), float("-inf"), -0.0, 1e-42])
    add("special_values", {"f": special, "h": special.half(), "b": special.bfloat16()})
    add("shapes", {"scalar": torch.tensor(2.5), "empty": torch.zeros(0), "flat": torch.zeros(3, 0, 2),
                   "one": torch.ones(1, 1, 1, 1, 1, 1), "long": torch.arange(1 << 16)})

    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4),
                                  torch.nn.Linear(4, 2))
    with torch.no_grad():
        for i, parameter in enumerate(network.parameters()):
            parameter.copy_(numbers(*parameter.shape, seed=i))
    state = network.state_dict()
    add("ordered_dict", state, dict(state))
    add("half", collections.OrderedDict((k, v.half()) for k, v in state.items()))
    add("parameters", dict(network.named_parameters()))
    add("state_dict", {"state_dict": state, "epoch": 7, "lr": 0.125, "arch": "resnet18", "ok": True},
        dict(state), {"epoch": "7", "lr": "0.125", "arch": "resnet18", "ok": "true"})
    add("model", {"model": state, "optimizer": torch.optim.Adam(network.parameters()).state_dict()},
        dict(state))
    add("accuracy_is_a_tensor", {"state_dict": state, "best": torch.tensor(76.5)}, dict(state))
    add("data_parallel", {"module." + k: v for k, v in state.items()}, dict(state))
    mixed = {"module.a": numbers(2), "b": numbers(2)}
    add("only_some_module", mixed)
    add("wrapped_data_parallel",
        {"epoch": 3, "state_dict": collections.OrderedDict(("module." + k, v) for k, v in state.items())},
        dict(state), {"epoch": "3"})
    add("nested", {"encoder": {"conv": {"weight": numbers(2, 2)}, "depth": 3},
                   "decoder": collections.OrderedDict(bias=numbers(3)), 5: numbers(1),
                   "levels": [numbers(2), {"x": numbers(4)}], "note": "text", "sizes": (1, 2, 3)},
        {"encoder.conv.weight": numbers(2, 2), "decoder.bias": numbers(3), "5": numbers(1),
         "levels.0": numbers(2), "levels.1.x": numbers(4)},
        {"encoder.depth": "3", "note": "text"})

    base = numbers(6, 8, 10)
    add("views", {"base": base, "transposed": base.t() if base.dim() == 2 else base.transpose(0, 2),
                  "permuted": base.permute(1, 2, 0), "slice": base[2:5, ::3, 1:9:2],
                  "row": base[3], "column": base[:, 4, 7], "flat": base.view(-1),
                  "element": base[5, 7, 9], "tail": base.view(-1)[470:]})
    add("part_of_a_storage", {"tail": numbers(1000)[990:]})
    add("expanded", {"wide": numbers(1, 4).expand(5, 4), "scalar": torch.tensor(3.0).expand(2, 3)})
    add("channels_last", {"w": numbers(4, 3, 5, 5).contiguous(memory_format=torch.channels_last)})
    tied = torch.nn.Parameter(numbers(4, 4))
    add("tied", {"in": tied, "out": tied, "data": tied.data})
    add("odd_sizes", {f"n{n}": numbers(n, dtype=dtype) for n, dtype in
                      ((1, torch.uint8), (3, torch.int16), (5, torch.float32), (7, torch.float64))})
    add("beside", {"w": numbers(2), "size": torch.Size([1, 2]), "dtype": torch.float16,
                   "device": torch.device("cpu"), "options": argparse.Namespace(lr=1),
                   "set": {1, 2}, "bytes": b"abc", "big": 1 << 80, "negative": -5, "none": None,
                   "complex": 1j, "count": collections.Counter("aab"),
                   "default": collections.defaultdict(dict, {"k": 1})},
        {"w": numbers(2)}, {"negative": "-5", "default.k": "1"})
    try:
        import numpy
        add("numpy", {"w": numbers(2), "accuracy": numpy.float64(3.5), "curve": numpy.zeros(9)},
            {"w": numbers(2)})
    except ImportError:
        pass
    add("names", {"Gr\u00f6\u00dfe.\"0\" \\": numbers(2), "x" * 300: numbers(3)})
    add("many", {f"layer{i}.weight": numbers(3, seed=i) for i in range(3000)})
    return made


class Evil:
    """Its pickle is a call of os.system."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch '{self.path}'",)


def read_safetensors(path):
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header, data = json.loads(file.read(size)), file.read()
    metadata = header.pop("__metadata__", {})
    return {name: (entry["dtype"], entry["shape"], data[slice(*entry["data_offsets"])])
            for name, entry in header.items()}, metadata


def content(tensor):
    """Type, shape and elements of a tensor as a safetensors file has them."""
    plain = tensor.detach().contiguous().reshape(-1)
    data = bytes(plain.view(torch.uint8).numpy()) if plain.numel() else b""
    return TYPES[tensor.dtype], list(tensor.shape), data


def convert(program, source, target):
    return subprocess.run([program, "weights", "convert", source, target], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def compare(program, path, folder, tensors, metadata):
    """What is wrong, or nothing."""
    target = os.path.join(folder, "out.safetensors")
    run = convert(program, path, target)
    if run.returncode != 0:
        return [f"exit {run.returncode}: {run.stderr.strip()}"]
    found, found_metadata = read_safetensors(target)
    wrong = []
    if sorted(found) != sorted(map(str, tensors)):
        wrong.append(f"names {sorted(found)} instead of {sorted(map(str, tensors))}")
    wrong += [f"{name} differs" for name, tensor in tensors.items()
              if str(name) in found and found[str(name)] != content(tensor)]
    wrong += [f"metadata {key} is {found_metadata.get(key)!r} instead of {value!r}"
              for key, value in metadata.items() if found_metadata.get(key) != value]
    return wrong


def hostile(folder):
    """name -> (bytes of a file that must be refused, a word of the message)."""
    def saved(value, **options):
        buffer = io.BytesIO()
        torch.save(value, buffer, **options)
        return buffer.getvalue()

    state = {"w": numbers(100), "v": numbers(50)}
    modern, legacy = saved(state), saved(state, _use_new_zipfile_serialization=False)
    trap = os.path.join(folder, "executed")
    made = {}
    for old in (False, True):
        options = {"_use_new_zipfile_serialization": not old}
        made[f"call_{old}"] = saved({"w": numbers(2), "x": Evil(trap)}, **options), "system"
        made[f"module_{old}"] = saved(torch.nn.Linear(2, 2), **options), "Linear"
        made[f"complex_{old}"] = saved({"w": torch.zeros(2, dtype=torch.complex64)}, **options), "Complex"
        made[f"nothing_{old}"] = saved({"epoch": 1}, **options), "no tensors"
        made[f"single_{old}"] = saved(numbers(2), **options), "single tensor"
    made["pickle"] = pickle.dumps({"w": 1}), "torch.save"
    made["sparse"] = saved({"w": torch.eye(3).to_sparse()}), "sparse"
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(modern)) as old, \
            zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, old.read(entry))
    made["compressed"] = buffer.getvalue(), "compressed"
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(modern)) as old, zipfile.ZipFile(buffer, "w") as new:
        for entry in old.infolist():
            if not entry.filename.endswith("/byteorder"):  # PyTorch 2 writes one itself
                new.writestr(entry.filename, old.read(entry))
        new.writestr(new.namelist()[0].split("/")[0] + "/byteorder", "big")
    made["big_endian"] = buffer.getvalue(), "high byte"
    for name, whole in (("modern", modern), ("legacy", legacy)):
        for size in (1, 2, 3, 10, 50, len(whole) // 2, len(whole) - 300, len(whole) - 1):
            made[f"{name}_of_{size}_bytes"] = whole[:size], ""
    return made, trap


def main():
    if len(sys.argv) != 2:
        print(f"usage: {sys.argv[0]} PROGRAM")
        return 2
    program = sys.argv[1]
    print(f"torch {torch.__version__}")
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "in.pth")
        for name, (saved, tensors, metadata) in cases().items():
            for options in ({}, {"_use_new_zipfile_serialization": False}, {"pickle_protocol": 4},
                            {"pickle_protocol": 5, "_use_new_zipfile_serialization": False}):
                torch.save(saved, path, **options)
                wrong += [f"{name} {options}: {what}"
                          for what in compare(program, path, folder, tensors, metadata)]
            print(name, flush=True)
        files, trap = hostile(folder)
        for name, (data, word) in files.items():
            with open(path, "wb") as file:
                file.write(data)
            run = convert(program, path, os.path.join(folder, "out.safetensors"))
            lines = run.stderr.splitlines()
            if run.returncode != 1 or len(lines) != 1 or word not in lines[0]:
                wrong.append(f"{name}: exit {run.returncode}, {run.stderr!r}")
            else:
                print(lines[0].replace(folder, ""))
        if os.path.exists(trap):
            wrong.append("something of a pickle was executed")
    for line in wrong:
        print("WRONG:", line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
