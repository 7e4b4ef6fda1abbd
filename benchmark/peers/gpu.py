#!/usr/bin/env python3
"""seglab and torchvision's networks in turn on one GPU: images a second, forward and training.

usage: gpu.py SEGLAB [--device cuda] [--rounds 5] [--markdown FILE]

Torchvision's side is the tuned one: channels-last, its own loop of torchvision's reference (cross
entropy, SGD with momentum), the same precision, batch and size. Loading is in neither.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time

import torch
from torchvision import models

import networks

SIDES = {"fcn_resnet50": (networks.fcn_resnet50, '{"name": "fcn_resnet50"}'),
         "deeplabv3_resnet101": (
             lambda: models.segmentation.deeplabv3_resnet101(weights=None, weights_backbone=None,
                                                             num_classes=21, aux_loss=False),
             '{"name": "deeplabv3_resnet101"}'),
         "fcn8s published": (networks.Fcn8s, '{"name": "fcn8s", "geometry": "published"}')}


def logits(output):
    return output["out"] if isinstance(output, dict) else output


def timed(step, device, seconds):
    """Seconds of one step, after three that do not count."""
    def wait():
        if device.type == "cuda":
            torch.cuda.synchronize(device)
    for _ in range(3):
        step()
    wait()
    start, steps = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        step()
        steps += 1
        wait()
    return (time.perf_counter() - start) / steps


def peer(make, work, precision, batch, side, device, seconds):
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.benchmark = True
    net = make().to(device).to(memory_format=torch.channels_last)
    image = torch.randn(batch, 3, side, side, device=device).to(memory_format=torch.channels_last)
    label = torch.randint(0, 21, (batch, side, side), device=device)
    cast = torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")
    if work == "inference":
        net.eval()

        def step():
            with torch.inference_mode(), cast:
                logits(net(image)).argmax(1)
    else:
        descent = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)

        def step():
            descent.zero_grad(set_to_none=True)
            with cast:
                loss = torch.nn.functional.cross_entropy(logits(net(image)), label)
            loss.backward()
            descent.step()
    return timed(step, device, seconds) / batch


def ours(program, spec, work, precision, batch, side, device, seconds):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "bench.json")
        subprocess.run([program, "bench", work, "--model", spec, "--precision", precision, "--batch",
                        str(batch), "--height", str(side), "--width", str(side), "--device",
                        str(device), "--seconds", str(seconds), "--json", path], check=True,
                       stdout=subprocess.DEVNULL)
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    return found["seconds"]["median"] / found["items"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--side", type=int, default=480)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--only", default="", help="part of a network's name")
    parser.add_argument("--markdown")
    given = parser.parse_args()
    device = torch.device(given.device)
    if device.type == "cuda":
        print(torch.cuda.get_device_name(device), "torch", torch.__version__)
    lines = ["| network | work | precision | seglab, images/s | torchvision tuned, images/s | ratio |",
             "|---|---|---|---|---|---|"]
    for name, (make, spec) in SIDES.items():
        if given.only not in name:
            continue
        for work in ("inference", "train"):
            for precision in ("float32", "tf32", "bfloat16"):
                if work == "train" and name.startswith("fcn8s"):
                    continue  # its peer is for inference
                about = (work, precision, given.batch, given.side, device, given.seconds)
                rounds = [(ours(given.program, spec, *about), peer(make, *about))
                          for _ in range(given.rounds)]
                us, them = (statistics.median(side) for side in zip(*rounds))
                ratio = statistics.median(b / a for a, b in rounds)
                lines.append("| %s | %s | %s | %.1f | %.1f | %.2f |"
                             % (name, work, precision, 1 / us, 1 / them, ratio))
                print(lines[-1], flush=True)
    if given.markdown:
        with open(given.markdown, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
