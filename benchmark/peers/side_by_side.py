#!/usr/bin/env python3
"""Times seglab beside torchvision and numpy on the same LibTorch, and compares what comes out.

usage: side_by_side.py PROGRAM [--rounds N] [--voc FOLDER] [--markdown FILE] [ROW...]

Each side of a row runs in a process of its own, in turns, so that neither has the warmer machine;
a figure is the median of N rounds' medians, the spread the lowest and highest ratio of a round.
"As used" is what torchvision's own examples do: one thread, as Debian's LibTorch starts with, maps
in the contiguous layout, no_grad. "Tuned" is what somebody who knows does: all threads, the
channels-last layout, inference_mode. Nothing else may run meanwhile.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tests", "twins"))

import twin  # noqa: E402  (skips where there is no torchvision)

import numpy  # noqa: E402
import torch  # noqa: E402
import torchvision  # noqa: E402

import networks  # noqa: E402

HEIGHT, WIDTH = 375, 500  # of most images of VOC
WARM_UP, REPEATS = 1, 3
CROP, TRAIN_BATCH = 320, 2


def median_seconds(work):
    seconds = []
    for i in range(-WARM_UP, REPEATS):
        start = time.perf_counter()
        work()
        if i >= 0:
            seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


# ---- the peers' sides; each runs in a process of its own ----

def infer(make, tuned, all_threads=False):
    torch.set_num_threads(os.cpu_count() if tuned or all_threads else 1)
    network, image = make().eval(), torch.rand(1, 3, HEIGHT, WIDTH)
    if tuned:
        network = network.to(memory_format=torch.channels_last)
        image = image.contiguous(memory_format=torch.channels_last)

    def work():
        out = network(image)
        (out["out"] if isinstance(out, dict) else out).argmax(1).byte()

    with torch.inference_mode() if tuned else torch.no_grad():
        return median_seconds(work)


def train(tuned, bfloat16=False):
    """torchvision's references/segmentation/train.py, a step of it."""
    torch.set_num_threads(os.cpu_count() if tuned else 1)
    network = networks.fcn_resnet50().train()
    image = torch.rand(TRAIN_BATCH, 3, CROP, CROP)
    if tuned:
        network = network.to(memory_format=torch.channels_last)
        image = image.contiguous(memory_format=torch.channels_last)
    label = torch.randint(0, 21, (TRAIN_BATCH, CROP, CROP))
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-6, momentum=0.9, weight_decay=1e-4)

    def step():
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
            loss = torch.nn.functional.cross_entropy(network(image)["out"].float(), label,
                                                     ignore_index=255)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return median_seconds(step) / TRAIN_BATCH


class VocReference(torch.utils.data.Dataset):
    """VOC with the transforms of torchvision's references/segmentation: random resize by 0.5 to 2
    of 520, flip, crop of 480, to a normalised tensor; PIL as there."""

    def __init__(self, folder):
        from PIL import Image
        self.image = Image
        with open(os.path.join(folder, "ImageSets/Segmentation/train.txt"), encoding="utf-8") as file:
            self.names = file.read().split()
        self.folder = folder

    def __len__(self):
        return len(self.names)

    def __getitem__(self, index):
        from torchvision.transforms import functional
        name = self.names[index]
        image = self.image.open(os.path.join(self.folder, "JPEGImages", name + ".jpg")).convert("RGB")
        mask = self.image.open(os.path.join(self.folder, "SegmentationClass", name + ".png"))
        size = int(torch.randint(260, 1041, (1,)))
        image = functional.resize(image, size, antialias=True)
        mask = functional.resize(mask, size,
                                 interpolation=torchvision.transforms.InterpolationMode.NEAREST)
        if torch.rand(1) < 0.5:
            image, mask = functional.hflip(image), functional.hflip(mask)
        pad = [0, 0, max(480 - image.width, 0), max(480 - image.height, 0)]
        image, mask = functional.pad(image, pad), functional.pad(mask, pad, fill=255)
        place = torchvision.transforms.RandomCrop.get_params(image, (480, 480))
        image, mask = functional.crop(image, *place), functional.crop(mask, *place)
        image = functional.normalize(functional.to_tensor(image), (0.485, 0.456, 0.406),
                                     (0.229, 0.224, 0.225))
        return image, torch.as_tensor(numpy.array(mask), dtype=torch.int64)


def load(folder, workers, batches=12, batch=8):
    torch.set_num_threads(1)
    loader = torch.utils.data.DataLoader(VocReference(folder), batch, shuffle=True,
                                         num_workers=workers, drop_last=True)
    source = iter(loader)
    for _ in range(2):
        next(source)
    start = time.perf_counter()
    for _ in range(batches):
        next(source)
    return (time.perf_counter() - start) / batches / batch


