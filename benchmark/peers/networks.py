"""The networks that both sides run, as their own users write them in PyTorch."""

import torch
from torch import nn
from torchvision import models


def fcn_resnet50():
    return models.segmentation.fcn_resnet50(weights=None, weights_backbone=None, num_classes=21,
                                            aux_loss=False)


class Fcn8s(nn.Module):
    """FCN-8s on VGG-16 in its published geometry, layer for layer: 100 pixels of border, transposed
    convolutions, crops at 5, 9 and 31 (Long, Shelhamer and Darrell, the reference's prototxt). Its
    parameters bear seglab's names, so that both read one file."""

    CHANNELS = (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512,
                "M")
    POOL3, POOL4 = 16, 23  # of the layers

    def __init__(self, classes=21):
        super().__init__()
        layers, before = [], 3
        for channels in self.CHANNELS:
            if channels == "M":
                layers.append(nn.MaxPool2d(2, 2, ceil_mode=True))
                continue
            layers += [nn.Conv2d(before, channels, 3, padding=100 if not layers else 1), nn.ReLU()]
            before = channels
        self.backbone = nn.Module()
        self.backbone.features = nn.Sequential(*layers)
        self.backbone.fc6 = nn.Conv2d(512, 4096, 7)
        self.backbone.fc7 = nn.Conv2d(4096, 4096, 1)
        self.score_fr = nn.Conv2d(4096, classes, 1)
        self.score_pool4 = nn.Conv2d(512, classes, 1)
        self.score_pool3 = nn.Conv2d(256, classes, 1)
        for name, kernel in (("upscore2", 4), ("upscore_pool4", 4), ("upscore8", 16)):
            weight = self.bilinear(classes, kernel)
            self.register_buffer(name, weight, persistent=False)

    @staticmethod
    def bilinear(classes, kernel):
        place = torch.arange(kernel, dtype=torch.float32)
        middle = (kernel - 1) / 2
        line = 1 - (place - middle).abs() / ((kernel + 1) // 2)
        weight = torch.zeros(classes, classes, kernel, kernel)
        for i in range(classes):
            weight[i, i] = line[:, None] * line[None, :]
        return weight

    @staticmethod
    def crop(map_, like, offset):
        height, width = like.shape[2:]
        return map_[:, :, offset:offset + height, offset:offset + width]

    def forward(self, image):
        x, pools = image, {}
        for i, layer in enumerate(self.backbone.features):
            x = layer(x)
            pools[i] = x if i in (self.POOL3, self.POOL4) else None
        x = torch.relu(self.backbone.fc6(x))
        x = torch.relu(self.backbone.fc7(x))
        x = nn.functional.conv_transpose2d(self.score_fr(x), self.upscore2, stride=2)
        x = x + self.crop(self.score_pool4(pools[self.POOL4]), x, 5)
        x = nn.functional.conv_transpose2d(x, self.upscore_pool4, stride=2)
        x = x + self.crop(self.score_pool3(pools[self.POOL3]), x, 9)
        x = nn.functional.conv_transpose2d(x, self.upscore8, stride=8)
        return self.crop(x, image, 31)
