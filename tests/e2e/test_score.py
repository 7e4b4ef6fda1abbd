#!/usr/bin/env python3
"""`seglab score` against the formulas, computed here once more."""

import math
import random
import unittest

from harness import ProgramTest, mask_png, png, read_json, GREY, RGB

IGNORE = 255


def confusion_of(pairs, classes, ignore=IGNORE):
    matrix = [[0] * classes for _ in range(classes)]
    for truth, prediction in pairs:
        for truth_row, prediction_row in zip(truth, prediction):
            for t, p in zip(truth_row, prediction_row):
                if t != ignore:
                    matrix[t][p] += 1
    return matrix


def ratio(part, whole):
    return part / whole if whole else None


def mean(values, truths, policy):
    """The mean over classes under a rule for those whose score is 0/0 (None)."""
    kept = []
    for value, truth in zip(values, truths):
        if policy == "truth" and truth == 0:
            continue
        if value is None:
            if policy == "union":
                continue
            if policy == "nan":
                return None
            value = {"one": 1.0, "zero": 0.0}[policy]
        kept.append(value)
    return ratio(sum(kept), len(kept))


def scores_of(matrix, policy):
    classes = range(len(matrix))
    truths = [sum(matrix[i]) for i in classes]
    predicted = [sum(row[j] for row in matrix) for j in classes]
    hits = [matrix[i][i] for i in classes]
    iou = [ratio(hits[i], truths[i] + predicted[i] - hits[i]) for i in classes]
    acc = [ratio(hits[i], truths[i]) for i in classes]
    dice = [ratio(2 * hits[i], truths[i] + predicted[i]) for i in classes]
    total = sum(truths)
    weighted = sum(truths[i] * iou[i] for i in classes if truths[i])
    return {"pixel_acc": ratio(sum(hits), total), "mean_acc": mean(acc, truths, policy),
            "mean_iou": mean(iou, truths, policy), "mean_dice": mean(dice, truths, policy),
            "fw_iou": ratio(weighted, total), "iou": iou, "acc": acc, "dice": dice,
            "pixels": truths}


