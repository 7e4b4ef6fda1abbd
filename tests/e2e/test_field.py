#!/usr/bin/env python3
"""The layouts and masks of docs/field.md, the data sets by name, and what goes wrong with files."""

import json
import os
import unittest

from harness import (GREY, RGB, TINY_BACKBONE, ProgramTest, mask_png, png, png_indices, read_bytes,
                     read_json, rgb_png)

WIDTH, HEIGHT = 40, 32
TWO = {"names": ["ground", "wall"]}
BACKBONE = "model.backbone=" + json.dumps(TINY_BACKBONE)


def rows(low, high):
    """The left half of a picture is `low`, the right one `high`."""
    return [[low] * (WIDTH // 2) + [high] * (WIDTH // 2)] * HEIGHT


def colored(low, high):
    row = bytes(low) * (WIDTH // 2) + bytes(high) * (WIDTH // 2)
    return png(WIDTH, HEIGHT, [row] * HEIGHT, color=RGB)


class Field(ProgramTest):
    def image(self, name, shade=0):
        self.write(name, rgb_png(WIDTH, HEIGHT, (40 + shade, 90, 200)))

    def pairs(self, images="images", masks="masks", names=("a", "b", "c", "d", "e"), mask=None,
              suffix=""):
        for i, name in enumerate(names):
            self.image("%s/%s.png" % (images, name), i)
            self.write("%s/%s%s.png" % (masks, name, suffix), mask or mask_png(rows(0, 1)))

    def doctor(self, classes=None, *more, name="folder", root=None):
        if classes:
            self.write("classes.json", classes)
        return self.seglab("data", "doctor", "--dataset", name, "--data-root",
                           root or self.path(), *more)

    def sound(self, count, *args, **options):
        result = self.doctor(*args, **options)
        self.assertEqual(result.code, 0, str(result))
        self.assertIn("%d of %d" % (count, count), result.out)
        return result

    def test_two_folders_train_and_evaluate_without_ceremony(self):
        self.pairs(names=("a b", "Straße (2)", "sub/c", "scan.2024.05", "e"))
        for name in ("images/._e.png", "images/.DS_Store", "images/Thumbs.db", "masks/._e.png"):
            self.write(name, b"left by a system")
        self.sound(5, TWO)
        result = self.succeed("train", "--model", "fcn32s", "--set", BACKBONE,
                              "--dataset", "folder", "--data-root", self.path(), "--set",
                              "train.iterations=2", "--set", "train.batch=1", "--out",
                              self.path("out"))
        self.assertIn("80 %", result.err)
        result = self.succeed("eval", "--checkpoint", self.path("out"), "--dataset", "folder",
                              "--data-root", self.path(), "--json", self.path("s.json"))
        self.assertIn("no splits", result.err)
        self.assertEqual(read_json(self.path("s.json"))["images"], 5)
        self.succeed("predict", "--checkpoint", self.path("out"), "--out", self.path("p"),
                     "--no-overlay", self.path("images"))
        self.assertTrue(os.path.isfile(self.path("p", "sub", "c.png")))
        self.succeed("score", "--truth", self.path("masks"), "--predictions", self.path("p"),
                     "--labels", self.path("classes.json"))
        # A broken picture is said at the end; the others are segmented.
        bad = self.write("images/e.png", rgb_png(WIDTH, HEIGHT)[:80])
        worse = self.write("images/f.jpg", b"")
        predict = ("predict", "--checkpoint", self.path("out"), "--no-overlay", "--out")
        self.fail_with(1, *predict, self.path("q"), self.path("images"), long=True,
                       says=["2 of 6 images"])
        self.assertEqual(len(os.listdir(self.path("q"))), 4)  # three files and a folder
        os.remove(worse)
        self.fail_with(1, *predict, self.path("r"), self.path("images"),
                       says=[bad, "other 4 images"])

    def test_drawn_splits(self):
        self.pairs(names=["s%02d" % i for i in range(10)])
        names = []
        for part, count in (("train", 8), ("val", 2)):
            split = "split=" + json.dumps({"fraction": 0.8, "seed": 1, "part": part})
            self.sound(count, TWO, "--set", split)
            self.succeed("data", "export", "--dataset", "folder", "--data-root", self.path(), "--set",
                         split, "--out", self.path("x" + part))
            names += os.listdir(self.path("x" + part, "images"))
        self.assertEqual(len(set(names)), 10)

    def test_splits_as_folders_and_what_they_share(self):
        self.pairs("train/images", "train/masks")
        self.pairs("val/images", "val/masks", names=("v", "w"))
        result = self.sound(5, TWO, "--split", "train")
        self.assertIn("2 of 5 pictures stand in \"val\"", result.out)
        self.pairs("inner/images/val", "inner/masks/val", names=("x",))
        self.write("inner/classes.json", TWO)
        self.sound(1, None, "--split", "val", root=self.path("inner"))

    def test_lists(self):
        self.pairs(names=("a b", "c"))
        self.write("classes.json", TWO)
        for text in ("a b\nc\n", "\ufeffa b.png\r\nc.jpg\r\n", "/images/a b.png /masks/a b.png\n"
                     "/images/c.png /masks/c.png\n", "images/a b.png,masks/a b.png\nc,c\n"):
            self.write("train.txt", text)
            self.sound(2, None, "--split", "train")
        self.write("train.txt", "a b\ncc\n")
        result = self.doctor(None, "--split", "train")
        self.check_failure(result, 1, ["images/cc", "nearest", "images/c.png"], long=False)

    def test_masks_of_other_names(self):
        self.pairs(masks="images", suffix="_mask")
        self.write("classes.json", TWO)
        self.sound(5, None, "--set", "masks=images", "--set", "mask_pattern={stem}_mask")
        self.pairs("i", "m", suffix="_gt")
        result = self.doctor(None, "--set", "images=i", "--set", "masks=m")
        self.check_failure(result, 1, ["m/a.png", "m/a_gt.png", "{stem}_gt"], long=False)

    def test_masks_and_what_mends_them(self):
        def twice(classes, mask, line, error=None):
            self.pairs(mask=mask)
            result = self.doctor(classes)
            self.assertEqual(result.code, 1, str(result))
            self.assertIn(line, result.out)
            if error:
                self.assertIn(error, result.err)
            self.sound(5, dict(classes, **json.loads("{%s}" % line)))

        twice(TWO, mask_png(rows(0, 255)), "\"values\": {\"255\":1}", "only class")
        twice(TWO, mask_png(rows(0, 128)), "\"values\": {\"128\":1}", "label 128")
        twice(TWO, mask_png(rows(1, 2)), "\"values\": {\"1\":0,\"2\":1}")
        twice(TWO, png(WIDTH, HEIGHT, [b"\3\xe8" * 20 + b"\0\7" * 20] * HEIGHT, depth=16, color=GREY),
              "\"values\": {\"7\":0,\"1000\":1}", "16-bit")
        twice(TWO, colored((9, 8, 7), (1, 2, 3)), "\"palette\": [[9,8,7],[1,2,3]]", "an RGB image")

    def test_colors_and_values(self):
        classes = dict(TWO, palette=[[0, 0, 0], [128, 0, 0]], ignore=[[224, 224, 192]])
        self.pairs(mask=colored((0, 0, 0), (128, 0, 0)))
        self.sound(5, classes)
        self.write("masks/c.png", colored((0, 0, 0), (127, 0, 0)))
        self.check_failure(self.doctor(), 1,
                           ["masks/c.png", "[127, 0, 0] at (20, 0)", "[128, 0, 0], wall"], long=False)
        self.pairs(mask=mask_png(rows(7, 26)))
        self.sound(5, {"names": ["flat", "vehicle"],
                       "values": {"7": "flat", "8": "flat", "vehicle": [26, 27]},
                       "ignore": "others"})
        self.pairs(mask=mask_png(rows(0, 26)))
        self.check_failure(self.doctor({"names": ["flat", "vehicle"], "values": {"7": 0, "26": 1}}),
                           1, ["value 0 at (0, 0)", "value 7 is class 0 (flat)"], long=False)

    def test_score_says_what_it_does_not_count(self):
        for i in range(2):
            self.write("truth/c%d_gt.png" % i, mask_png(rows(0, 255)))
            self.write("pred/c%d.png" % i, mask_png(rows(0, 1)))
        score = ("score", "--truth", self.path("truth"), "--predictions", self.path("pred"))
        pattern = ("--truth-pattern", "{stem}_gt")
        result = self.succeed(*score, "--classes", 2, *pattern)
        self.assertIn("1 of 2 classes have no true pixel (class 1)", result.err)
        self.succeed(*score, "--classes", 2, *pattern, "--values", "{\"255\": 1}", "--json",
                     self.path("s.json"))
        self.assertEqual(read_json(self.path("s.json"))["mean_iou"], 1)
        self.write("classes.json", dict(TWO, values={"255": "wall"}))
        result = self.succeed(*score, "--labels", self.path("classes.json"), *pattern)
        self.assertIn("wall", result.out)
        self.assertNotIn("warning", result.err)
        self.fail_with(1, *score, "--classes", 2, says=["c0_gt.png", "--truth-pattern"])
        for i in range(2):
            self.write("truth/c%d_gt.png" % i, mask_png([[0] * 4 + [255] * 36] * HEIGHT))
        result = self.succeed(*score, "--classes", 2, *pattern)
        self.assertIn("90.0 % of the true pixels are ignored", result.err)

    def test_data_sets_by_name(self):
        """Doctor, two steps of training, an evaluation and a prediction on tiny trees."""
        def tree(name, image, mask, low, high, texts=(), splits=("train", "val")):
            for split in splits:
                for i in range(2):
                    values = {"split": split, "long": {"train": "training", "val": "validation"}[split],
                              "stem": "%s_%d" % (split, i)}
                    self.image("%s/%s" % (name, image % values), i + 2 * (split == "val"))
                    self.write("%s/%s" % (name, mask % values), mask_png(rows(low, high)))
                for text in texts:
                    self.write("%s/%s" % (name, text % {"split": split}),
                               "%s_0 1 1 1\n%s_1 1 1 1\n" % (split, split) if name == "oxford_pets"
                               else "%s_0\n%s_1\n" % (split, split))

        tree("cityscapes", "leftImg8bit/%(split)s/ulm/%(stem)s_leftImg8bit.png",
             "gtFine/%(split)s/ulm/%(stem)s_gtFine_labelIds.png", 7, 26)
        tree("ade20k", "images/%(long)s/%(stem)s.png", "annotations/%(long)s/%(stem)s.png", 1, 150)
        tree("pascal_context", "JPEGImages/%(stem)s.png", "SegmentationClassContext/%(stem)s.png", 0,
             59, ["ImageSets/SegmentationContext/%(split)s.txt"])
        tree("nyudv2", "images/%(stem)s.png", "labels/%(stem)s.png", 1, 40, ["%(split)s.txt"])
        tree("sift_flow", "Images/%(stem)s.png", "SemanticLabels/%(stem)s.png", 1, 33,
             ["%(split)s.txt"])
        tree("coco_stuff", "images/%(split)s2017/%(stem)s.png",
             "annotations/%(split)s2017/%(stem)s.png", 0, 181)
        tree("oxford_pets", "images/%(stem)s.png", "annotations/trimaps/%(stem)s.png", 1, 2,
             ["annotations/%(split)s.txt"])
        for old, new in (("train", "trainval"), ("val", "test")):
            os.rename(self.path("oxford_pets", "annotations", old + ".txt"),
                      self.path("oxford_pets", "annotations", new + ".txt"))
        for split in ("train", "val"):
            images = []
            for i in range(2):
                self.image("coco/%s2017/%s_%d.png" % (split, split, i), i + 2 * (split == "val"))
                images.append({"id": i, "file_name": "%s_%d.png" % (split, i)})
            self.write("coco/annotations/instances_%s2017.json" % split, {
                "images": images, "categories": [{"id": 3, "name": "car"}],
                "annotations": [{"image_id": i, "category_id": 3, "area": 100, "iscrowd": 0,
                                 "segmentation": [[3, 3, 20, 3, 20, 20, 3, 20]]} for i in range(2)]})
        for name in ("cityscapes", "ade20k", "pascal_context", "nyudv2", "sift_flow", "coco",
                     "coco_stuff", "oxford_pets"):
            with self.subTest(name):
                root = self.path(name)
                self.sound(2, None, "--split", "train", name=name, root=root)
                out = self.path("out", name)
                self.succeed("train", "--model", "fcn32s", "--set", BACKBONE,
                             "--dataset", name, "--data-root", root, "--set", "train.iterations=2",
                             "--set", "train.batch=1", "--out", out)
                self.succeed("eval", "--checkpoint", out, "--dataset", name, "--data-root", root)
                image = self.path("picture.png")
                self.image("picture.png")
                self.succeed("predict", "--checkpoint", out, "--out", self.path("p", name), image)
                png_indices(read_bytes(self.path("p", name, "picture.png")))


if __name__ == "__main__":
    unittest.main()
