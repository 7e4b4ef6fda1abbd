#!/usr/bin/env python3
"""Networks that lead back to full resolution, and what trains them, as users of the program."""

import copy
import glob
import json
import os
import random
import signal
import subprocess
import time
import unittest

from harness import PROGRAM, ProgramTest, environment, read_json, read_safetensors

VGG = {"name": "vgg11_bn", "width": 0.0625}
RESNET = {"name": "resnet18", "width": 0.125}

NETWORKS = {
    "unet": {"name": "unet", "width": 0.125},
    "unet published": {"name": "unet", "width": 0.125, "geometry": "published", "in_channels": 1,
                       "tile": 36},
    "segnet": {"name": "segnet", "backbone": VGG},
    "segnet_basic": {"name": "segnet_basic", "width": 0.125},
    "segnet_basic fcn": {"name": "segnet_basic", "width": 0.125, "decoder": "fcn"},
    "deconvnet": {"name": "deconvnet", "backbone": VGG, "fc6_kernel": 3},
    "reseg": {"name": "reseg", "backbone": RESNET, "units": 4, "up_channels": 4},
    "deeplabv3": {"name": "deeplabv3", "backbone": RESNET, "channels": 8},
    "deeplabv3plus": {"name": "deeplabv3plus", "backbone": RESNET, "channels": 8},
}

DATA = {"name": "shapes", "height": 40, "width": 48, "train": {"split": "train", "size": 12},
        "val": {"split": "val", "size": 3}}

# One run for each optimiser, with all other new parts spread over them.
PARTS = {
    "seed": 4,
    "model": NETWORKS["segnet_basic"],
    "data": dict(DATA, transforms=[
        {"name": "elastic", "sigma": 3}, {"name": "rotate", "degrees": 20}, {"name": "flip"},
        {"name": "blur"}, {"name": "noise"}, {"name": "cutout"}]),
    "train": {"iterations": 24, "batch": 2, "lr": 0.002, "log_every": 4, "eval_every": 8,
              "checkpoint_every": 3, "check_samples": 2},
    "runs": [
        {"name": "adam", "train": {"optimizer": "adam", "schedule": "cosine", "ema": 0.9,
                                   "loss": {"name": "sum", "losses": [
                                       {"name": "cross_entropy",
                                        "class_weights": "median_frequency"},
                                       {"name": "dice", "weight": 0.5}]}}},
        {"name": "adamw", "train": {"optimizer": "adamw", "loss": "focal",
                                    "schedule": {"name": "exponential", "gamma": 0.5,
                                                 "step": 10}}},
        {"name": "rmsprop", "train": {"optimizer": {"name": "rmsprop", "centered": True},
                                      "loss": "lovasz",
                                      "early_stopping": {"patience": 1, "min_delta": 0.5}}},
        {"name": "adadelta", "train": {"optimizer": "adadelta", "loss": "ohem", "lr": 1}},
        {"name": "border", "train": {"loss": {"name": "border_cross_entropy"}, "accumulate": 2}},
    ]}


class Decoders(ProgramTest):
    def test_every_network_trains_scores_and_predicts(self):
        runs = [{"name": name, "model": model} for name, model in NETWORKS.items()]
        config = self.write("networks.json", {
            "data": DATA, "runs": runs, "eval": {"boundary_f1": 0.0075},
            "train": {"iterations": 3, "batch": 2, "lr": 0.001, "check_samples": 2}})
        self.succeed("run", config, "--out", self.path("runs"))
        out = self.path("runs", "networks")
        image = sorted(glob.glob(os.path.join(out, "pictures", "*.png")) +
                       glob.glob(os.path.join(out, "pictures", "*.jpg")))[0]
        for run in runs:
            with self.subTest(run["name"]):
                # As a file's name.
                folder = [path for path in glob.glob(os.path.join(out, "*", "given.json"))
                          if read_json(path)["model"] == run["model"]]
                self.assertEqual(len(folder), 1)
                folder = os.path.dirname(folder[0])
                whole = read_json(os.path.join(folder, "config.json"))["model"]
                for key, value in run["model"].items():
                    wanted = value.items() if isinstance(value, dict) else [(key, value)]
                    found = whole[key] if isinstance(value, dict) else whole
                    self.assertEqual([(k, found[k]) for k, _ in wanted], list(wanted))
                # What it records is what it reads.
                self.succeed("models", json.dumps(whole))
                self.succeed("predict", "--checkpoint", folder, "--out", self.path("masks"), image)
                text = self.succeed("models", json.dumps(run["model"])).out
                self.assertNotIn("uncounted", text)

    def test_killed_trainings_of_all_parts_end_with_the_same_bits(self):
        config = self.write("parts.json", PARTS)
        whole, killed = self.path("whole", "parts"), self.path("killed", "parts")
        self.succeed("run", config, "--out", self.path("whole"))
        dice = random.Random(7)
        for _ in range(6):
            process = subprocess.Popen([PROGRAM, "run", config, "--out", self.path("killed")],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       env=environment())
            time.sleep(dice.uniform(0.3, 2.5))
            process.send_signal(signal.SIGKILL)
            process.wait()
        self.succeed("run", config, "--out", self.path("killed"))
        for run in PARTS["runs"]:
            for name in ("last.safetensors", "best.safetensors"):
                with self.subTest(run["name"] + "/" + name):
                    one, _ = read_safetensors(os.path.join(whole, run["name"], name))
                    two, _ = read_safetensors(os.path.join(killed, run["name"], name))
                    self.assertEqual(one, two)
        stopped = read_json(os.path.join(whole, "rmsprop", "result.json"))
        self.assertLess(json.dumps(stopped).find('"iterations": 24'), 0, "stopped early")

    def test_wrong_parts_are_said_in_a_line(self):
        def wrong(change, says, model=None):
            experiment = copy.deepcopy(PARTS)
            experiment["runs"] = [{"name": "one", "train": change,
                                   "model": model or experiment["model"]}]
            name = "wrong%d.json" % len(self.expected)
            self.will_fail_with(1, "run", self.write(name, experiment), "--dry-run", "--out",
                                self.path(name + " out"), says=says, long=True)

        wrong({"optimizer": "adan"}, ("train.optimizer", 'did you mean "adam"'))
        wrong({"optimizer": {"name": "adam", "beta1": 1.5}}, "train.optimizer.beta1")
        wrong({"optimizer": "adam", "momentum": 0.9}, "train.momentum")
        wrong({"schedule": "cosin"}, 'did you mean "cosine"')
        wrong({"loss": {"name": "focal", "gama": 1}}, 'did you mean "gamma"')
        wrong({"loss": {"name": "sum", "losses": []}}, "train.loss.losses")
        wrong({"loss": {"class_weights": "median_frequenzy"}}, "train.loss.class_weights")
        wrong({"ema": 1.5}, "train.ema")
        wrong({"early_stopping": {"patience": 2}, "eval_every": 0}, "eval_every")
        wrong({}, "model.upsampling",
              {"name": "unet", "geometry": "published", "upsampling": "max_unpooling"})
        wrong({}, ("model.convolution", "depthwise"),
              {"name": "segnet_basic", "convolution": "deepwise"})
        wrong({}, "model.backbone: SegNet mirrors", {"name": "segnet", "backbone": "resnet18"})


if __name__ == "__main__":
    unittest.main()
