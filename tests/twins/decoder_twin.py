#!/usr/bin/env python3
"""Encoder-decoders against PyTorch: the papers' layers written down once more with its modules.

usage: decoder_twin.py PROGRAM [all | NAME...]

What torchvision has no network for is built here from torch.nn, under seglab's names, so that
unpooling, recurrent layers, mirrored borders, multi-grid and pyramids are checked by other code.
"""

import sys

import twin

import torch
from torch import nn
from torch.nn import functional
from torchvision import models
from torchvision.models.segmentation.deeplabv3 import ASPP

CLASSES = 5


class Unet(nn.Module):
    """Ronneberger et al. 2015, figure 1, on the image mirrored around itself."""

    def __init__(self, channels=(16, 32, 64, 128, 256)):
        super().__init__()

        def pair(i, o):
            return nn.Sequential(nn.Conv2d(i, o, 3), nn.ReLU(), nn.Conv2d(o, o, 3), nn.ReLU())

        before = 3
        for level, width in enumerate(channels, 1):
            setattr(self, f"down{level}", pair(before, width))
            before = width
        for level in range(len(channels) - 1, 0, -1):
            up = nn.Module()
            up.up = nn.ConvTranspose2d(2 * channels[level - 1], channels[level - 1], 2, 2)
            setattr(self, f"upconv{level}", up)
            setattr(self, f"up{level}", pair(2 * channels[level - 1], channels[level - 1]))
        self.score = nn.Conv2d(channels[0], CLASSES, 1)

    def forward(self, image):
        size = image.shape[2]
        side = (size - 4 + 15) // 16 * 16 + 4
        x = functional.pad(image, (92, 92 + side - size, 92, 92 + side - size), mode="reflect")
        maps = []
        for level in range(1, 6):
            x = getattr(self, f"down{level}")(x)
            maps.append(x)
            if level < 5:
                x = functional.max_pool2d(x, 2)
        for level in range(4, 0, -1):
            x = getattr(self, f"upconv{level}").up(x)
            border = (maps[level - 1].shape[2] - x.shape[2]) // 2
            skip = functional.pad(maps[level - 1], [-border] * 4)
            x = getattr(self, f"up{level}")(torch.cat([skip, x], 1))
        return self.score(x)[:, :, :size, :size]


