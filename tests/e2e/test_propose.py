"""Region proposals as a user calls them: of an image, and how well they cover objects."""

import os
import unittest

from harness import RGB, ProgramTest, mask_png, png, png_header, read_bytes, read_json, rgb_png

SHAPES = ("--dataset", "shapes", "--split", "val", "--set", "data.size=3", "--set",
          "data.height=60", "--set", "data.width=80", "--set", "width=0", "--set", "min_side=5")


def squares(height, width):
    """Two squares on a grey ground."""
    def color(y, x):
        if 10 <= y < 40 and 10 <= x < 40:
            return (220, 20, 20)
        return (20, 20, 220) if 15 <= y < 50 and 50 <= x < 85 else (128, 128, 128)

    rows = [bytes(v for x in range(width) for v in color(y, x)) for y in range(height)]
    return png(width, height, rows, color=RGB)


def unfold(counts):
    """The pixels of run lengths, column by column."""
    pixels = []
    for i, count in enumerate(counts):
        pixels += [i % 2] * count
    return pixels


class Propose(ProgramTest):
    def image(self):
        return self.write("image.png", squares(60, 100))

    def propose(self, name, *more):
        out = self.path(name)
        result = self.succeed("propose", "--image", self.image(), "--out", out, *more)
        return read_json(out), result

    def test_boxes_and_masks_of_an_image(self):
        found, _ = self.propose("out.json", "--masks", "--set", "width=0", "--set", "sigma=0")
        self.assertEqual((found["height"], found["width"]), (60, 100))
        self.assertIn([10, 10, 30, 30], found["boxes"])
        self.assertIn([50, 15, 35, 35], found["boxes"])
        self.assertIn([0, 0, 100, 60], found["boxes"])
        self.assertEqual(found["scores"], sorted(found["scores"], reverse=True))
        self.assertIn(1, found["levels"])
        for (x, y, w, h), area, mask in zip(found["boxes"], found["areas"], found["masks"]):
            self.assertEqual(mask["size"], [60, 100])
            pixels = unfold(mask["counts"])
            self.assertEqual((len(pixels), sum(pixels)), (6000, area))
            inside = [(i % 60, i // 60) for i, pixel in enumerate(pixels) if pixel]
            self.assertEqual((min(p[1] for p in inside), min(p[0] for p in inside)), (x, y))
            self.assertEqual((max(p[1] for p in inside), max(p[0] for p in inside)),
                             (x + w - 1, y + h - 1))

    def test_the_same_for_any_number_of_threads(self):
        one, _ = self.propose("one.json", "--mode", "quality", "--threads", "1", "--set",
                              "width=100")
        more, _ = self.propose("more.json", "--mode", "quality", "--threads", "4", "--set",
                               "width=100")
        self.assertEqual(one, more)
        self.assertEqual(len(one["options"]["colors"]), 5)
        other, _ = self.propose("other.json", "--set", "seed=4", "--set", "width=100", "--set",
                                "max_regions=3")
        self.assertEqual(len(other["boxes"]), 3)

    def test_a_picture(self):
        self.propose("out.json", "--picture", self.path("picture.png"))
        width, height, _, _ = png_header(read_bytes(self.path("picture.png")))
        self.assertTrue(width > 600 and height > 350)

    def test_proposals_are_kept(self):
        cache = ("--cache", self.path("kept"))
        first, _ = self.propose("first.json", *cache)
        (name,) = os.listdir(self.path("kept"))
        again, _ = self.propose("again.json", *cache)
        self.assertEqual(first, again)
        good = read_bytes(self.path("kept", name))
        with open(self.path("kept", name), "wb") as file:
            file.write(good[:1000])
        mended, result = self.propose("mended.json", *cache)
        self.assertEqual(first, mended)
        self.assertIn("damaged", result.err)
        self.assertEqual(read_bytes(self.path("kept", name)), good)

    def test_one_pixel_is_one_region(self):
        image = self.write("pixel.png", rgb_png(1, 1))
        self.succeed("propose", "--image", image, "--out", self.path("out.json"), "--masks")
        found = read_json(self.path("out.json"))
        self.assertEqual((found["boxes"], found["areas"]), ([[0, 0, 1, 1]], [1]))
        self.assertEqual(found["masks"][0]["counts"], [0, 1])

    def test_recall_on_a_data_set(self):
        scores = self.path("scores.json")
        text = self.succeed("propose", *SHAPES, "--json", scores).out
        self.assertIn("3 images", text)
        found = read_json(scores)
        for part in ("boxes", "masks"):
            self.assertEqual([row["proposals"] for row in found[part]],
                             [10, 30, 100, 300, 1000, "all"])
            best = [row["mean_best_overlap"] for row in found[part]]
            self.assertEqual(best, sorted(best))
            self.assertGreater(best[-1], 0.5)
        self.assertEqual(self.succeed("propose", *SHAPES, "--threads", "3").out, text)

    def test_objects_of_a_folder(self):
        for folder in ("JPEGImages", "SegmentationClass", "SegmentationObject",
                       "ImageSets/Segmentation"):
            os.makedirs(self.path("voc", folder))
        self.write("voc/ImageSets/Segmentation/val.txt", "a\nb\n")
        square = [bytes(1 if 10 <= y < 40 and 10 <= x < 40 else 0 for x in range(100))
                  for y in range(60)]
        for name in "ab":
            self.write("voc/JPEGImages/%s.jpg" % name, squares(60, 100))
            self.write("voc/SegmentationClass/%s.png" % name, mask_png(square, True))
        # The objects: another square, on one image of two.
        other = [bytes(3 if 15 <= y < 50 and 50 <= x < 85 else 0 for x in range(100))
                 for y in range(60)]
        where = ("propose", "--dataset", "voc", "--data-root", self.path("voc"), "--set", "sigma=0",
                 "--set", "width=0", "--set", "max_regions=1", "--json", self.path("scores.json"))
        self.fail_with(1, *where, says=["drawn objects", "data.objects"], long=True)
        self.write("voc/SegmentationObject/b.png", mask_png(other, True))
        text = self.succeed(*where).out
        self.assertIn("1 images, 1 objects, 1 proposals", text)
        self.write("own/a.png", mask_png([bytes(100)] * 59 + [bytes([1] * 100)], True))
        self.succeed(*where, "--set", "data.objects=" + self.path("own"))
        self.assertEqual(read_json(self.path("scores.json"))["objects"], 1)
        self.write("own/a.png", mask_png([bytes([1] * 50)] * 60, True))
        self.fail_with(1, *where, "--set", "data.objects=" + self.path("own"), says=["60 x 50", "60 x 100"],
                       long=True)

    def test_says_what_is_wrong(self):
        image = self.image()

        def fails(says, *args, code=1):
            self.will_fail_with(code, "propose", *args, says=says)

        one = ("--image", image, "--out", self.path("never"))
        fails(["--image", "--dataset"], code=2)
        fails(["--out"], "--image", image, code=2)
        fails(["--masks", "--image"], "--dataset", "shapes", "--masks", code=2)
        fails(["--split", "--dataset"], *one, "--split", "x", code=2)
        fails(["mode", "fats", "fast"], *one, "--mode", "fats")
        fails(["colors", "HSV", "Hsv"], *one, "--set", "colors=[\"HSV\"]")
        fails(["similarities", "XY"], *one, "--set", "similarities=[\"XY\"]")
        fails(["min_sides", "min_side"], *one, "--set", "min_sides=3")
        fails(["no_such"], "--image", self.path("no_such.png"), "--out", self.path("never"))
        fails(["objects"], *SHAPES, "--set", "data.objects=x")


if __name__ == "__main__":
    unittest.main()
