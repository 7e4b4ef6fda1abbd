#!/usr/bin/env python3
"""Every network of torchvision that seglab has. usage: torchvision_twin.py PROGRAM [all | NAME...]

The VGGs weigh half a gigabyte each, so that only two of them run unless others are named.
"""

import sys

import twin

from torchvision import models

# 161 pixels are no multiple of any stride: VGG's 5x5 and AlexNet's 4x4 cells are spread over the
# classifier's window, and pools that round up and down differ.
SIZES = [224, 161]


def classifier(name, options=None, default=True, **arguments):
    """torchvision's models.<name>(**arguments) and seglab's backbone of that name with options."""
    backbone = {"name": name, **(options or {})}
    label = name + "".join(f"+{key}" for key in (options or {}))
    return twin.Twin(
        name=label,
        make=lambda: getattr(models, name)(**arguments),
        model={"name": "classifier", "backbone": backbone, "num_classes": 1000},
        sizes=SIZES,
        default=default)


def vgg(name, default=False):
    return classifier(name, default=default, init_weights=False)


def segmenter(name, aux_loss, default=True):
    make = getattr(models.segmentation, name)
    return twin.Twin(
        name=name + ("+aux" if aux_loss else ""),
        make=lambda: make(weights=None, weights_backbone=None, num_classes=21, aux_loss=aux_loss),
        model={"name": name, "num_classes": 21, "aux_loss": aux_loss},
        sizes=SIZES,
        default=default)


ROWS = [
    classifier("alexnet"),
    vgg("vgg11", default=True),
    vgg("vgg13"),
    vgg("vgg16"),
    vgg("vgg19"),
    vgg("vgg11_bn"),
    vgg("vgg13_bn"),
    vgg("vgg16_bn", default=True),
    vgg("vgg19_bn"),
    classifier("googlenet", init_weights=False, aux_logits=False),
    # In evaluation the auxiliary heads are weights without an output.
    classifier("googlenet", {"aux_loss": True, "transform_input": True}, init_weights=False,
               aux_logits=True, transform_input=True),
    classifier("resnet18"),
    classifier("resnet34"),
    classifier("resnet50"),
    classifier("resnet101"),
    classifier("resnet152"),
    classifier("squeezenet1_0"),
    classifier("squeezenet1_1"),
    classifier("mobilenet_v2"),
    segmenter("fcn_resnet50", aux_loss=False),
    segmenter("fcn_resnet50", aux_loss=True),
    segmenter("fcn_resnet101", aux_loss=True),
    segmenter("deeplabv3_resnet50", aux_loss=True),
    segmenter("deeplabv3_resnet101", aux_loss=True, default=False),
]

if __name__ == "__main__":
    sys.exit(twin.main(ROWS))
