#!/usr/bin/env python3
"""Whatever a user does wrong ends in one line that says where and what."""

import json
import os
import resource
import shutil
import signal
import struct
import unittest

from harness import (GREY, RGB, TINY_BACKBONE, ProgramTest, mask_png, png, read_bytes, rgb_png,
                     safetensors, seglab, shared_folder)

CLASSES = {"names": ["sky", "road", "car"]}


def tiny_run(network="fcn32s"):
    return {"model": {"name": network, "backbone": TINY_BACKBONE},
            "data": {"name": "shapes", "height": 32, "width": 32, "train": {"size": 4},
                     "val": {"split": "val", "size": 2}},
            "train": {"iterations": 2, "batch": 2}}


class Errors(ProgramTest):
    @classmethod
    def setUpClass(cls):
        """One trained network for all tests."""
        cls.shared = shared_folder()
        cls.trained = os.path.join(cls.shared, "trained")
        config = os.path.join(cls.shared, "tiny.json")
        with open(config, "w", encoding="utf-8") as file:
            json.dump(tiny_run(), file)
        result = seglab("train", "--config", config, "--out", cls.trained)
        if result.code != 0:
            raise RuntimeError(str(result))
        cls.checkpoint = os.path.join(cls.trained, "last.safetensors")

    def train(self, config, *more):
        """The command for it, in a folder of its own."""
        self.trainings = getattr(self, "trainings", 0) + 1
        config_file = self.write("tiny%d.json" % self.trainings, config)
        return ("train", "--config", config_file, *more, "--out",
                self.path("out%d" % self.trainings))

    def folder_data(self, masks=1, size=(40, 36)):
        """A small data set in a folder, all of it sound."""
        width, height = size
        for i in range(masks):
            self.write("data/images/%02d.png" % i, rgb_png(width, height))
            self.write("data/masks/%02d.png" % i,
                       mask_png([[(x + y + i) % 3 for x in range(width)] for y in range(height)]))
        self.write("data/classes.json", CLASSES)
        return self.path("data")

    def look(self, *says):
        """Both the doctor and a training refuse the data set and say why."""
        doctor = self.pool.submit(self.seglab, "data", "doctor", "--dataset", "folder",
                                  "--data-root",
                                  self.path("data"), "--split", "")
        config = tiny_run()
        config["data"] = {"name": "folder", "root": self.path("data")}
        train = self.train(config)
        self.fail_with(1, *train, says=says, long=True)
        self.assertFalse(os.path.exists(os.path.join(train[-1], "last.safetensors")))
        self.check_failure(doctor.result(), 1, says, long=False)

    # Names

    def test_unknown_command(self):
        self.fail_with(2, "trian", says=["\"trian\"", "did you mean \"train\"?"])

    def test_unknown_options(self):
        self.will_fail_with(2, "models", "--jsn", says=["--jsn", "--json", "models --help"])
        self.will_fail_with(2, "eval", "--checkpoint", "x", says="--dataset")
        self.will_fail_with(2, "report", says="report DIR")
        self.will_fail_with(2, "report", "a", "b", says="\"b\"")
        self.will_fail_with(2, "score", "--classes", "many", says=["classes", "many"])
        self.will_fail_with(2, "data", "frob", says=["\"frob\"", "doctor"])
        self.will_fail_with(2, "data", "doctor", says="--dataset")
        self.will_fail_with(2, "data", "export", "--dataset", "shapes", says="--out")
        self.will_fail_with(2, "train", "--out", self.path("out"), says="--config")

    def test_unknown_model(self):
        self.will_fail_with(1, "models", "fcn8x", says=["\"fcn8x\"", "did you mean \"fcn8s\"?"])
        self.will_fail_with(1, "models", "fcn8s", "--backbone", "vgg166",
                            says=["vgg166", "\"vgg16\"?"])
        config = tiny_run("fcn8x")
        self.will_fail_with(1, *self.train(config), says=["model.name", "fcn8s"], long=True)

    def test_unknown_keys(self):
        self.will_fail_with(1, *self.train(tiny_run(), "--set", "train.lrr=1"),
                            says=["train.lrr", "did you mean \"lr\"?"], long=True)
        self.will_fail_with(1, *self.train(tiny_run(), "--set", "model.backbon=vgg16"),
                            says=["model.backbon", "did you mean \"backbone\"?"], long=True)
        self.will_fail_with(1, *self.train(tiny_run(), "--set", "data.hight=32"),
                            says=["data.hight", "did you mean \"height\"?"], long=True)
        self.will_fail_with(1, *self.train(dict(tiny_run(), modle={})),
                            says=["modle", "did you mean \"model\"?"])
        config = tiny_run()
        config["data"]["transforms"] = [{"name": "flipp"}]
        self.will_fail_with(1, *self.train(config),
                            says=["transforms[0]", "did you mean \"flip\"?"], long=True)

    def test_unknown_data_set(self):
        self.will_fail_with(1, "data", "doctor", "--dataset", "shape",
                            says=["\"shape\"", "\"shapes\"?"])
        self.will_fail_with(1, "eval", "--checkpoint", self.trained, "--dataset", "shap",
                            says=["\"shap\"", "\"shapes\"?"])
        self.will_fail_with(1, "eval", "--checkpoint", self.trained, "--dataset", "shapes",
                            "--split", "vall", says=["vall", "val"])

    def test_unknown_experiment(self):
        self.write("experiments/table2/shapes.json", {"runs": []})
        env = {"SEGLAB_EXPERIMENTS": self.path("experiments")}
        self.will_fail_with(1, "run", "tabel2", env=env,
                            says=["\"tabel2\"", "did you mean \"table2\"?"])
        self.will_fail_with(1, "run", self.path("none.json"), env=env, says=self.path("none.json"))

    def test_unknown_device_and_precision(self):
        image = self.write("a.png", rgb_png(32, 32))
        predict = ("predict", "--checkpoint", self.trained, "--out", self.path("out"), image)
        self.will_fail_with(1, *predict, "--device", "tpu", says=["\"tpu\"", "cpu"])
        self.will_fail_with(1, *predict, "--device", "cuda:77", says="cuda:77")
        self.will_fail_with(1, *predict, "--precision", "float8", says=["float8", "bfloat16"])

    # Classes and weights

    def test_number_of_classes(self):
        config = tiny_run()
        config["model"]["num_classes"] = 5
        self.will_fail_with(1, *self.train(config), says=["num_classes", "5", "11"], long=True)
        self.will_fail_with(1, "eval", "--checkpoint", self.trained, "--dataset", "folder",
                            "--data-root",
                            self.folder_data(), "--split", "", says=["11 classes", "3"])

    def test_checkpoint_of_another_network(self):
        config = dict(tiny_run("fcn8s"), init=self.checkpoint)
        self.will_fail_with(1, *self.train(config, "--set", "model.backbone.name=vgg13"), long=True,
                            says=[self.checkpoint, "missing", "unexpected", "backbone.features"])
        spec = {"name": "fcn16s", "backbone": TINY_BACKBONE, "num_classes": 11}
        image = self.write("in.safetensors", safetensors({"image": ([1, 3, 4, 4], [0.0] * 48)}))
        self.will_fail_with(1, "forward", "--model", json.dumps(spec), "--weights", self.checkpoint,
                            "--input", image, "--output", self.path("o.safetensors"),
                            says=[self.checkpoint, "score_pool4.weight"])

    def test_foreign_weights(self):
        foreign = self.write("foreign.safetensors",
                                  safetensors({"conv1.weight": ([2, 2], [1.0, 2.0, 3.0, 4.0])}))
        self.will_fail_with(1, "eval", "--checkpoint", foreign, "--dataset", "shapes",
                            says=[foreign, "no seglab checkpoint"])
        text = self.write("text.safetensors", "This is no tensor file, and long enough to be read.")
        self.will_fail_with(1, "eval", "--checkpoint", text, "--dataset", "shapes", says=text)
        self.will_fail_with(1, *self.train(dict(tiny_run(), init=foreign)),
                            says=[foreign, "conv1.weight"], long=True)

    def test_damaged_checkpoints(self):
        whole = read_bytes(self.checkpoint)
        for size in (0, 5, 100, len(whole) // 2, len(whole) - 1):
            cut = self.write("cut%d.safetensors" % size, whole[:size])
            self.will_fail_with(1, "eval", "--checkpoint", cut, "--dataset", "shapes", says=cut)
        (length,) = struct.unpack("<Q", whole[:8])
        for header in (b"{", b"[1, 2]", b"{\"a\": 3}", b"{\"a\": {\"dtype\": \"F32\"}}"):
            broken = self.write("broken%d.safetensors" % len(header),
                                struct.pack("<Q", len(header)) + header)
            self.will_fail_with(1, "eval", "--checkpoint", broken, "--dataset", "shapes",
                                says=broken)
        huge = self.write("huge.safetensors", struct.pack("<Q", 1 << 60) + whole[8:])
        self.will_fail_with(1, "eval", "--checkpoint", huge, "--dataset", "shapes", says=huge)
        edited = whole[:8] + whole[8:8 + length].replace(b"fcn32s", b"fcn33s") + whole[8 + length:]
        self.will_fail_with(1, "eval", "--checkpoint", self.write("edited.safetensors", edited),
                            "--dataset", "shapes", says=["edited.safetensors", "fcn33s"])

    def test_a_training_does_not_go_on_from_a_damaged_checkpoint(self):
        folder = self.path("copy")
        shutil.copytree(self.trained, folder)
        os.remove(os.path.join(folder, "result.json"))
        with open(os.path.join(folder, "last.safetensors"), "r+b") as file:
            file.truncate(1000)
        self.fail_with(1, "train", "--config", self.write("tiny.json", tiny_run()), "--out", folder,
                       says=os.path.join(folder, "last.safetensors"), long=True)

    # Files

    def test_missing_files(self):
        nowhere = self.path("nowhere")
        self.will_fail_with(1, "eval", "--checkpoint", nowhere, "--dataset", "shapes", says=nowhere)
        self.will_fail_with(1, "train", "--config", nowhere, "--out", self.path("out"),
                            says=nowhere)
        self.will_fail_with(1, "predict", "--checkpoint", self.trained, "--out", self.path("out"),
                            nowhere + ".jpg", says=nowhere + ".jpg")
        self.will_fail_with(1, "report", nowhere, says=nowhere)
        for name in ("voc", "camvid", "folder"):
            self.will_fail_with(1, "data", "doctor", "--dataset", name, "--data-root", nowhere,
                                says=nowhere)
        self.will_fail_with(1, "data", "doctor", "--dataset", "voc", says="root")
        os.makedirs(self.path("empty"))
        for command in (("report",), ("eval", "--dataset", "shapes", "--checkpoint"),
                             ("predict", "--checkpoint", self.trained, "--out", self.path("out"))):
            self.will_fail_with(1, *command, self.path("empty"), says=self.path("empty"))
        self.will_fail_with(1, *self.train(dict(tiny_run(), init=nowhere)), says=nowhere, long=True)
        self.will_fail_with(1, "train", "--config", self.write("b.json", {"base": "missing.json"}),
                            "--out",
                       self.path("out"), says=["missing.json", "b.json"])

    def test_broken_images(self):
        folder = self.folder_data()
        self.succeed("predict", "--checkpoint", self.trained, "--out", self.path("masks"),
                     os.path.join(folder, "images"))
        jpeg = read_bytes(self.path("masks", "00_overlay.jpg"))
        cut = self.write("cut.jpg", jpeg[:len(jpeg) // 2])
        predict = ("predict", "--checkpoint", self.trained, "--out", self.path("out"))
        self.fail_with(1, *predict, cut, says=[cut, "truncated"])
        self.fail_with(1, *predict, self.write("cut.png", rgb_png(20, 20)[:60]), says="cut.png")
        self.fail_with(1, *predict, self.write("empty.jpg", b""), says=["empty.jpg", "empty"])
        self.fail_with(1, *predict, self.write("text.jpg", "no picture"), says="text.jpg")
        # OpenCV reads these, and says more than a line of its own.
        self.fail_with(1, *predict, self.write("cut.ppm", "P6\n10 x"), says="cut.ppm")
        self.fail_with(1, *predict, self.write("cut.webp", "RIFF.\0\0\0WEBPVP8 "), says="cut.webp")
        # A half picture must not be trained on either.
        os.remove(self.path("data", "images", "00.png"))
        bad = self.write("data/images/00.jpg", jpeg[:len(jpeg) // 2])
        self.look(bad, "truncated")

    def test_sixteen_bit_mask(self):
        self.folder_data(3)
        bad = self.write("data/masks/01.png",
                         png(40, 36, [b"\0\1" * 40] * 36, depth=16, color=GREY))
        self.look(bad, "16-bit")

    def test_rgb_mask(self):
        self.folder_data(3)
        self.look(self.write("data/masks/02.png", png(40, 36, [b"\1\2\3" * 40] * 36, color=RGB)),
                  "RGB")

    def test_mask_of_another_size(self):
        self.folder_data(3)
        self.look(self.write("data/masks/01.png", mask_png([[0] * 36] * 40)), "36x40", "40x36")

    def test_label_out_of_range(self):
        self.folder_data(3)
        rows = [[0] * 40 for _ in range(36)]
        rows[5][7] = 3
        self.look(self.write("data/masks/01.png", mask_png(rows)), "label 3 at (7, 5)", "3 classes")

    def test_missing_and_damaged_masks(self):
        self.folder_data(3)
        self.look(self.write("data/masks/01.png", mask_png([[0] * 40] * 36)[:-20]), "truncated")
        os.remove(self.path("data", "masks", "01.png"))
        self.look(self.path("data", "masks", "01.png"))
        self.write("data/masks/01.png", "no picture")
        self.look(self.path("data", "masks", "01.png"), "PNG")

    def test_all_bad_samples_are_counted(self):
        self.folder_data(30)
        for i in range(25):
            self.write("data/masks/%02d.png" % i, mask_png([[9] * 40] * 36))
        first = self.path("data", "masks", "00.png")
        self.will_fail_with(1, "data", "doctor", "--dataset", "folder", "--data-root",
                            self.path("data"), "--split", "", says=["25 samples", first])
        config = dict(tiny_run(), data={"name": "folder", "root": self.path("data")})
        self.will_fail_with(1, *self.train(config), says=[first, "24 more"], long=True)

    def test_a_bad_sample_behind_the_check_ends_the_training_with_its_name(self):
        config = tiny_run()
        config["data"] = {"name": "folder", "root": self.folder_data(6)}
        config["train"].update(iterations=6, batch=1, check_samples=1)
        bad = self.write("data/masks/04.png", mask_png([[9] * 40] * 36))
        self.fail_with(1, *self.train(config), says=[bad, "label 9"], long=True)

    def test_empty_splits(self):
        self.folder_data()
        self.write("data/train.txt", "\n")
        self.fail_with(1, "data", "doctor", "--dataset", "folder", "--data-root", self.path("data"),
                       "--split", "train", says=[self.path("data", "train.txt"), "empty"])
        self.fail_with(1, "data", "doctor", "--dataset", "folder", "--data-root", self.path("data"),
                       "--split", "vall", says=["vall", "train"])
        os.remove(self.path("data", "images", "00.png"))
        self.look(self.path("data", "images"))

    def test_wrong_classes(self):
        self.folder_data()
        for content, word in (("{\"names\": [\"sky\", \"sky\"]}", "sky"),
                              ("{\"names\": []}", "names"),
                              ("{\"names\": \"sky\"}", "names"), ("{\"name\": [\"sky\"]}", "names"),
                              ("[1]", "object")):
            self.write("data/classes.json", content)
            self.look(self.path("data", "classes.json"), word)

    # Places to write

    def test_a_file_in_place_of_a_folder(self):
        file = self.write("taken", "a file")
        image = self.write("a.png", rgb_png(32, 32))
        config = self.write("tiny.json", tiny_run())
        experiment = self.write("x.json", {"runs": [dict(tiny_run(), name="A")]})
        self.will_fail_with(1, "train", "--config", config, "--out", file, says=file)
        self.will_fail_with(1, "run", experiment, "--out", file, says=file, long=True)
        self.will_fail_with(1, "predict", "--checkpoint", self.trained, "--out", file, image,
                            says=file)
        self.will_fail_with(1, "data", "export", "--dataset", "shapes", "--set", "size=1", "--out",
                            file, says=file)
        json_file = self.path("missing", "scores.json")
        self.will_fail_with(1, "eval", "--checkpoint", self.trained, "--dataset", "shapes", "--set",
                            "size=1",
                            "--json", json_file, says=json_file, long=True)

    def test_a_folder_without_permission(self):
        if os.geteuid() == 0:
            self.skipTest("root may write everywhere")
        os.makedirs(self.path("closed"))
        os.chmod(self.path("closed"), 0o555)
        out = self.path("closed", "out")
        self.fail_with(1, *self.train(tiny_run())[:-1], out, says=out)
        self.fail_with(1, *self.train(tiny_run())[:-1], self.path("closed"),
                       says=self.path("closed"))

    def test_full_disk(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (50000, 50000))

        train = self.train(tiny_run())
        self.fail_with(1, *train, preexec_fn=limit, long=True,
                       says=[os.path.join(train[-1], "last.safetensors"), "cannot be written"])
        left = [name for _, _, names in os.walk(train[-1]) for name in names]
        self.assertNotIn("last.safetensors", left)
        self.assertFalse([name for name in left if name.endswith(".tmp")], left)
        # With room again the same command goes through.
        self.succeed(*train)
        if os.path.exists("/dev/full"):
            self.fail_with(1, "eval", "--checkpoint", self.trained, "--dataset", "shapes", "--set",
                           "size=1", "--json", "/dev/full", says="/dev/full", long=True)

    def test_a_mended_mistake_goes_through_in_the_same_folder(self):
        config = self.write("tiny.json", tiny_run())
        train = ("train", "--config", config, "--out", self.path("out"), "--set")
        self.fail_with(1, *train, "train.lrr=0.5", says="lrr", long=True)
        self.fail_with(1, *train, "model.name=fcn33s", says="fcn33s", long=True)
        self.succeed(*train, "train.lr=0.5")

    def test_a_folder_with_another_training(self):
        self.fail_with(1, "train", "--config", self.write("tiny.json", tiny_run()), "--set",
                       "train.lr=7",
                       "--out", self.trained, says=[self.trained, "other settings"])

    # JSON

    def test_syntax_errors_have_line_and_column(self):
        path = self.write("bad.json", "{\n  \"model\": \"fcn8s\",\n  \"train\" {}\n}\n")
        self.will_fail_with(1, "train", "--config", path, "--out", self.path("out"),
                            says=path + ":3:11: ")
        path = self.write("twice.json", "{\"seed\": 1,\n \"seed\": 2}")
        self.will_fail_with(1, "run", path, says=[path + ":2:2: ", "twice"])
        self.will_fail_with(1, "run", self.write("none.json", ""), says="none.json:1:1: ")
        self.will_fail_with(1, "models", "{\"name\": \"fcn8s\"", says="models:1:")

    def test_type_errors_have_a_path(self):
        for setting, says in (("train.lr=fast", ["train.lr", "number", "fast"]),
                                   ("train.iterations=19.5",
                                    ["train.iterations", "integer", "19.5"]),
                                   ("train.batch=0", ["train.batch", "found 0"]),
                                   ("train.freeze_bn=1", ["train.freeze_bn", "true or false"]),
                                   ("train.only=score_fr", ["train.only", "list"]),
                                   ("train.only=[3]", ["train.only[0]", "string"]),
                                   ("train.schedule=polly", ["train.schedule.name", "\"poly\"?"]),
                                   ("train.precision=float61", ["train.precision", "bfloat16"]),
                                   ("train.loss.reduction=max", ["train.loss.reduction", "mean"]),
                                   ("train.momentum=1", ["train.momentum", "found 1"]),
                                   ("train.groups=[{\"prefx\": \"a\"}]", ["train.groups[0]"]),
                                   ("train.only=[\"scor_fr\"]", ["train.only", "\"score_fr\"?"]),
                                   ("train.loss.class_weights=[1, 2]", ["class_weights", "11"]),
                                   ("model=3", ["model"]),
                                   ("model.backbone.width=100", ["backbone.width", "found 100"]),
                                   ("model.backbone.fc6_kernel=4", ["fc6_kernel", "odd"]),
                                   ("model.preprocessing=caff", ["preprocessing", "\"caffe\"?"]),
                                   ("model.geometry=loose", ["geometry", "tight"]),
                                   ("data=3", ["data"]),
                                   ("data.height=8", ["data.height", "found 8"]),
                                   ("data.train.size=0", ["size", "found 0"]),
                                   ("data.transforms={}", ["transforms", "list"]),
                                   ("seed=-1", ["seed"]),
                                   ("seed=one", ["seed", "integer"]),
                                   ("eval.absent=onion", ["eval.absent", "\"union\"?"]),
                                   ("runs.0.init=3", ["init", "found 3"]),
                                   ("runs.0.init={\"from\": 3}", ["init.from", "found 3"]),
                                   ("runs.0.init={\"form\": \"a\"}", ["init"]),
                                   ("train.lr", ["train.lr", "="])):
            self.will_fail_with(1, *self.train(tiny_run(), "--set", setting), says=says, long=True)

    def test_wrong_experiments(self):
        for i, (text, says) in enumerate((
                ("[]", "object"), ("{}", "runs"), ("{\"runs\": []}", "at least one"),
                ("{\"runs\": [{\"name\": 3}]}", "runs[0].name"),
                ("{\"runs\": [{\"name\": \"a\"}, {\"name\": \"a\"}]}", "\"a\""),
                ("{\"runs\": [{\"name\": \"a\", \"init\": \"a\"}]}", "circle"),
                ("{\"runs\": [{\"name\": \"a\"}], \"sweep\": {\"seed\": 1}}", "sweep.seed"),
                ("{\"runs\": [{\"name\": \"a\"}]}", "model"))):
            self.will_fail_with(1, "run", self.write("x%d.json" % i, text), "--out",
                                self.path("runs"), says=says, long=True)
        two = {"runs": [dict(tiny_run(), name="A"), dict(tiny_run(), name="B")]}
        self.will_fail_with(1, *self.train(two), says="2 runs")

    def test_mistakes_of_a_later_run_are_found_before_the_first_begins(self):
        later = dict(tiny_run(), name="B")
        later["train"] = {"lrr": 1}
        path = self.write("x.json", {"runs": [dict(tiny_run(), name="A"), later]})
        self.fail_with(1, "run", path, "--out", self.path("runs"), says=["B", "lrr"], long=True)
        self.assertFalse(os.path.exists(self.path("runs", "x", "A", "last.safetensors")))

    def test_wrong_tensors(self):
        spec = json.dumps({"name": "fcn32s", "backbone": TINY_BACKBONE})
        forward = ("forward", "--model", spec, "--weights", self.checkpoint, "--output",
                   self.path("o.safetensors"), "--input")
        no_image = self.write("a.safetensors", safetensors({"picture": ([1], [0.0])}))
        self.will_fail_with(1, *forward, no_image, says=[no_image, "\"image\""])
        flat = self.write("b.safetensors", safetensors({"image": ([3, 4], [0.0] * 12)}))
        self.will_fail_with(1, *forward, flat, says=[flat, "(3, 4)"])
        self.will_fail_with(1, "forward", "--model", "{\"name\": ", "--weights", self.checkpoint,
                            "--input", flat, "--output", "o", says="--model:1:")


if __name__ == "__main__":
    unittest.main()
