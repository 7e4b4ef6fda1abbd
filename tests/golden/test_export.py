#!/usr/bin/env python3
"""What seglab writes is torchvision's: converted weights load there strictly and give its logits.

usage: test_export.py PROGRAM     exit 77 where there is no torchvision

Networks of torchvision go through torch.save, `seglab weights convert --as` and back into a fresh
network of torchvision, with strict=True; `seglab forward` on the converted file must give that
network's logits.
"""

import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "twins"))
import twin  # exits with 77 without torchvision

import torch
from torchvision import models

SIZE = 97  # pixels; no multiple of a stride

# name: -> (() -> torchvision's network, what --as is given)
NETWORKS = {
    "fcn_resnet50": (
        lambda: models.segmentation.fcn_resnet50(weights=None, weights_backbone=None,
                                                 num_classes=21, aux_loss=True),
        {"name": "fcn_resnet50", "aux_loss": True}),
    "resnet18": (lambda: models.resnet18(num_classes=10),
                 {"name": "classifier", "backbone": "resnet18"}),
}


def check(program, name, make, model, folder):
    """Returns what is wrong, one text per finding."""
    source, target = os.path.join(folder, name + ".pth"), os.path.join(folder, name + ".safetensors")
    network = make()
    with torch.no_grad():
        for key, tensor in network.state_dict().items():
            twin.fill(key, tensor)
    torch.save(network.state_dict(), source)
    run = subprocess.run([program, "weights", "convert", source, target, "--as",
                          json.dumps(model), "--preprocessing", "imagenet"],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(run.stdout, end="")
    if run.returncode != 0:
        return [f"{name}: exit {run.returncode}: {run.stdout.strip()}"]

    fresh = make().eval()
    fresh.load_state_dict(twin.read_safetensors(target), strict=True)
    wrong = [f"{name}: {key} differs" for key, tensor in network.state_dict().items()
             if not torch.equal(tensor, fresh.state_dict()[key])]
    image = twin.noise("image", 0, 3 * SIZE * SIZE).float().reshape(1, 3, SIZE, SIZE)
    with torch.no_grad():
        expected = twin.outputs(fresh, image)
    found, reason = twin.forward(program, model, target, image, folder)
    return wrong + ([f"{name}: {reason}"] if found is None else twin.compare(name, found, expected))


def main():
    if len(sys.argv) != 2:
        print(f"usage: {sys.argv[0]} PROGRAM")
        return 2
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (make, model) in NETWORKS.items():
            wrong += check(sys.argv[1], name, make, model, folder)
    for line in wrong:
        print("WRONG:", line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
