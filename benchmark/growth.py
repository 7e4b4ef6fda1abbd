#!/usr/bin/env python3
"""How seglab's times and memory grow with what is asked of it.

usage: growth.py PROGRAM [--markdown FILE] [--plot FILE.svg] [--checkpoint RUN] [TABLE...]
       growth.py --of FILE.md --plot FILE.svg         draws tables that are there

Each line of a table is one run of `seglab bench` by itself, the fastest of its repeats, and the most
memory that its process held. The last column divides by what grows, so that a table whose column
does not rise grows no faster. "eval" needs a trained network of the built-in data set. Nothing else
may run meanwhile.
"""

import argparse
import json
import math
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


# ---- the picture ----

WIDE, HIGH, LEFT, TOP, BOTTOM, PANELS = 310, 220, 60, 40, 36, 3
UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


def seconds_of(cell):
    number, unit = cell.split()
    return float(number) * UNITS[unit]


def curves(lines):
    """The tables of a Markdown file that have times: title, [(what grows, seconds)]."""
    found, inside = [], False
    for line in lines:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) != 4 or cells[0].startswith("--"):
            inside = inside and len(cells) == 4
        elif cells[1] == "time":
            found.append((cells[0], []))
            inside = True
        elif inside:
            grows = 1
            for part in cells[0].split(" x "):
                grows *= float(part)
            found[-1][1].append((grows, seconds_of(cells[1])))
    return [(title, points) for title, points in found if len(points) > 1]


def panel(title, points, x, y):
    """Both axes logarithmic; the dashed line grows as what is asked for does."""
    def place(value, low, high, begin, end):
        return begin + (end - begin) * math.log(value / low) / math.log(high / low)

    xs, ys = [p[0] for p in points], [p[1] for p in points]
    low, high = min(ys) / 2, max(ys) * 2
    right, bottom = x + WIDE - 24, y + HIGH - BOTTOM
    name, _, rest = title.partition(", ")
    svg = [f'<text x="{x}" y="{y + 14}" class="title">{rest or name}</text>',
           f'<text x="{x}" y="{y + 29}">time against {name if rest else "size"}</text>',
           f'<path class="axis" d="M{x + LEFT} {y + TOP}V{bottom}H{right}"/>']
    spots = [(place(a, xs[0], xs[-1], x + LEFT + 8, right - 8),
              place(b, low, high, bottom, y + TOP)) for a, b in points]
    # From where it comes into the picture up to the last point.
    first = max(xs[0], xs[-1] * low / ys[-1])
    start = (place(first, xs[0], xs[-1], x + LEFT + 8, right - 8),
             place(ys[-1] * first / xs[-1], low, high, bottom, y + TOP))
    svg.append(f'<path class="ideal" d="M{start[0]:.1f} {start[1]:.1f}L{spots[-1][0]:.1f} '
               f'{spots[-1][1]:.1f}"/>')
    svg.append('<path class="line" d="M' + "L".join(f"{a:.1f} {b:.1f}" for a, b in spots) + '"/>')
    svg += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3.5"/>' for a, b in spots]
    ends = [(ys[0], spots[0]), (ys[-1], spots[-1])]
    apart = abs(spots[0][1] - spots[-1][1]) > 14
    for value, (_, at) in ends if apart else ends[1:]:
        svg.append(f'<text x="{x + LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{text(value)}</text>')
    for value, (at, _) in ((xs[0], spots[0]), (xs[-1], spots[-1])):
        label = f"{value / 1e6:.3g} M" if value >= 1e6 else f"{value:,.0f}"
        svg.append(f'<text x="{at:.1f}" y="{bottom + 16}" text-anchor="middle">{label}</text>')
    return svg


def picture(lines):
    tables = curves(lines)
    rows = (len(tables) + PANELS - 1) // PANELS
    wide, high = PANELS * WIDE, rows * HIGH
    svg = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" '
           f'height="{high}">',
           "<style>text{font:11px system-ui,sans-serif;fill:#555}.title{font-weight:600;"
           "fill:#111;font-size:12.5px}.axis{stroke:#999;fill:none}.line{stroke:#0072b2;"
           "stroke-width:2;fill:none}.ideal{stroke:#999;stroke-dasharray:4 4;fill:none}"
           "circle{fill:#0072b2}</style>",
           f'<rect width="{wide}" height="{high}" fill="#fff"/>']
    for i, (title, points) in enumerate(tables):
        svg += panel(title, points, i % PANELS * WIDE + 4, i // PANELS * HIGH)
    return "\n".join(svg + ["</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", nargs="?", help="seglab")
    parser.add_argument("tables", nargs="*", help="parts of tables' names; none: all")
    parser.add_argument("--markdown", help="file for the tables")
    parser.add_argument("--plot", help="SVG file for the curves")
    parser.add_argument("--of", help="Markdown file whose tables are drawn, none made")
    parser.add_argument("--checkpoint", help="run folder of a network for the built-in data set")
    options = parser.parse_intermixed_args()
    if options.of:
        with open(options.of, encoding="utf-8") as file:
            drawn = picture(file.readlines())
        with open(options.plot, "w", encoding="utf-8") as file:
            file.write(drawn)
        return
    if not options.program:
        parser.error("name the program")

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
    if options.plot:
        with open(options.plot, "w", encoding="utf-8") as file:
            file.write(picture(lines))


if __name__ == "__main__":
    main()
