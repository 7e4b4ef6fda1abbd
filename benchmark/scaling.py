#!/usr/bin/env python3
"""What a second process gives a training, on two cores: images a second, in alternation.

usage: scaling.py SEGLAB [--rounds 3] [--only PART OF A NAME]

Sides: one process of one thread, one of two threads, two processes of one thread each that share
the batch (--nproc 2), and two of one thread each with half the batch that know nothing of each
other. What the third lacks to the fourth is what the two say to each other: sums of gradients,
and waiting for each other.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile

NETWORKS = {"FCN-8s on ResNet-18": ("fcn8s", "resnet18"), "FCN-32s on VGG-16": ("fcn32s", "vgg16")}
STEPS, LOGGED, SIDE, BATCH = 12, 3, 256, 8


def train(program, network, folder, name, batch, core=None, more=()):
    model, backbone = NETWORKS[network]
    command = [program, "train", "--model", model, "--backbone", backbone, "--dataset", "shapes",
               "--split", "train", "--out", os.path.join(folder, name)]
    for setting in ("data.height=%d" % SIDE, "data.width=%d" % SIDE, "data.train.size=64",
                    "data.val.size=1", "train.iterations=%d" % STEPS, "train.batch=%d" % batch,
                    "train.log_every=%d" % LOGGED, "train.checkpoint_seconds=1000",
                    "train.lr=0.001", "train.check_samples=0", "train.threads=1"):
        command += ["--set", setting]
    command += list(more)
    if core is not None:
        command = ["taskset", "-c", str(core)] + command
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def speed(process, folder, name):
    _, err = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(err.decode())
    with open(os.path.join(folder, name, "metrics.jsonl"), encoding="utf-8") as file:
        lines = [json.loads(line) for line in file if "images_per_second" in line]
    return statistics.median(line["images_per_second"] for line in lines[1:])


def round_of(program, network):
    with tempfile.TemporaryDirectory() as folder:
        def one(name, *arguments, **options):
            return speed(train(program, network, folder, name, *arguments, **options), folder, name)
        found = {"one process, one thread": one("a", BATCH, core=0),
                 "one process, two threads": one("b", BATCH),
                 "two processes, one thread each": one("c", BATCH, more=("--nproc", "2"))}
        apart = [train(program, network, folder, "d%d" % core, BATCH // 2, core=core)
                 for core in (0, 1)]
        found["two that share nothing"] = sum(speed(process, folder, "d%d" % core)
                                              for core, process in enumerate(apart))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    print("| images/s, %dx%d, batch %d | %s | said to each other |\n|---|" % (
        SIDE, SIDE, BATCH, " | ".join(("one process, one thread", "one process, two threads",
                                       "two processes, one thread each", "two that share nothing")))
          + "---|" * 5)
    for network in (name for name in NETWORKS if given.only in name):
        rounds = [round_of(given.program, network) for _ in range(given.rounds)]
        sides = {name: statistics.median(found[name] for found in rounds) for name in rounds[0]}
        lost = statistics.median(1 - found["two processes, one thread each"]
                                 / found["two that share nothing"] for found in rounds)
        print("| %s | %s | %.0f %% |" % (network, " | ".join("%.2f" % value
                                                             for value in sides.values()),
                                         100 * lost), flush=True)


if __name__ == "__main__":
    main()