class Score(ProgramTest):
    def make(self, seed, classes, present, predicted, images=6):
        """Random masks of different sizes; returns the pairs."""
        numbers = random.Random(seed)
        pairs = []
        for i in range(images):
            width, height = numbers.randint(1, 40), numbers.randint(1, 40)
            truth = [[numbers.choice(present + [IGNORE]) for _ in range(width)]
                     for _ in range(height)]
            prediction = [[t if t != IGNORE and numbers.random() < 0.5
                           else numbers.choice(predicted)
                           for t in row] for row in truth]
            self.write("truth/%d.png" % i, mask_png(truth, with_palette=i % 2 == 0))
            self.write("predictions/%d.png" % i, mask_png(prediction, with_palette=i % 3 == 0))
            pairs.append((truth, prediction))
        return pairs

    def score(self, classes, *more):
        return self.succeed("score", "--truth", self.path("truth"), "--predictions",
                            self.path("predictions"), "--classes", classes, "--json",
                            self.path("scores.json"), *more)

    def assert_close(self, found, expected, what):
        if expected is None:
            self.assertIsNone(found, what)
        else:
            self.assertIsNotNone(found, what)
            self.assertTrue(math.isclose(found, expected, rel_tol=1e-12, abs_tol=1e-15),
                            "%s: found %r, expected %r" % (what, found, expected))

    def check(self, found, matrix, policy, images):
        expected = scores_of(matrix, policy)
        self.assertEqual(found["confusion"], matrix)
        self.assertEqual(found["absent_policy"], policy)
        self.assertEqual(found["images"], images)
        for key in ("pixel_acc", "mean_acc", "mean_iou", "fw_iou", "mean_dice"):
            self.assert_close(found[key], expected[key], "%s, %s" % (policy, key))
        self.assertEqual(len(found["per_class"]), len(matrix))
        for i, row in enumerate(found["per_class"]):
            self.assertEqual(row["pixels"], expected["pixels"][i])
            for key in ("iou", "acc", "dice"):
                self.assert_close(row[key], expected[key][i], "%s of class %d" % (key, i))

    def test_every_rule_for_absent_classes(self):
        # Of six classes 3 is only predicted, 4 only true, 5 neither.
        pairs = self.make(1, 6, present=[0, 1, 2, 4], predicted=[0, 1, 2, 3])
        pairs = [(truth, [[0 if p == 4 else p for p in row] for row in prediction])
                 for truth, prediction in pairs]
        for i, (_, prediction) in enumerate(pairs):
            self.write("predictions/%d.png" % i, mask_png(prediction))
        matrix = confusion_of(pairs, 6)
        self.assertEqual([sum(matrix[3]), sum(row[4] for row in matrix), sum(matrix[5])], [0, 0, 0])
        means = set()
        for policy in ("union", "truth", "one", "zero", "nan"):
            self.score(6, "--absent", policy)
            found = read_json(self.path("scores.json"))
            self.check(found, matrix, policy, 6)
            means.add(found["mean_iou"])
        self.assertEqual(len(means), 5)
        self.score(6)
        self.check(read_json(self.path("scores.json")), matrix, "union", 6)

    def test_threads_change_nothing(self):
        matrix = confusion_of(self.make(2, 4, [0, 1, 2, 3], [0, 1, 2, 3], images=20), 4)
        for threads in (0, 1, 4):
            self.score(4, "--threads", threads)
            self.check(read_json(self.path("scores.json")), matrix, "union", 20)

    def test_another_ignored_label_and_none(self):
        truth, prediction = [[0, 1, 2, 2]], [[1, 1, 2, 0]]
        self.write("truth/a.png", mask_png(truth))
        self.write("predictions/a.png", mask_png(prediction))
        self.score(3, "--ignore", 0)
        self.check(read_json(self.path("scores.json")),
                   confusion_of([(truth, prediction)], 3, ignore=0), "union", 1)
        self.score(3, "--ignore", "-1")
        self.check(read_json(self.path("scores.json")),
                   confusion_of([(truth, prediction)], 3, ignore=None), "union", 1)

    def test_what_is_predicted_at_ignored_pixels_does_not_matter(self):
        self.write("truth/a.png", mask_png([[0, 255]]))
        self.write("predictions/a.png", mask_png([[0, 255]]))
        self.score(2)
        self.assertEqual(read_json(self.path("scores.json"))["confusion"], [[1, 0], [0, 0]])

    def test_names_stand_in_the_table(self):
        self.write("truth/a.png", mask_png([[0, 1]]))
        self.write("predictions/a.png", mask_png([[0, 1]]))
        names = self.write("names.txt", "sky\nroad\n")
        self.assertIn("road", self.score(2, "--names", names).out)
        self.assertEqual([row["name"] for row in read_json(self.path("scores.json"))["per_class"]],
                         ["sky", "road"])
        self.refused(2, "--names", self.write("short.txt", "sky\n"), says=["short.txt", "1", "2"])

    def refused(self, classes, *more, says, code=1):
        self.fail_with(code, "score", "--truth", self.path("truth"), "--predictions",
                       self.path("predictions"), "--classes", classes, *more, says=says)

    def test_errors_name_the_file(self):
        self.write("truth/a.png", mask_png([[0, 1], [1, 1]]))
        self.refused(2, says=self.path("predictions"))
        self.write("predictions/b.png", mask_png([[0, 1], [1, 1]]))
        self.refused(2, says=[self.path("predictions", "a.png"), "no prediction"])

        wrong = self.write("predictions/a.png", mask_png([[0, 1, 1], [1, 1, 1]]))
        self.refused(2, says=[wrong, "3x2", "2x2"])
        self.write("predictions/a.png", mask_png([[0, 7], [1, 1]]))
        self.refused(2, says=["a.png", "found 7"])
        self.write("predictions/a.png", mask_png([[0, 1], [1, 1]]))
        self.write("truth/a.png", mask_png([[0, 1], [1, 9]]))
        self.refused(2, says=["a.png", "found 9"])

        self.write("truth/a.png", mask_png([[0, 1], [1, 1]]))
        self.write("predictions/a.png", png(2, 2, [b"\0\0\0\1"] * 2, depth=16, color=GREY))
        self.refused(2, says=[wrong, "16-bit"])
        self.write("predictions/a.png", png(2, 2, [b"\1\2\3" * 2] * 2, color=RGB))
        self.refused(2, says=[wrong, "RGB", "--labels"])
        self.write("predictions/a.png", mask_png([[0, 1], [1, 1]])[:-25])
        self.refused(2, says=[wrong, "truncated"])

    def test_wrong_calls(self):
        self.write("truth/a.png", mask_png([[0]]))
        self.write("predictions/a.png", mask_png([[0]]))
        self.write("nothing/readme.txt", "no masks")
        self.refused(0, says="--classes", code=2)
        self.refused(256, says="--classes", code=2)
        self.refused(2, "--ignore", 300, says="--ignore", code=2)
        self.refused(2, "--absent", "onion", says=["onion", "union"])
        self.fail_with(1, "score", "--truth", self.path("nothing"), "--predictions",
                       self.path("predictions"), "--classes", 2, says=self.path("nothing"))
        self.fail_with(1, "score", "--truth", self.path("nowhere"), "--predictions",
                       self.path("predictions"), "--classes", 2, says=self.path("nowhere"))
        self.fail_with(2, "score", "--truth", self.path("truth"), "--classes", 2,
                       says="--predictions")


if __name__ == "__main__":
    unittest.main()
