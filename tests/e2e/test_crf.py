"""The dense CRF as a user calls it: alone, behind a network, tuned, as one of a run's evaluations."""

import json
import os
import unittest

from harness import (RGB, ProgramTest, floats, png, png_indices, read_bytes, read_json,
                     read_safetensors, rgb_png, safetensors, seglab, shared_folder, TINY_BACKBONE)

MODEL = {"name": "fcn32s", "backbone": TINY_BACKBONE}
DATA = {"name": "shapes", "height": 32, "width": 40, "train": {"size": 12},
        "val": {"split": "val", "size": 4}}


def halves(height, width):
    """A red and a blue half."""
    row = bytes((220, 20, 20)) * (width // 2) + bytes((20, 20, 220)) * (width - width // 2)
    return png(width, height, [row] * height, color=RGB)


def unary(labels, height, width, value=lambda label, y, x: 1.0):
    return ([labels, height, width], [value(label, y, x) for label in range(labels)
                                      for y in range(height) for x in range(width)])


class Crf(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.shared = shared_folder()
        cls.trained = os.path.join(cls.shared, "trained")
        config = os.path.join(cls.shared, "config.json")
        with open(config, "w", encoding="utf-8") as file:
            json.dump({"model": MODEL, "data": DATA, "train": {"iterations": 4, "batch": 2}}, file)
        training = seglab("train", "--config", config, "--out", cls.trained)
        if training.code != 0:
            raise RuntimeError(str(training))

    def test_sharpens_labels(self):
        height, width = 20, 30

        def cost(label, y, x):  # Wrong at a pixel of each half.
            truth = int(x >= width // 2)
            wrong = (y, x) in ((5, 5), (8, 22))
            return 0.5 if (label == truth) != wrong else 1.5

        image = self.write("image.png", halves(height, width))
        costs = self.write("unary.safetensors", safetensors({"unary": unary(2, height, width, cost)}))
        out = self.path("out.safetensors")
        result = self.succeed("crf", "--image", image, "--unary", costs, "--out", out, "--energy",
                              "--snapshots", self.path("pictures"), "--set", "iterations=7",
                              "--set", "bilateral_sigma_rgb=13")
        tensors, metadata = read_safetensors(out)
        self.assertEqual(tensors["map"][:2], ("U8", [height, width]))
        self.assertEqual(tensors["map"][2], (b"\0" * 15 + b"\1" * 15) * height)
        q = floats(tensors["q"])
        self.assertAlmostEqual(q[0] + q[height * width], 1, places=5)
        self.assertEqual(json.loads(metadata["crf"])["iterations"], 7)
        energies = [float(line.split()[-1]) for line in result.out.splitlines()]
        self.assertEqual(len(energies), 8)
        self.assertLess(energies[-1], energies[0])
        self.assertEqual(sorted(os.listdir(self.path("pictures"))),
                         ["iteration_%d.png" % i for i in (0, 1, 2, 5, 7)])

    def test_one_pixel_works(self):
        image = self.write("image.png", rgb_png(1, 1))
        costs = self.write("unary.safetensors", safetensors({"unary": unary(3, 1, 1)}))
        self.succeed("crf", "--image", image, "--unary", costs, "--out", self.path("out"))

    def test_says_what_is_wrong(self):
        image = self.write("image.png", rgb_png(6, 4))
        good = self.write("good.safetensors", safetensors({"unary": unary(3, 4, 6)}))

        def fails(says, *more, costs=good, content=None, picture=image, code=1):
            if content is not None:
                costs = self.write("bad%d.safetensors" % len(self.expected), safetensors(content))
            self.will_fail_with(code, "crf", "--image", picture, "--unary", costs, "--out",
                                self.path("never"), *more, says=says)

        nan = unary(3, 4, 6, lambda label, y, x: float("nan") if (y, x) == (2, 3) else 1.0)
        fails(["unary", "not a number"], content={"unary": nan})
        fails(["has 1 label", "2 or more"], content={"unary": unary(1, 4, 6)})
        fails(["4 x 5", "4 x 6", "resize"], content={"unary": unary(3, 4, 5)})
        fails(["must be (labels, H, W)"], content={"unary": ([24], [1.0] * 24)})
        fails(['no tensor "unary"'], content={"logits": unary(3, 4, 6)})
        fails(["bilateral_sigma_xy", "above 0"], "--set", "bilateral_sigma_xy=0")
        fails(["gaussian_sigma_xy", "-2"], "--set", "gaussian_sigma_xy=-2")
        fails(["too small"], "--set", "bilateral_sigma_rgb=1e-9")
        fails(["sigma_rgb", "bilateral_sigma_rgb"], "--set", "sigma_rgb=3")
        fails(["deeplab_v3", "deeplab_v2_vgg16"], "--preset", "deeplab_v3")
        fails(["compatibility", "2 labels"], "--set", "compatibility=[[0,1],[1,0]]")
        fails(["no_such"], picture=self.path("no_such.png"))
        huge = self.write("huge.safetensors", safetensors({"unary": unary(2, 1, 1)}))
        fails(["1 x 1", "4 x 6"], costs=huge)

    def test_behind_a_network(self):
        image = self.write("image.png", halves(40, 60))
        for name, more in (("plain", []), ("crf", ["--crf"]),
                           ("all", ["--set", "crf=pydensecrf", "--set", "crf.iterations=3", "--tta",
                                    "--set", "window=32"])):
            self.succeed("predict", "--checkpoint", self.trained, "--out", self.path(name), image,
                         *more)
            rows = png_indices(read_bytes(self.path(name, "image.png")))
            self.assertEqual((len(rows), len(rows[0])), (40, 60))
        self.fail_with(1, "predict", "--checkpoint", self.trained, "--out", self.path("no"), image,
                       "--set", "crf.weight=3", says=["crf", "bilateral_weight"], long=True)

        where = ("eval", "--checkpoint", self.trained, "--dataset", "shapes", "--split", "val",
                 "--set", "size=3", "--set", "height=32", "--set", "width=40")
        scores = self.path("scores.json")
        text = self.succeed(*where, "--crf", "--trimap", "2,5", "--rand", "1", "--json", scores).out
        self.assertIn("within 2 pixels of a boundary", text)
        self.assertIn("Rand error of", text)
        self.assertIn("rand_error_thin", read_json(scores)["rand"])
        self.fail_with(1, *where, "--rand", "no_such", says=["--rand", "no_such"], long=True)
        self.assertEqual([row["width"] for row in read_json(scores)["trimap"]], [2, 5])
        self.fail_with(2, *where, "--trimap", "2;5", says="--trimap", long=True)
        self.fail_with(1, *where, "--set", "scales=[0]", says="scales", long=True)

    def test_tunes(self):
        tune = ("crf", "tune", "--checkpoint", self.trained, "--dataset", "shapes", "--split", "val",
                "--set", "size=3", "--set", "height=32", "--set", "width=40", "--set",
                "crf.iterations=2", "--out", self.path("search"), "--grid",
                '{"weights": [1, 2], "sigmas_xy": [5], "sigmas_rgb": [5, 20]}', "--rounds", "1")
        text = self.succeed(*tune).out
        self.assertIn("without CRF", text)
        self.assertEqual(len(text.splitlines()), 2 + 4)
        self.assertEqual(self.succeed(*tune).out, text)
        best = read_json(self.path("search", "best.json"))
        self.assertEqual(best["bilateral_sigma_xy"], 5)
        self.fail_with(1, *tune, "--images", "2", says=["another --out"], long=True)

    def test_is_an_evaluation_of_a_run(self):
        experiment = {"name": "e", "data": DATA, "model": MODEL, "train": {"iterations": 3},
                      "eval": {"plain": {}, "crf": {"crf": "deeplab_v2_vgg16", "trimap": [3], "rand": 1}},
                      "runs": [{"name": "A"}]}
        path = self.write("e.json", experiment)
        self.succeed("run", path, "--out", self.path("runs"))
        result = read_json(self.path("runs", "e", "A", "result.json"))
        self.assertEqual(set(result["evaluations"]), {"plain", "crf"})
        self.assertIn("trimap", result["evaluations"]["crf"]["metrics"])
        self.assertIn("pixel_error", result["evaluations"]["crf"]["metrics"]["rand"])
        experiment["eval"]["more"] = {"scales": [0.5, 1], "flip": True, "window": 30}
        trained = read_bytes(self.path("runs", "e", "A", "last.safetensors"))
        self.succeed("run", self.write("e.json", experiment), "--out", self.path("runs"))
        self.assertEqual(trained,
                         read_bytes(self.path("runs", "e", "A", "last.safetensors")))
        experiment["eval"]["crf"]["crf"] = "deeplab_v9"
        self.fail_with(1, "run", self.write("e.json", experiment), "--out", self.path("runs"),
                       says=["deeplab_v9", "deeplab_v2_vgg16"], long=True)


if __name__ == "__main__":
    unittest.main()
