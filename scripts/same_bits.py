#!/usr/bin/env python3
"""Do two programs train the same bits? Runs short trainings of each kind with both.

usage: scripts/same_bits.py [option...] OLD_PROGRAM NEW_PROGRAM

  --old-aux                 OLD_PROGRAM takes "aux_weight" among the settings of "train", not of the
                            network: its experiment is written so
  --expect-different NAME   this run may differ; more than once for more runs
  --keep FOLDER             keep both programs' runs there, an empty folder; default: none are kept

Compares last.safetensors of every run, tensor by tensor, bit for bit, and prints a line a run.
Exit status 0: all are the same, save those that may differ; 1: not; 2: wrong call, or a program
that failed. Build the old program from the old revision in a folder of its own (git worktree).
"""

import argparse
import copy
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

# One of each kind of training: stages that start one another, frozen parts, weights of classes and
# of layers, summed losses, the published geometry, auxiliary heads, bfloat16, accumulation.
TINY = {"name": "vgg11_bn", "width": 0.125, "fc6_kernel": 3, "dropout": 0.1}
SPLITS = {"train": {"split": "train", "size": 60}, "val": {"split": "val", "size": 6}}
EXPERIMENT = {
    "name": "bits", "seed": 3,
    "model": {"backbone": TINY},
    "data": {"name": "shapes", "height": 72, "width": 88, **SPLITS,
             "transforms": [{"name": "flip"}, {"name": "random_scale"},
                            {"name": "random_crop", "height": 64, "width": 64}]},
    "train": {"batch": 3, "iterations": 8, "lr": 0.01, "schedule": "poly", "check_samples": 0,
              "log_every": 4},
    "runs": [
        {"name": "classifier", "model": {"name": "classifier"},
         "data": {"name": "shapes_classes", "side": 64, **SPLITS,
                  "transforms": [{"name": "flip"}]}},
        {"name": "fixed", "model": {"name": "fcn32s"}, "init": "classifier",
         "train": {"only": ["score_fr"], "freeze_bn": True}},
        {"name": "fcn32s", "model": {"name": "fcn32s"}, "init": "classifier",
         "train": {"clip_norm": 1.0}},
        {"name": "fcn16s", "model": {"name": "fcn16s"}, "init": "fcn32s"},
        {"name": "fcn8s", "model": {"name": "fcn8s", "upsampling": "learned"}, "init": "fcn16s"},
        {"name": "weighted", "model": {"name": "fcn8s"},
         "train": {"loss": {"class_weights": [1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]},
                   "groups": [{"prefix": "score_fr", "lr": 10, "decay": 0.5}]}},
        {"name": "summed", "model": {"name": "fcn32s"},
         "train": {"lr": 1e-6, "batch": 1, "momentum": 0.99, "loss": {"reduction": "sum"}}},
        {"name": "published",
         "model": {"name": "fcn32s", "geometry": "published",
                   "backbone": {"name": "vgg11", "width": 0.0625, "fc6_kernel": 7}},
         "train": {"iterations": 3, "batch": 1}},
        {"name": "torchvision", "model": {"name": "fcn_resnet50", "backbone": None, "width": 0.125,
                                          "aux_loss": True}},
        {"name": "deeplabv3", "model": {"name": "deeplabv3_resnet50", "backbone": None,
                                        "width": 0.125, "aux_loss": True, "aux_weight": 0.3}},
        {"name": "bfloat16", "model": {"name": "fcn8s"}, "train": {"precision": "bfloat16"}},
        {"name": "mobilenet",
         "model": {"name": "fcn16s", "output_stride": 16,
                   "backbone": {"name": "mobilenet_v2", "width": 0.25, "fc6_kernel": None,
                                "dropout": None}}},
        {"name": "accumulated", "model": {"name": "fcn8s"}, "train": {"accumulate": 3, "batch": 1}},
        {"name": "accumulated_sum", "model": {"name": "fcn8s"},
         "train": {"accumulate": 3, "batch": 1, "lr": 1e-6, "loss": {"reduction": "sum"}}},
    ],
}

# What the elements of a safetensors file are to `struct`, for the size of a difference.
FORMATS = {"F64": "d", "F32": "f", "F16": "e", "I64": "q", "I32": "i", "I16": "h", "I8": "b",
           "U8": "B", "BOOL": "?"}


def with_old_aux(experiment):
    """"aux_weight" where older programs look for it."""
    experiment = copy.deepcopy(experiment)
    for run in experiment["runs"]:
        if "aux_weight" in run["model"]:
            run.setdefault("train", {})["aux_weight"] = run["model"].pop("aux_weight")
    return experiment