def vgg_features(depths, channels):
    layers, before = [], 3
    for depth, width in zip(depths, channels):
        for _ in range(depth):
            layers += [nn.Conv2d(before, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
            before = width
        layers.append(nn.MaxPool2d(2, ceil_mode=True, return_indices=True))
    return nn.Sequential(*layers)


class Mirror(nn.Module):
    """SegNet, and with `fc` DeconvNet: VGG, and its stages in reverse behind max unpooling."""

    def __init__(self, depths, channels, fc=0):
        super().__init__()
        self.backbone = nn.Module()
        self.backbone.features = vgg_features(depths, channels)
        self.fc = fc
        self.stages = len(depths)
        if fc:
            def unit(conv):
                return nn.Sequential(conv, nn.BatchNorm2d(conv.out_channels), nn.ReLU())
            self.fc6 = unit(nn.Conv2d(channels[-1], fc, 7))
            self.fc7 = unit(nn.Conv2d(fc, fc, 1))
            self.deconv_fc6 = unit(nn.ConvTranspose2d(fc, channels[-1], 7))
            self.score = nn.Conv2d(channels[0], CLASSES, 1)
        conv = nn.ConvTranspose2d if fc else nn.Conv2d
        for stage in range(self.stages, 0, -1):
            width, layers = channels[stage - 1], []
            last = channels[stage - 2] if stage > 1 else (width if fc else CLASSES)
            for out in [width] * (depths[stage - 1] - 1) + [last]:
                layers += [conv(width, out, 3, padding=1), nn.BatchNorm2d(out), nn.ReLU()]
            if stage == 1 and not fc:
                layers = layers[:-2]
            setattr(self, f"{'deconv' if fc else 'decode'}{stage}", nn.Sequential(*layers))

    def forward(self, x):
        pools = []
        for layer in self.backbone.features:
            if isinstance(layer, nn.MaxPool2d):
                size = x.shape[2:]
                x, indices = layer(x)
                pools.append((indices, size))
            else:
                x = layer(x)
        if self.fc:
            height, width = x.shape[2:]
            x = functional.pad(x, (0, max(0, 7 - width), 0, max(0, 7 - height)))
            x = self.deconv_fc6(self.fc7(self.fc6(x)))[:, :, :height, :width]
        for stage in range(self.stages, 0, -1):
            indices, size = pools[stage - 1]
            x = functional.max_unpool2d(x, indices, 2, output_size=size)
            x = getattr(self, f"{'deconv' if self.fc else 'decode'}{stage}")(x)
        return self.score(x) if self.fc else x


class ReSeg(nn.Module):
    """Visin et al. 2016 on ResNet-18's first stage."""

    def __init__(self, units=12, channels=10):
        super().__init__()
        whole = models.resnet18(weights=None)
        self.backbone = nn.Module()
        for name in ("conv1", "bn1", "layer1"):
            setattr(self.backbone, name, getattr(whole, name))
        for number, width in ((1, 64), (2, 2 * units)):
            layer = nn.Module()
            layer.vertical = nn.GRU(width, units, bidirectional=True)
            layer.horizontal = nn.GRU(2 * units, units, bidirectional=True)
            setattr(self, f"renet{number}", layer)
        self.up1 = nn.ConvTranspose2d(2 * units, channels, 2, 2)
        self.up2 = nn.ConvTranspose2d(channels, channels, 2, 2)
        self.score = nn.Conv2d(channels, CLASSES, 1)

    def forward(self, image):
        size = image.shape[2:]
        trunk = self.backbone
        x = trunk.bn1(trunk.conv1(image)).relu()
        x = trunk.layer1(functional.max_pool2d(x, 3, 2, 1))
        for layer in (self.renet1, self.renet2):
            columns = [layer.vertical(x[:, :, :, i].permute(2, 0, 1))[0].permute(1, 2, 0)
                       for i in range(x.shape[3])]
            x = torch.stack(columns, 3)
            rows = [layer.horizontal(x[:, :, i].permute(2, 0, 1))[0].permute(1, 2, 0)
                    for i in range(x.shape[2])]
            x = torch.stack(rows, 2)
        x = self.up2(self.up1(x).relu()).relu()
        return self.score(x)[:, :, :size[0], :size[1]]


class DeepLabV3(nn.Module):
    """Chen et al. 2017 at output stride 16: torchvision's trunk and pyramid, the paper's grid."""

    def __init__(self):
        super().__init__()
        whole = models.resnet50(weights=None, replace_stride_with_dilation=[False, False, True])
        for block, rate in zip(whole.layer4, (2, 4, 8)):
            block.conv2.dilation = block.conv2.padding = (rate, rate)
        self.backbone = nn.Module()
        for name in ("conv1", "bn1", "layer1", "layer2", "layer3", "layer4"):
            setattr(self.backbone, name, getattr(whole, name))
        self.aspp = ASPP(2048, [6, 12, 18])
        self.logits = nn.Conv2d(256, CLASSES, 1)

    def forward(self, image):
        trunk = self.backbone
        x = functional.max_pool2d(trunk.bn1(trunk.conv1(image)).relu(), 3, 2, 1)
        for layer in (trunk.layer1, trunk.layer2, trunk.layer3, trunk.layer4):
            x = layer(x)
        # At sides of 16 k + 1 pixels the cells' places are those of aligned corners.
        return functional.interpolate(self.logits(self.aspp(x)), image.shape[2:], mode="bilinear",
                                      align_corners=True)


CHANNELS = (16, 32, 64, 128, 128)
VGG = {"name": "vgg13_bn", "width": 0.25}
ROWS = [
    twin.Twin("unet", Unet, {"name": "unet", "geometry": "published", "width": 0.25,
                             "num_classes": CLASSES}, [116, 124], True),
    twin.Twin("segnet", lambda: Mirror((2, 2, 2, 2, 2), CHANNELS),
              {"name": "segnet", "backbone": VGG, "num_classes": CLASSES}, [224, 161], True),
    twin.Twin("deconvnet", lambda: Mirror((2, 2, 2, 2, 2), CHANNELS, fc=1024),
              {"name": "deconvnet", "backbone": VGG, "num_classes": CLASSES}, [224, 161], True),
    twin.Twin("reseg", ReSeg, {"name": "reseg", "backbone": "resnet18", "units": 12,
                               "up_channels": 10, "num_classes": CLASSES}, [64, 61], True),
    twin.Twin("deeplabv3", DeepLabV3, {"name": "deeplabv3", "backbone": "resnet50",
                                       "num_classes": CLASSES}, [161, 225], True),
]

if __name__ == "__main__":
    sys.exit(twin.main(ROWS))
