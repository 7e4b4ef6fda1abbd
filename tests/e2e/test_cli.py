#!/usr/bin/env python3
"""The commands as a user calls them, one after the other."""

import json
import math
import os
import shutil
import unittest

from harness import (PALETTE, TINY_BACKBONE, ProgramTest, floats, mask_png, png_header, png_indices,
                     read_bytes, read_json, read_safetensors, rgb_png, safetensors, seglab,
                     shared_folder)

COMMANDS = ("run", "train", "eval", "predict", "crf", "propose", "score", "forward", "models", "weights",
            "data", "bench", "report")
MODEL = {"name": "fcn16s", "backbone": TINY_BACKBONE}

EXPERIMENT = {
    "title": "Two runs", "description": "A test.",
    "paper": {"ref": "A paper, Table 1", "columns": ["pixel_acc", "mean_iou"]},
    "data": {"name": "shapes", "height": 32, "width": 40, "train": {"size": 8},
             "val": {"split": "val", "size": 3}},
    "train": {"iterations": 4, "batch": 2, "log_every": 2},
    "runs": [{"name": "A", "model": MODEL, "paper": [89.1, 59.4]},
             {"name": "B", "model": dict(MODEL, name="fcn8s"), "init": "A"}]}


def files_below(folder):
    """Every file with its time and size."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            status = os.stat(path)
            found[os.path.relpath(path, folder)] = (status.st_mtime_ns, status.st_size)
    return found


class Commands(ProgramTest):
    @classmethod
    def setUpClass(cls):
        """One training on pictures of 32 x 40 for all tests."""
        cls.shared = shared_folder()
        cls.trained = os.path.join(cls.shared, "trained")
        config = os.path.join(cls.shared, "config.json")
        with open(config, "w", encoding="utf-8") as file:
            json.dump({"model": MODEL, "data": EXPERIMENT["data"],
                       "train": {"iterations": 6, "batch": 2, "log_every": 2}}, file)
        cls.train = ("train", "--config", config, "--out", cls.trained)
        cls.training = seglab(*cls.train)
        if cls.training.code != 0:
            raise RuntimeError(str(cls.training))

    def test_help(self):
        for flag in ("--help", "help"):
            result = self.succeed(flag)
            for command in COMMANDS:
                self.assertIn("  " + command + " ", result.out)
        nothing = self.seglab()
        self.assertEqual(nothing.code, 2)
        self.assertIn("seglab <command>", nothing.out + nothing.err)
        helps = {command: self.pool.submit(self.succeed, command, "--help") for command in COMMANDS}
        for command, result in helps.items():
            text = result.result().out
            self.assertTrue(text.startswith("seglab " + command), text)
            self.assertIn("--help", text)
            self.assertEqual(result.result().err, "")

    def test_version(self):
        self.assertRegex(self.succeed("--version").out,
                         r"^seglab \d+\.\d+\.\d+ \(LibTorch \d+\.\d+")

    def test_models(self):
        text = self.succeed("models").out
        listed = json.loads(self.succeed("models", "--json").out)
        for role, name in (("models", "fcn8s"), ("models", "classifier"), ("backbones", "vgg16")):
            self.assertIn(name, [row["name"] for row in listed[role]])
            self.assertIn(name, text)
        for row in listed["models"] + listed["backbones"]:
            self.assertTrue(row["summary"] and row["source"], row)

        # Simonyan and Zisserman, Table 2: 138 million parameters.
        found = json.loads(self.succeed("models", "classifier", "--backbone", "vgg16", "--classes",
                                        1000, "--height", 32, "--width", 32, "--json").out)
        self.assertEqual(found["parameters"], 138357544)
        self.assertEqual(found["output"], [1, 1000])
        found = json.loads(self.succeed("models", json.dumps(MODEL), "--classes", 7, "--height", 33,
                                        "--width", 65, "--json").out)
        self.assertEqual(found["output"], [1, 7, 33, 65])
        total = sum(product(row["shape"]) for row in found["parameter_tensors"])
        self.assertEqual(total, found["parameters"])
        text = self.succeed("models", json.dumps(dict(MODEL, num_classes=3)), "--height", 32,
                            "--width", 32).out
        self.assertIn("score_pool4.weight", text)
        self.assertIn("[1,3,32,32]", text)

    def test_data(self):
        text = self.succeed("data", "list").out
        for name in ("voc", "camvid", "cityscapes", "ade20k", "coco", "folder", "shapes",
                     "shapes_classes"):
            self.assertRegex(text, r"(?m)^\s+%s\s" % name)
        shapes = ("--dataset", "shapes", "--split", "val", "--set", "size=30", "--set", "height=40",
                  "--set", "width=56")
        report = self.succeed("data", "doctor", *shapes, "--limit", 20).out
        self.assertIn("20 of 20", report)
        self.assertIn("background", report)
        self.succeed("data", "doctor", "--dataset", "shapes_classes", "--set", "size=5")

        out = self.path("exported")
        self.succeed("data", "export", *shapes, "--limit", 3, "--out", out)
        images = sorted(os.listdir(os.path.join(out, "images")))
        self.assertEqual(len(images), 3)
        self.assertEqual(images, sorted(os.listdir(os.path.join(out, "masks"))))
        labels = read_json(os.path.join(out, "classes.json"))
        self.assertEqual(len(labels["names"]), 11)
        for name in images:
            mask = read_bytes(os.path.join(out, "masks", name))
            self.assertEqual(png_header(mask), (56, 40, 8, PALETTE))
            self.assertEqual(png_header(read_bytes(os.path.join(out, "images", name)))[:2],
                             (56, 40))
            self.assertLessEqual({value for row in png_indices(mask) for value in row},
                                 set(range(11)) | {255})
        # What was exported is a data set of its own.
        report = self.succeed("data", "doctor", "--dataset", "folder", "--data-root", out).out
        self.assertIn("3 of 3", report)
        # Names keep their dots.
        for folder in ("images", "masks"):
            for i, name in enumerate(images):
                os.rename(os.path.join(out, folder, name),
                          os.path.join(out, folder, "cam.%d.png" % i))
        self.succeed("data", "export", "--dataset", "folder", "--data-root", out, "--out",
                     self.path("again"))
        self.assertEqual(sorted(os.listdir(self.path("again", "images"))),
                         ["cam.0.png", "cam.1.png", "cam.2.png"])

    def test_train(self):
        for name in ("config.json", "environment.json", "log.txt", "metrics.jsonl", "result.json",
                     "last.safetensors"):
            self.assertTrue(os.path.isfile(os.path.join(self.trained, name)), name)
        self.assertIn("mean IU", self.training.out)
        with open(os.path.join(self.trained, "metrics.jsonl"), encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        self.assertEqual([line["iteration"] for line in lines], [2, 4, 6])
        for line in lines:
            self.assertTrue(math.isfinite(line["loss"]) and line["loss"] > 0)
        # Once more: nothing is done again, the scores are shown again.
        before = files_below(self.trained)
        again = self.succeed(*self.train)
        self.assertEqual(again.out, self.training.out)
        self.assertEqual(files_below(self.trained), before)

    def test_train_without_a_file(self):
        out = self.path("out")
        self.succeed("train", "--model", "fcn32s", "--dataset", "shapes", "--out", out,
                     "--set", "model.backbone=" + json.dumps(TINY_BACKBONE),
                     "--set", "data.height=32", "--set", "data.width=32", "--set",
                     "data.train.size=4",
                     "--set", "data.val.size=2", "--set", "train.iterations=2")
        self.assertEqual(read_json(os.path.join(out, "result.json"))["iterations"], 2)
        config = read_json(os.path.join(out, "config.json"))
        self.assertEqual(config["data"]["train"]["split"], "train")
        self.assertEqual(config["data"]["val"]["split"], "val")

    def test_config_json_holds_every_default_and_trains_the_same_again(self):
        given = {"model": {"name": "fcn16s", "backbone": "vgg11_bn"},
                 "data": {"name": "shapes", "height": 40, "width": 48, "train": {"size": 6},
                          "val": {"split": "val", "size": 2}},
                 "train": {"iterations": 2, "batch": 2, "schedule": {"name": "poly", "warmup": 1},
                           "groups": [{"prefix": "score_fr", "lr": 2}], "optimizer": "sgd"},
                 "eval": {"plain": {}, "fast": {"precision": "bfloat16"}}}
        given["model"]["backbone"] = dict(TINY_BACKBONE, name="vgg11_bn")
        first, second = self.path("first"), self.path("second")
        self.succeed("train", "--config", self.write("given.json", given), "--out", first)
        whole = read_json(os.path.join(first, "config.json"))
        self.assertEqual(whole["train"]["momentum"], 0.9)
        self.assertEqual(whole["train"]["groups"], [{"prefix": "score_fr", "lr": 2, "decay": 1.0}])
        self.assertEqual(whole["train"]["schedule"]["power"], 0.9)
        self.assertNotIn("fit", whole["train"])
        self.assertEqual(whole["model"]["preprocessing"]["channel_order"], "RGB")
        self.assertEqual(whole["eval"]["plain"]["absent"], "union")
        self.assertEqual(whole["data"], given["data"])
        self.assertEqual(read_json(os.path.join(first, "given.json"))["train"], given["train"])
        config = os.path.join(first, "config.json")
        again = self.succeed("train", "--config", config, "--out", first)
        self.assertNotIn("done in", again.err, "it is the same run and finished")
        self.succeed("train", "--config", config, "--out", second)
        weights = [read_safetensors(os.path.join(out, "last.safetensors"))[0] for out in (first, second)]
        self.assertEqual(weights[0], weights[1])

    def test_train_needs_to_know_what_it_shall_do(self):
        tiny = ("train", "--model", "fcn32s", "--dataset", "shapes", "--out", self.path("out"),
                "--set", "model.backbone=" + json.dumps(TINY_BACKBONE))
        self.will_fail_with(1, *tiny, says="train.iterations")
        config = self.write("config.json", {"model": MODEL, "data": EXPERIMENT["data"]})
        self.fail_with(2, "train", "--config", config, "--model", "fcn8s", "--out",
                       self.path("out"), says="--model")
        self.will_fail_with(1, "train", "--config", self.write("list.json", [1]), "--out",
                            self.path("out"), says="list.json")
        skip = json.dumps({"from": self.trained, "skip": ["score_fr"]})
        self.succeed(*tiny, "--init", skip, "--set", "train.iterations=0", "--set",
                     "data.height=32", "--set", "data.width=32", "--set", "data.train.size=2",
                     "--set", "data.val.size=2")

    def test_a_name_that_is_no_utf8(self):
        self.write("set/images/a.png", rgb_png(32, 32))
        images = os.path.join(self.path("set", "images").encode(), b"stra\xdfe.png")
        os.rename(self.path("set", "images", "a.png"), images)
        os.makedirs(self.path("set", "masks"))
        self.write("set/masks/a.png", mask_png([[0] * 32] * 32))
        os.rename(self.path("set", "masks", "a.png"),
                  os.path.join(self.path("set", "masks").encode(), b"stra\xdfe.png"))
        self.write("set/classes.json", {"names": ["class %d" % i for i in range(11)]})
        self.succeed("train", "--model", "fcn32s", "--dataset", "folder", "--data-root",
                     self.path("set"), "--split", "", "--val-split", "", "--out", self.path("out"),
                     "--set", "model.backbone=" + json.dumps(TINY_BACKBONE), "--set",
                     "train.iterations=1")
        self.assertIn("metrics", read_json(self.path("out", "result.json")))

    def test_train_from_weights(self):
        config = self.write("config.json", {
            "model": dict(MODEL, name="fcn8s"), "data": EXPERIMENT["data"], "init": self.trained,
            "train": {"iterations": 2, "batch": 1, "lr": 0}})
        self.succeed("train", "--config", config, "--out", self.path("out"))
        mine, _ = read_safetensors(self.path("out", "last.safetensors"))
        start, _ = read_safetensors(os.path.join(self.trained, "last.safetensors"))
        for name in ("backbone.features.0.weight", "score_fr.weight", "score_pool4.bias"):
            self.assertEqual(mine[name], start[name])

    def test_eval(self):
        scores = self.path("scores.json")
        validation = ("--dataset", "shapes", "--split", "val", "--set", "height=32", "--set",
                      "width=40",
                      "--set", "size=3")
        result = self.succeed("eval", "--checkpoint", self.trained, *validation, "--json", scores)
        self.assertIn("mean IU", result.out)
        found, trained = read_json(scores), read_json(os.path.join(self.trained,
                                                                   "result.json"))["metrics"]
        self.assertEqual(found["images"], 3)
        self.assertEqual(sum(map(sum, found["confusion"])), sum(map(sum, trained["confusion"])))
        self.assertAlmostEqual(found["pixel_acc"], trained["pixel_acc"], delta=0.005)
        self.assertAlmostEqual(found["mean_iou"], trained["mean_iou"], delta=0.005)
        for threads in (0, 3):
            self.succeed("eval", "--checkpoint", os.path.join(self.trained, "last.safetensors"),
                         *validation, "--threads", threads, "--json", self.path("again.json"))
            self.assertEqual(read_json(self.path("again.json")), found)
        self.succeed("eval", "--checkpoint", self.trained, *validation, "--absent", "zero",
                     "--precision", "bfloat16", "--json", self.path("zero.json"))
        self.assertEqual(read_json(self.path("zero.json"))["absent_policy"], "zero")

    def test_predict(self):
        self.write("images/one.png", rgb_png(37, 53))
        self.write("images/two.png", rgb_png(64, 32, (250, 250, 10)))
        out = self.path("out")
        self.succeed("predict", "--checkpoint", self.trained, "--out", out, self.path("images"))
        self.assertEqual(sorted(os.listdir(out)),
                         ["one.png", "one_overlay.jpg", "two.png", "two_overlay.jpg"])
        for name, size in (("one.png", (37, 53)), ("two.png", (64, 32))):
            mask = read_bytes(os.path.join(out, name))
            self.assertEqual(png_header(mask), size + (8, PALETTE))
            self.assertTrue(all(value < 11 for row in png_indices(mask) for value in row))
        self.assertEqual(read_bytes(os.path.join(out, "one_overlay.jpg"))[:2], b"\xff\xd8")

        # A single file, a JPEG, without overlay: the same masks, whatever stands beside.
        self.succeed("predict", "--checkpoint", self.trained, "--out", self.path("single"),
                     "--no-overlay", self.path("images", "one.png"),
                     os.path.join(out, "two_overlay.jpg"))
        self.assertEqual(sorted(os.listdir(self.path("single"))), ["one.png", "two_overlay.png"])
        self.assertEqual(read_bytes(self.path("single", "one.png")),
                         read_bytes(os.path.join(out, "one.png")))
        # Masks can be scored as they are.
        self.succeed("score", "--truth", self.path("single"), "--predictions", self.path("single"),
                     "--classes", 11, "--json", self.path("scores.json"))
        self.assertEqual(read_json(self.path("scores.json"))["pixel_acc"], 1)
        self.will_fail_with(1, "predict", "--checkpoint", self.trained, "--out", out,
                            self.path("images", "one.png"), self.path("images", "one.png"),
                            says="one.png")
        # No image is replaced by its mask.
        before = read_bytes(self.path("images", "one.png"))
        self.will_fail_with(1, "predict", "--checkpoint", self.trained, "--out",
                            self.path("out", "..", "images"), self.path("images"),
                            says=["one.png", "--out"])
        self.assertEqual(read_bytes(self.path("images", "one.png")), before)

    def test_forward(self):
        values = [math.sin(0.1 * i) for i in range(2 * 3 * 34 * 45)]
        image = self.write("in.safetensors", safetensors({"image": ([2, 3, 34, 45], values)}))
        outputs = []
        for name, spec in (("a", json.dumps(MODEL)),
                           ("b", self.write("model.json", dict(MODEL, num_classes=11)))):
            output = self.path(name + ".safetensors")
            self.succeed("forward", "--model", spec, "--weights",
                         os.path.join(self.trained, "last.safetensors"), "--input", image,
                         "--output", output)
            tensors, _ = read_safetensors(output)
            self.assertEqual(list(tensors), ["logits"])
            self.assertEqual(tensors["logits"][:2], ("F32", [2, 11, 34, 45]))
            logits = floats(tensors["logits"])
            self.assertTrue(all(map(math.isfinite, logits)))
            self.assertGreater(max(logits) - min(logits), 0)
            outputs.append(tensors)
        self.assertEqual(outputs[0], outputs[1])

    def test_run_and_report(self):
        experiment = self.write("two.json", EXPERIMENT)
        run = ("run", experiment, "--out", self.path("out"), "--pictures", 2)
        plan = self.succeed(*run, "--dry-run")
        self.assertIn("A: new", plan.err)
        self.assertIn("B <- A: new", plan.err)
        self.assertEqual(os.listdir(self.folder), ["two.json"])

        result = self.succeed(*run)
        for text in ("A", "B", "89.1", "59.4"):
            self.assertIn(text, result.out)
        folder = self.path("out", "two")
        for name in ("report.html", "table.md", "table.csv", "table.tex", "result.json",
                     "images.csv", "B/pictures/kept.json", "A/log.txt"):
            self.assertTrue(os.path.isfile(os.path.join(folder, name)), name)
        page = read_bytes(os.path.join(folder, "report.html")).decode()
        self.assertIn("Two runs", page)
        self.assertIn("A paper, Table 1", page)

        # A finished experiment is not run again.
        before = files_below(folder)
        again = self.succeed(*run)
        self.assertEqual(again.out, result.out)
        self.assertIn("A: finished", again.err)
        self.assertIn("B <- A: finished", again.err)
        after = files_below(folder)
        for name, status in before.items():
            if os.sep in name:
                self.assertEqual(after[name], status, name)
        self.assertEqual(set(after), set(before))

        # The report can be made again, from another place too.
        moved = self.path("moved")
        shutil.move(folder, moved)
        for name in ("report.html", "table.md", "table.csv", "table.tex"):
            os.remove(os.path.join(moved, name))
        report = self.succeed("report", moved)
        self.assertEqual(report.out, result.out)
        self.assertEqual(read_bytes(os.path.join(moved, "report.html")).decode(),
                         page.replace(folder, moved))

    def test_a_changed_setting_gets_a_folder_of_its_own(self):
        experiment = self.write("two.json", EXPERIMENT)
        run = ("run", experiment, "--out", self.path("out"), "--set", "train.iterations=1")
        self.succeed(*run)
        before = files_below(self.path("out", "two", "A"))
        self.succeed(*run, "--set", "runs.B.train.lr=0.5")
        folders = sorted(name for name in os.listdir(self.path("out", "two")) if name[0] in "AB")
        self.assertEqual(len(folders), 3, folders)
        self.assertEqual(folders[:2], ["A", "B"])
        self.assertRegex(folders[2], r"^B@[0-9a-f]{8}$")
        self.assertEqual(files_below(self.path("out", "two", "A")), before)
        self.assertEqual(read_json(self.path("out", "two", folders[2],
                                             "config.json"))["train"]["lr"], 0.5)

    def test_experiments_have_names(self):
        self.write("experiments/question/one.json", EXPERIMENT)
        env = {"SEGLAB_EXPERIMENTS": self.path("experiments")}
        for name in ("question", "question/one"):
            plan = self.succeed("run", name, "--dry-run", "--out", self.path("out"), env=env)
            self.assertIn("B <- A: new", plan.err)
            self.assertIn(self.path("out", "question-one", "A"), plan.err)


def product(numbers):
    total = 1
    for number in numbers:
        total *= number
    return total


if __name__ == "__main__":
    unittest.main()
