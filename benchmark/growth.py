#!/usr/bin/env python3
"""How seglab's times and memory grow with what is asked of it.

usage: growth.py PROGRAM [--markdown FILE] [--checkpoint RUN] [TABLE...]

Each line of a table is one run of `seglab bench` by itself, the fastest of its repeats, and the most
memory that its process held. The last column divides by what grows, so that a table whose column
does not rise grows no faster. "eval" needs a trained network of the built-in data set. Nothing else
may run meanwhile.
"""

import argparse
import json
import os
import subprocess
import tempfile

INFERENCE = ["inference", "--repeats", "5"]
SMALL = json.dumps({"name": "fcn32s", "backbone": {"name": "vgg16", "width": 0.25, "fc6_kernel": 3}})


def sides(arguments, values):
    return [(f"{side} x {side}", side * side,
             arguments + ["--height", str(side), "--width", str(side)]) for side in values]


def counts(arguments, option, values):
    return [(str(value), value, arguments + [option, str(value)]) for value in values]


# name, what grows, per what the last column counts, lines: label, count, arguments.
TABLES = [
    ("size of the image, FCN-8s", "pixels", sides(INFERENCE + ["--model", "fcn8s"],
                                                  (128, 256, 384, 512, 768, 1024))),
    ("size of the image, FCN-ResNet50, Winograd", "pixels",
     sides(INFERENCE + ["--model", "fcn_resnet50", "--winograd"], (128, 256, 384, 512, 768, 1024))),
    ("classes, FCN-ResNet50 on 375 x 500", "classes",
     counts(INFERENCE + ["--model", "fcn_resnet50", "--height", "375", "--width", "500"],
            "--classes", (2, 21, 60, 150, 255))),
    ("images in a step of training, a small FCN-32s on 128 x 128", "images",
     counts(["train", "--repeats", "5", "--model", SMALL, "--height", "128", "--width", "128"],
            "--batch", (1, 2, 4, 8, 16, 32))),
    ("size of the image, region proposals", "pixels",
     sides(["proposals", "--repeats", "5"], (128, 256, 512, 1024))),
    ("labels, dense CRF on 375 x 500", "labels",
     counts(["crf", "--repeats", "3", "--height", "375", "--width", "500"], "--classes",
            (2, 21, 60, 150))),
    ("classes, confusion matrix of 16 million pixels", "classes",
     counts(["metrics", "--repeats", "5"], "--classes", (2, 21, 150, 255))),
]


def run(command):
    """The most memory that it held."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit {process.returncode}")
    return usage.ru_maxrss * 1024


def text(seconds):
    for unit, size in (("s", 1), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9)):
        if seconds >= size:
            break
    return f"{seconds / size:.3g} {unit}"


def grow(program, table, folder):
    title, what, lines = table
    rows = [f"| {title} | time | peak memory | time for one of the {what} |", "|---|--:|--:|--:|"]
    file = os.path.join(folder, "bench.json")
    for label, count, arguments in lines:
        peak = run([program, "bench", *arguments, "--json", file])
        with open(file, encoding="utf-8") as found:
            seconds = json.load(found)["seconds"]["fastest"]
        rows.append(f"| {label} | {text(seconds)} | {peak / 2**20:.0f} MiB | "
                    f"{text(seconds / count)} |")
    return rows


def threads(program, folder):
    """One core beside all of them."""
    rows = ["| threads, on 375 x 500 | one core | all cores | ratio |", "|---|--:|--:|--:|"]
    file = os.path.join(folder, "bench.json")
    network = ["--height", "375", "--width", "500", "--repeats", "5"]
    for label, arguments in (
            ("FCN-ResNet50", ["inference", "--model", "fcn_resnet50"] + network),
            ("FCN-ResNet50, Winograd", ["inference", "--model", "fcn_resnet50", "--winograd"]
             + network),
            ("dense CRF, 21 labels", ["crf", "--repeats", "3", "--height", "375", "--width", "500"]),
            ("region proposals", ["proposals", "--repeats", "5", "--height", "375", "--width",
                                  "500"])):
        seconds = []
        for prefix in (["taskset", "-c", "0"], []):
            run(prefix + [program, "bench", *arguments, "--json", file])
            with open(file, encoding="utf-8") as found:
                seconds.append(json.load(found)["seconds"]["fastest"])
        rows.append(f"| {label} | {text(seconds[0])} | {text(seconds[1])} | "
                    f"{seconds[0] / seconds[1]:.2f}x |")
    return rows


def evaluate(program, checkpoint):
    """Peak memory of evaluations that differ in the number of their images alone."""
    rows = ["| images of an evaluation, built-in data set | peak memory |", "|---|--:|"]
    for count in (50, 500, 5000):
        peak = run([program, "eval", "--checkpoint", checkpoint, "--dataset", "shapes", "--set",
                    f"size={count}"])
        rows.append(f"| {count} | {peak / 2**20:.0f} MiB |")
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", help="seglab")
    parser.add_argument("tables", nargs="*", help="parts of tables' names; none: all")
    parser.add_argument("--markdown", help="file for the tables")
    parser.add_argument("--checkpoint", help="run folder of a network for the built-in data set")
    options = parser.parse_intermixed_args()

    def wanted(name):
        return not options.tables or any(part in name for part in options.tables)

    lines = []

    def add(rows):
        print("\n".join(rows) + "\n", flush=True)
        lines.extend(rows + [""])

    with tempfile.TemporaryDirectory() as folder:
        for table in TABLES:
            if wanted(table[0]):
                add(grow(options.program, table, folder))
        if wanted("threads"):
            add(threads(options.program, folder))
    if options.checkpoint and wanted("eval"):
        add(evaluate(options.program, options.checkpoint))
    if options.markdown:
        with open(options.markdown, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))


if __name__ == "__main__":
    main()