def count(pixels, classes=21):
    """The histogram that FCN's reference and torchvision's ConfusionMatrix compute."""
    numbers = numpy.random.RandomState(1)
    truth = numpy.repeat(numbers.randint(0, classes, pixels // 64).astype(numpy.uint8), 64)
    guess = numpy.roll(truth, 5)  # as seglab's benchmark makes them

    def work():
        keep = truth < classes
        numpy.bincount(classes * truth[keep].astype(int) + guess[keep], minlength=classes ** 2)

    return median_seconds(work) / pixels


PEERS = {
    "fcn_resnet50/used": lambda voc: infer(networks.fcn_resnet50, False),
    "fcn_resnet50/tuned": lambda voc: infer(networks.fcn_resnet50, True),
    "fcn8s/used": lambda voc: infer(networks.Fcn8s, False),
    "fcn8s/used, all threads": lambda voc: infer(networks.Fcn8s, False, all_threads=True),
    "fcn8s/tuned": lambda voc: infer(networks.Fcn8s, True),
    "train/used": lambda voc: train(False),
    "train/tuned": lambda voc: train(True),
    "train/tuned bfloat16": lambda voc: train(True, bfloat16=True),
    "load/0 workers": lambda voc: load(voc, 0),
    "load/2 workers": lambda voc: load(voc, 2),
    "count/numpy": lambda voc: count(1 << 24),
}

# ---- the rows ----

INFER = ["--height", str(HEIGHT), "--width", str(WIDTH), "--repeats", str(REPEATS)]
TRAIN = ["--height", str(CROP), "--width", str(CROP), "--batch", str(TRAIN_BATCH), "--repeats",
         str(REPEATS)]
TRANSFORMS = json.dumps([{"name": "resize_short", "side": 520},
                         {"name": "random_scale", "min": 0.5, "max": 2.0}, {"name": "flip"},
                         {"name": "random_crop", "height": 480, "width": 480}])
PUBLISHED = json.dumps({"name": "fcn8s", "geometry": "published"})


def ours_loading(threads):
    return ["data", "--dataset", "voc", "--data-root", "{voc}", "--split", "train", "--transforms",
            TRANSFORMS, "--batch", "8", "--threads", str(threads), "--seconds", "8"]


# name, what is counted, peers' sides, seglab's sides: label and arguments of `seglab bench`.
ROWS = [
    ("FCN-ResNet50, inference", "image", ["fcn_resnet50/used", "fcn_resnet50/tuned"],
     {"seglab": ["inference", "--model", "fcn_resnet50"] + INFER,
      "seglab --winograd": ["inference", "--model", "fcn_resnet50", "--winograd"] + INFER,
      "seglab bfloat16": ["inference", "--model", "fcn_resnet50", "--precision", "bfloat16"]
                         + INFER}),
    ("FCN-8s VGG-16, inference", "image", ["fcn8s/used", "fcn8s/used, all threads", "fcn8s/tuned"],
     {"seglab published": ["inference", "--model", PUBLISHED] + INFER,
      "seglab published --winograd": ["inference", "--model", PUBLISHED, "--winograd"] + INFER,
      "seglab tight": ["inference", "--model", "fcn8s"] + INFER,
      "seglab tight --winograd": ["inference", "--model", "fcn8s", "--winograd"] + INFER,
      "seglab tight bfloat16": ["inference", "--model", "fcn8s", "--precision", "bfloat16"]
                               + INFER}),
    ("FCN-ResNet50, training in float32", "image", ["train/used", "train/tuned"],
     {"seglab": ["train", "--model", "fcn_resnet50"] + TRAIN,
      "seglab --winograd": ["train", "--model", "fcn_resnet50", "--winograd"] + TRAIN}),
    ("FCN-ResNet50, training in bfloat16", "image", ["train/tuned", "train/tuned bfloat16"],
     {"seglab bfloat16": ["train", "--model", "fcn_resnet50", "--precision", "bfloat16"] + TRAIN}),
    ("loading VOC, one core", "image", ["load/0 workers"], {"seglab": ours_loading(0)}),
    ("loading VOC, two workers", "image", ["load/2 workers"], {"seglab": ours_loading(2)}),
    ("confusion matrix, 21 classes", "pixel", ["count/numpy"],
     {"seglab": ["metrics", "--pixels", str(1 << 24), "--repeats", str(REPEATS)]}),
]


def run(command):
    """Its output, and the most memory that it held."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit {process.returncode}")
    return out, usage.ru_maxrss * 1024


def run_peer(name, voc):
    out, peak = run([sys.executable, __file__, "--peer", name, "--voc", voc or "", "-"])
    return {"seconds": float(out), "peak": peak}


def run_ours(program, arguments, voc, folder):
    file = os.path.join(folder, "bench.json")
    arguments = [voc or "" if part == "{voc}" else part for part in arguments]
    _, peak = run([program, "bench", *arguments, "--json", file])
    with open(file, encoding="utf-8") as text:
        found = json.load(text)
    side = {"seconds": found["seconds"]["median"] / found["items"], "peak": peak}
    if "floor" in found:
        side["floor"] = found["floor"]["seconds"] / found["items"]
    return side


def measure(row, program, rounds, voc, folder):
    """label -> what each round found."""
    _, _, peers, ours = row
    found = {}
    for _ in range(rounds):
        for label in peers + list(ours):
            found.setdefault(label, []).append(
                run_peer(label, voc) if label in peers
                else run_ours(program, ours[label], voc, folder))
    return found


def time_text(seconds):
    for unit, size in (("s", 1), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9)):
        if seconds >= size:
            break
    return f"{seconds / size:.3g} {unit}"


def table(row, found):
    """Lines of Markdown; ratios are to the best of the peers in the same round."""
    title, item, peers, ours = row
    lines = [f"| {title} | time for one {item} | beside the best peer | floor | over the floor | "
             "peak memory |", "|---|--:|--:|--:|--:|--:|"]
    rounds = range(len(found[peers[0]]))
    best = [min(found[label][i]["seconds"] for label in peers) for i in rounds]
    for label in peers + list(ours):
        seconds = [side["seconds"] for side in found[label]]
        ratios = [peer / own for peer, own in zip(best, seconds)]
        cells = [label, time_text(statistics.median(seconds)), "", "", "",
                 f"{statistics.median(side['peak'] for side in found[label]) / 2**30:.2f} GiB"]
        if label in ours:
            cells[2] = f"{statistics.median(ratios):.2f}x ({min(ratios):.2f} to {max(ratios):.2f})"
            if "floor" in found[label][0]:
                over = statistics.median(side["seconds"] / side["floor"] for side in found[label])
                cells[3] = time_text(statistics.median(side["floor"] for side in found[label]))
                cells[4] = f"{over:.2f}x"
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def differences(program, folder):
    """The largest difference of logits for the same weights and image."""
    lines = []
    for name, make, model in (("FCN-ResNet50", networks.fcn_resnet50,
                               {"name": "fcn_resnet50", "num_classes": 21}),
                              ("FCN-8s, published geometry", networks.Fcn8s,
                               {"name": "fcn8s", "geometry": "published", "num_classes": 21})):
        network = make().eval()
        state = network.state_dict()
        for key, tensor in state.items():
            twin.fill(key, tensor)
        weights = os.path.join(folder, "weights.safetensors")
        twin.write_safetensors(weights, state)
        image = twin.noise("image", 0, 3 * HEIGHT * WIDTH).float().reshape(1, 3, HEIGHT, WIDTH)
        with torch.inference_mode():
            peer = network(image)
        peer = peer["out"] if isinstance(peer, dict) else peer
        texts = []
        for options in ([], ["--winograd"]):
            found, error = twin.forward(program, model, weights, image, folder, options)
            if found is None:
                raise SystemExit(f"{name}: {error}")
            largest = float((found["logits"] - peer).abs().max())
            texts.append(f"{largest:.2g}" + (" with --winograd" if options else ""))
        lines.append(f"- {name}: logits up to {float(peer.abs().max()):.3g}, differing by at most "
                     + ", ".join(texts))
    return lines


def machine():
    model = platform.processor()
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return (f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, PyTorch "
            f"{torch.__version__}, torchvision {torchvision.__version__}, "
            f"{datetime.date.today().isoformat()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", help="seglab")
    parser.add_argument("rows", nargs="*", help="parts of rows' names; none: all")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--voc", help="root of PASCAL VOC, for the rows that load it")
    parser.add_argument("--markdown", help="file for the tables")
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    options = parser.parse_intermixed_args()
    if options.peer:
        print(PEERS[options.peer](options.voc))
        return
    lines = [machine(), ""]
    with tempfile.TemporaryDirectory() as folder:
        if not options.rows:
            lines += ["Equal weights, equal image:", ""] + differences(options.program, folder)
            lines.append("")
        for row in ROWS:
            if options.rows and not any(part in row[0] for part in options.rows):
                continue
            if row[0].startswith("loading") and not options.voc:
                print(f"{row[0]}: left out, --voc names no folder", file=sys.stderr)
                continue
            found = measure(row, options.program, options.rounds, options.voc, folder)
            lines += table(row, found) + [""]
            print("\n".join(lines[-3 - len(found):]), flush=True)
    if options.markdown:
        with open(options.markdown, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))


if __name__ == "__main__":
    main()
