#!/usr/bin/env python3
"""VGG against torchvision. usage: vgg_twin.py PROGRAM [all | NAME...]

Each network weighs half a gigabyte, so that only two run unless others are named.
"""

import sys

import twin

import torchvision


def row(name, default=False):
    make = getattr(torchvision.models, name)
    return twin.Twin(
        name=name,
        make=lambda: make(init_weights=False),
        model={"name": "classifier", "backbone": name, "num_classes": 1000},
        # 161 pixels leave 5x5 cells, which the pooling layer spreads over 7x7.
        sizes=[224, 161],
        default=default)


ROWS = [
    row("vgg11", default=True),
    row("vgg13"),
    row("vgg16"),
    row("vgg19"),
    row("vgg11_bn"),
    row("vgg13_bn"),
    row("vgg16_bn", default=True),
    row("vgg19_bn"),
]

if __name__ == "__main__":
    sys.exit(twin.main(ROWS))
