"""Compares networks of seglab with torchvision's, weight for weight and logit for logit.

A twin is a torchvision network whose parameters and buffers are filled by a formula. They go to
`seglab forward` under torchvision's own names; its strict loader refuses a name too many or too few
and a wrong shape. Then both must give the same logits.
"""

import json
import os
import struct
import subprocess
import sys
import tempfile
import zlib
from collections import namedtuple

try:
    import numpy
    import torch
    import torchvision
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

# name: of the row; make: () -> torchvision network; model: what `seglab forward --model` is given;
# sizes: sides of the square input; default: whether it runs when no rows are named.
Twin = namedtuple("Twin", "name make model sizes default")

TOLERANCE = 1e-5  # of the largest logit, or of 1 when that is larger
CHUNK = 1 << 22   # elements made at once: the largest layers have 100 million


def noise(name, begin, end):
    """Numbers begin ... end-1 of a sequence in (-1, 1) without visible order, one for each name."""
    index = torch.arange(begin, end, dtype=torch.float64)
    phase = zlib.crc32(name.encode()) % 6283 / 1000
    return (torch.sin(index * 12.9898 + phase) * 43758.5453).frac()


# The normalisation that ends a residual block: when its gain is 1, every block adds as much as came
# in, and the signal of 50 of them drowns all precision. Basic blocks' own "bn2" shrinks little else.
LAST_OF_BLOCK = ("bn2.weight", "bn3.weight")


def fill(name, tensor):
    """Fills a parameter or buffer in place with values that keep the signal alive."""
    if name.endswith("num_batches_tracked"):
        tensor.zero_()
        return
    if tensor.dim() > 1:
        fan_in = tensor[0].numel()
        middle, spread = 0, (6 / fan_in) ** 0.5  # variance 2 / fan in, right for ReLU
    elif name.endswith("running_var"):
        middle, spread = 1, 0.5
    elif name.endswith("weight"):
        middle, spread = 1, 0.2  # of a normalisation
        if name.endswith(LAST_OF_BLOCK):
            middle, spread = 0.25, 0.05
    else:
        middle, spread = 0, 0.1
    flat = tensor.view(-1)
    for begin in range(0, flat.numel(), CHUNK):
        end = min(begin + CHUNK, flat.numel())
        flat[begin:end] = middle + spread * noise(name, begin, end)


TYPES = {"F32": numpy.float32, "I64": numpy.int64}


def write_safetensors(path, tensors):
    arrays = {name: tensor.detach().contiguous().numpy() for name, tensor in tensors.items()}
    arrays = dict(sorted(arrays.items(), key=lambda item: -item[1].itemsize))
    header, offset = {}, 0
    for name, array in arrays.items():
        dtype = next(key for key, value in TYPES.items() if value == array.dtype)
        header[name] = {"dtype": dtype, "shape": list(array.shape),
                        "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in arrays.values():
            array.tofile(file)


def read_safetensors(path):
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header, data = json.loads(file.read(size)), file.read()
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        array = numpy.frombuffer(data[begin:end], TYPES[entry["dtype"]])
        tensors[name] = torch.from_numpy(array.reshape(entry["shape"]).copy())
    return tensors


def forward(program, model, weights, image, folder, options=()):
    """The tensors that come out, or the line in which the program says why there are none."""
    source, target = os.path.join(folder, "image"), os.path.join(folder, "output")
    write_safetensors(source, {"image": image})
    run = subprocess.run([program, "forward", "--model", json.dumps(model), "--weights", weights,
                          "--input", source, "--output", target, "--device", "cpu", *options],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if run.returncode != 0:
        return None, f"exit {run.returncode}: {run.stdout.strip()}"
    return read_safetensors(target), ""


def outputs(network, image):
    """What the twin gives, under the names of `seglab forward`."""
    result = network(image)
    if isinstance(result, dict):
        names = {"out": "logits", "aux": "aux_logits"}
        return {names[name]: tensor for name, tensor in result.items()}
    return {"logits": result}


def compare(where, found, expected):
    """Returns what is wrong, one text per finding."""
    if sorted(found) != sorted(expected):
        return [f"{where}: gives {sorted(found)} instead of {sorted(expected)}"]
    wrong = []
    for name, tensor in expected.items():
        if found[name].shape != tensor.shape:
            wrong.append(f"{where}: {name} has shape {tuple(found[name].shape)} instead of "
                         f"{tuple(tensor.shape)}")
            continue
        largest = tensor.abs().max().item()
        difference = (found[name] - tensor).abs().max().item()
        print(f"{where}: {name:10} difference {difference:.2e}, largest {largest:.3g}", flush=True)
        if not difference <= TOLERANCE * max(1, largest):
            wrong.append(f"{where}: {name} differ by {difference:.2e}")
        if not largest >= 0.1:
            wrong.append(f"{where}: the twin's {name} are nearly 0, which proves nothing")
    return wrong


def check(program, twin):
    """Returns what is wrong, one text per finding."""
    network = twin.make().eval()
    state = network.state_dict()
    for name, tensor in state.items():
        fill(name, tensor)
    wrong = []
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        weights = os.path.join(folder, "weights.safetensors")
        write_safetensors(weights, state)
        for size in twin.sizes:
            image = noise("image", 0, 3 * size * size).float().reshape(1, 3, size, size)
            expected = outputs(network, image)
            found, reason = forward(program, twin.model, weights, image, folder)
            if found is None:
                wrong.append(f"{twin.name}: {reason}")
                break
            wrong += compare(f"{twin.name:18} at {size}", found, expected)
    return wrong


def check_refusal(program, twin):
    """The comparison of names rests on the program's strictness, so that is tried too."""
    with tempfile.TemporaryDirectory() as folder:
        weights = os.path.join(folder, "weights.safetensors")
        write_safetensors(weights, {"no.such.layer": torch.zeros(1)})
        image = torch.zeros(1, 3, twin.sizes[0], twin.sizes[0])
        _, reason = forward(program, twin.model, weights, image, folder)
    if not reason.startswith("exit 1:") or "missing" not in reason or "no.such.layer" not in reason:
        return [f"{twin.name}: a file with other names was not refused ({reason or 'exit 0'})"]
    return []


def main(twins):
    names = [twin.name for twin in twins]
    wanted = sys.argv[2:]
    unknown = [name for name in wanted if name not in names + ["all"]]
    if len(sys.argv) < 2 or unknown:
        print(f"usage: {sys.argv[0]} PROGRAM [all | NAME...]   names: {' '.join(names)}")
        return 2
    program = sys.argv[1]
    print(f"torch {torch.__version__}, torchvision {torchvision.__version__}")
    chosen = [twin for twin in twins
              if twin.name in wanted or "all" in wanted or (not wanted and twin.default)]
    wrong = check_refusal(program, chosen[0])
    for twin in chosen:
        wrong += check(program, twin)
    for line in wrong:
        print("WRONG:", line)
    return 1 if wrong else 0