def train(program, experiment, folder):
    """Runs the experiment; the folder of its runs."""
    folder.mkdir(parents=True, exist_ok=True)
    spec = folder / "bits.json"
    spec.write_text(json.dumps(experiment, indent=1), encoding="utf-8")
    command = [program, "run", str(spec), "--out", str(folder / "runs"), "--device", "cpu",
               "--pictures", "0"]
    print("same_bits:", " ".join(command), file=sys.stderr)
    with open(folder / "log.txt", "w", encoding="utf-8") as log:
        status = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT,
                                stdin=subprocess.DEVNULL).returncode
    if status != 0:
        lines = (folder / "log.txt").read_text(encoding="utf-8", errors="replace").splitlines()
        print("\n".join(lines[-5:]), file=sys.stderr)
        sys.exit(2)
    return folder / "runs" / experiment["name"]


def read_tensors(path):
    """name -> (type, shape, bytes)"""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + length])
    header.pop("__metadata__", None)
    data = memoryview(content)[8 + length:]
    return {name: (row["dtype"], row["shape"], bytes(data[slice(*row["data_offsets"])]))
            for name, row in header.items()}


def values(tensor):
    kind, _, data = tensor
    if kind == "BF16":  # The upper half of a float.
        halves = (data[i:i + 2] for i in range(0, len(data), 2))
        data, kind = b"".join(b"\0\0" + half for half in halves), "F32"
    size = struct.calcsize("<" + FORMATS[kind])
    return struct.unpack(f"<{len(data) // size}{FORMATS[kind]}", data)


def compare(old, new):
    """What is different between the tensors of two files, in words; "" where nothing is."""
    parts = []
    for names, which in ((old.keys() - new.keys(), "old"), (new.keys() - old.keys(), "new")):
        if names:
            parts.append(f"{len(names)} tensors only in the {which} file, as {min(names)}")
    both = [name for name in old if name in new]
    shapes = [name for name in both if old[name][:2] != new[name][:2]]
    if shapes:
        parts.append(f"{len(shapes)} tensors of another shape or type, as {shapes[0]}")
    bits = [name for name in both if name not in shapes and old[name] != new[name]]
    if bits:
        largest, name = max((difference(old[name], new[name]), name) for name in bits)
        parts.append(f"{len(bits)} of {len(both)} tensors, max |difference| {largest:.3g}, "
                     f"in {name}")
    return "; ".join(parts)


def difference(old, new):
    """The largest one between elements; infinite where one is not a number."""
    return max((abs(a - b) if a == a and b == b else float("inf")
                for a, b in zip(values(old), values(new)) if a != b), default=0.0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0],
                                     epilog=__doc__.split("\n\n")[-1])
    parser.add_argument("old", metavar="OLD_PROGRAM")
    parser.add_argument("new", metavar="NEW_PROGRAM")
    parser.add_argument("--old-aux", action="store_true",
                        help='OLD_PROGRAM takes "aux_weight" among the settings of "train"')
    parser.add_argument("--expect-different", action="append", default=[], metavar="NAME",
                        choices=[run["name"] for run in EXPERIMENT["runs"]],
                        help="this run may differ; more than once for more runs")
    parser.add_argument("--keep", type=pathlib.Path, metavar="FOLDER",
                        help="keep both programs' runs there")
    arguments = parser.parse_args()
    for program in (arguments.old, arguments.new):
        if not os.access(program, os.X_OK):
            parser.error(f"{program}: no program")
    if arguments.keep and arguments.keep.exists() and any(arguments.keep.iterdir()):
        parser.error(f"--keep: {arguments.keep} is not empty, and finished runs are not run again")

    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or pathlib.Path(temporary)
        old_experiment = with_old_aux(EXPERIMENT) if arguments.old_aux else EXPERIMENT
        old = train(os.path.abspath(arguments.old), old_experiment, folder / "old")
        new = train(os.path.abspath(arguments.new), EXPERIMENT, folder / "new")
        status = 0
        for run in EXPERIMENT["runs"]:
            name = run["name"]
            found = compare(read_tensors(old / name / "last.safetensors"),
                            read_tensors(new / name / "last.safetensors"))
            expected = " (expected)" if name in arguments.expect_different else ""
            print(f"{name:16} " + (f"differs{expected}: {found}" if found else "same"))
            if found and not expected:
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
