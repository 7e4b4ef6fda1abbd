#!/usr/bin/env python3
"""seglab weights: inspect and convert, and what eval, predict and forward make of weight files."""

import json
import os
import struct
import unittest

from harness import (png_indices, ProgramTest, read_bytes, read_json, read_safetensors, rgb_png,
                     safetensors, seglab, shared_folder, TINY_BACKBONE,
                     trained_network)

MODEL = {"name": "fcn8s", "backbone": TINY_BACKBONE}


def field(number, content):
    """A field of a protobuf message, of bytes."""
    def varint(value):
        text = b""
        while value >= 0x80:
            text += bytes([value & 0x7f | 0x80])
            value >>= 7
        return text + bytes([value])

    return varint(number << 3 | 2) + varint(len(content)) + content


def caffemodel(layers):
    """A file's bytes. layers: (name, type, blobs as lists of floats)."""
    text = field(1, b"net")
    for name, kind, blobs in layers:
        layer = field(1, name.encode()) + field(2, kind.encode())
        for values in blobs:
            shape = field(7, field(1, bytes([len(values)])))
            layer += field(7, shape + field(5, struct.pack("<%df" % len(values), *values)))
        text += field(100, layer)
    return text


class Weights(ProgramTest):
    @classmethod
    def setUpClass(cls):
        """One trained network for all tests, and its weights as another program would save them."""
        cls.shared = shared_folder()
        cls.trained = trained_network(cls.shared, MODEL)
        cls.checkpoint = os.path.join(cls.trained, "last.safetensors")
        tensors, cls.metadata = read_safetensors(cls.checkpoint)
        cls.tensors = {name: (shape, list(struct.unpack("<%df" % (len(data) // 4), data)))
                       for name, (kind, shape, data) in tensors.items() if kind == "F32"}
        cls.bare = os.path.join(cls.shared, "bare.safetensors")
        with open(cls.bare, "wb") as file:
            file.write(safetensors(cls.tensors, {"format": "pt", "model": "?", "labels": "?"}))
        cls.labels = os.path.join(cls.shared, "labels.json")
        with open(cls.labels, "w", encoding="utf-8") as file:
            json.dump({"names": ["class %d" % i for i in range(11)]}, file)

    def inspect(self, path):
        return json.loads(self.succeed("weights", "inspect", path, "--json").out)

    # Inspect

    def test_inspect_a_checkpoint(self):
        for path in (self.trained, self.checkpoint):
            found = self.inspect(path)
            self.assertEqual(found["format"], "safetensors")
            self.assertEqual(found["file_bytes"], os.path.getsize(self.checkpoint))
            self.assertTrue(found["checkpoint"])
            self.assertEqual(found["networks"], [{"spec": MODEL, "whole": True}])
            self.assertEqual(found["preprocessing_source"], "stated")
            self.assertEqual(found["preprocessing"]["channel_order"], "RGB")
            self.assertEqual(found["metadata"], self.metadata)
            names = {tensor["name"]: tensor for tensor in found["tensors"]}
            self.assertLessEqual(set(self.tensors), set(names))
            score = names["score_fr.weight"]
            self.assertEqual((score["type"], score["shape"][0]), ("F32", 11))
            self.assertEqual(found["tensor_bytes"], sum(t["bytes"] for t in found["tensors"]))
        text = self.succeed("weights", "inspect", self.checkpoint).out
        for word in ("seglab checkpoint", "\"imagenet\", stated", "score_fr.weight", "F32",
                     "metadata", "labels: "):
            self.assertIn(word, text)
        self.assertTrue(all(len(line) < 200 for line in text.splitlines()), text)

    def test_inspect_names_the_networks(self):
        out = self.path("resnet.safetensors")
        self.write("resnet.safetensors", safetensors({
            "conv1.weight": ([64, 3, 7, 7], [0.0] * 9408), "fc.weight": ([10, 1], [0.0] * 10)}))
        found = self.inspect(out)
        self.assertEqual((found["networks"], found["preprocessing"]), ([], None))
        self.assertEqual(found["preprocessing_source"], "unknown")
        self.assertIn("none that is known", self.succeed("weights", "inspect", out).out)

    def test_inspect_published_weights(self):
        folder = os.environ.get("SEGLAB_SHARED") or os.path.join(
            os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "shared")
        narrow = {"name": "mobilenet_v1", "width": 0.25}
        files = {"mobilenet_v1_0.25": {"name": "classifier", "backbone": narrow},
                 "squeezenet1_1": {"name": "classifier", "backbone": "squeezenet1_1"},
                 "mobilenet_v2": {"name": "classifier", "backbone": "mobilenet_v2"},
                 "deeplabv3_mobilenet_v2_voc": {"name": "deeplabv3_mobilenet_v2"}}
        for name, spec in files.items():
            path = os.path.join(folder, "weights", name + ".safetensors")
            if not os.path.exists(path):
                self.skipTest(path + " is not there")
            found = self.inspect(path)
            whole = name != "squeezenet1_1"
            self.assertEqual(found["networks"], [{"spec": spec, "whole": whole}], name)
            self.assertEqual(found["preprocessing_source"], "stated")
        image = self.write("a.png", rgb_png(33, 49))
        result = self.succeed("predict", "--checkpoint", path, "--model",
                              "deeplabv3_mobilenet_v2", "--out", self.path("out"), image)
        self.assertIn("21 classes are taken for those of PASCAL VOC", result.err)
        self.assertEqual(len(png_indices(read_bytes(self.path("out", "a.png")))), 49)

    def test_inspect_caffe(self):
        path = self.write("net.caffemodel", caffemodel([
            ("bn", "BatchNorm", [[2.0, 4.0], [6.0, 8.0], [2.0]]),
            ("scale", "Scale", [[1.0, 2.0], [3.0, 4.0]])]))
        found = self.inspect(path)
        self.assertEqual(found["format"], "caffemodel")
        self.assertEqual([tensor["name"] for tensor in found["tensors"]],
                         ["bn.running_mean", "bn.running_var", "scale.weight", "scale.bias"])
        self.assertEqual(found["preprocessing"]["channel_order"], "BGR")
        self.assertEqual(found["preprocessing_source"], "known")
        out = self.path("net.safetensors")
        result = self.succeed("weights", "convert", path, out)
        self.assertIn("\"caffe\"", result.err)
        tensors, metadata = read_safetensors(out)
        self.assertEqual(tensors["bn.running_var"], ("F32", [2], struct.pack("<2f", 3, 4)))
        self.assertEqual(metadata["channel_order"], "BGR")
        self.assertEqual(metadata["bn.type"], "BatchNorm")

    # Convert

    def test_convert_as_it_is(self):
        out = self.path("copy.safetensors")
        self.succeed("weights", "convert", self.checkpoint, out)
        tensors, metadata = read_safetensors(self.checkpoint)
        momentum = safetensors({**self.tensors, "optimizer.score_fr.bias": ([11], [0.0] * 11)},
                               {**metadata, "state": "{}"})
        self.succeed("weights", "convert", self.write("going.safetensors", momentum), out)
        network = {name: tensor for name, tensor in tensors.items() if name in self.tensors}
        metadata.pop("state", None)
        self.assertEqual(read_safetensors(out), (network, metadata))
        self.succeed("weights", "convert", self.bare, out, "--preprocessing", "unit")
        tensors, metadata = read_safetensors(out)
        self.assertEqual(tensors, read_safetensors(self.bare)[0])
        self.assertEqual((metadata["mean"], metadata["format"]), ("0.5,0.5,0.5", "pt"))

    def test_convert_makes_a_checkpoint(self):
        out = self.path("new.safetensors")
        result = self.succeed("weights", "convert", self.bare, out, "--as", json.dumps(MODEL),
                              "--labels", self.labels, "--preprocessing", "imagenet")
        self.assertEqual(result.err, "")
        tensors, metadata = read_safetensors(out)
        self.assertEqual(tensors, read_safetensors(self.bare)[0])
        self.assertEqual(json.loads(metadata["model"]), dict(MODEL, preprocessing="imagenet"))
        self.assertEqual(metadata["format"], "seglab")
        self.assertNotIn("state", metadata)

        validation = ("--dataset", "shapes", "--split", "val", "--set", "height=32", "--set",
                      "width=40", "--set", "size=2")
        image = self.write("a.png", rgb_png(40, 32))
        scores, masks = [], []
        for i, options in enumerate((
                (self.checkpoint,), (out,), (self.bare, "--model", json.dumps(MODEL)))):
            file, folder = self.path("scores%d.json" % i), self.path("masks%d" % i)
            self.succeed("eval", "--checkpoint", *options, *validation, "--json", file)
            scores.append(read_json(file))
            labels = ("--labels", self.labels) if len(options) > 1 else ()
            self.succeed("predict", "--checkpoint", *options, *labels, "--out", folder, image)
            masks.append(read_bytes(os.path.join(folder, "a.png")))
        self.assertEqual(scores[0], scores[1])
        self.assertEqual(scores[0], scores[2])
        self.assertEqual(png_indices(masks[0]), png_indices(masks[1]))
        self.assertEqual(png_indices(masks[0]), png_indices(masks[2]))

    def test_forward_takes_what_it_counts(self):
        image = self.write("in.safetensors", safetensors({"image": ([1, 3, 8, 8], [0.5] * 192)}))
        spec = self.write("model.json", MODEL)
        outputs = []
        for weights in (self.checkpoint, self.bare):
            out = self.path("out.safetensors")
            self.succeed("forward", "--model", spec, "--weights", weights, "--input", image,
                         "--output", out)
            outputs.append(read_safetensors(out))
            self.assertEqual(outputs[-1][0]["logits"][1], [1, 11, 8, 8])
        self.assertEqual(outputs[0], outputs[1])

    def test_unknown_preprocessing_is_loud(self):
        self.will_fail_with(1, "weights", "convert", self.bare, self.path("new.safetensors"),
                            "--as", json.dumps(MODEL), "--labels", self.labels,
                            says=[self.bare, "--preprocessing"])
        image = self.write("a.png", rgb_png(32, 32))
        result = self.succeed("predict", "--checkpoint", self.bare, "--model", json.dumps(MODEL),
                              "--labels", self.labels, "--out", self.path("out"), image)
        self.assertIn("warning: " + self.bare, result.err)
        self.assertIn("\"imagenet\" is assumed", result.err)

    def test_forward_refuses_pixels(self):
        forward = ("forward", "--model", json.dumps(MODEL), "--weights", self.checkpoint,
                   "--output", self.path("out.safetensors"), "--input")
        header = b'{"image": {"dtype": "U8", "shape": [1, 3, 2, 2], "data_offsets": [0, 12]}}'
        pixels = self.write("u8.safetensors", struct.pack("<Q", len(header)) + header + bytes(12))
        self.will_fail_with(1, *forward, pixels, says=["image", "U8", "\"imagenet\""])
        empty = self.write("no.safetensors", safetensors({"image": ([1, 3, 0, 8], [])}))
        self.will_fail_with(1, *forward, empty, says=["image", "(1, 3, 0, 8)"])

    # Errors

    def test_bad_files(self):
        whole = read_bytes(self.checkpoint)
        bad = {"empty": b"", "short": whole[:5], "header": whole[:100],
               "half": whole[:len(whole) // 2], "end": whole[:-1], "text": b"no weights at all",
               "html": b"<!DOCTYPE html><html></html>", "gzip": b"\x1f\x8b\x08 and more",
               "pickle": b"\x80\x02}.", "hdf": b"\x89HDF\r\n\x1a\n" + bytes(100),
               "zip": b"PK\x03\x04" + bytes(100), "caffe": caffemodel([])}
        for name, content in bad.items():
            path = self.write(name + ".safetensors", content)
            self.will_fail_with(1, "weights", "inspect", path, says=path)
            self.will_fail_with(1, "weights", "convert", path, self.path("o.safetensors"),
                                says=path)
        nowhere = self.path("nowhere.pth")
        self.will_fail_with(1, "weights", "inspect", nowhere, says=nowhere)
        self.will_fail_with(1, "weights", "convert", nowhere, self.path("o.safetensors"),
                            says=nowhere)

    def test_bad_targets(self):
        convert = ("weights", "convert", self.bare)
        for name in ("out.pth", "out", "out.caffemodel"):
            self.will_fail_with(1, *convert, self.path(name), says=[name, ".safetensors"])
        self.will_fail_with(1, *convert, self.path("none", "o.safetensors"), says="none")
        os.makedirs(self.path("folder.safetensors"))
        self.will_fail_with(1, *convert, self.path("folder.safetensors"), says="folder.safetensors")
        before = read_bytes(self.bare)
        self.will_fail_with(1, *convert, self.bare, says=[self.bare, "another"])
        link = self.path("link.safetensors")
        os.symlink(self.bare, link)
        self.fail_with(1, *convert, link, says=[link, "another"])
        self.fail_with(1, "weights", "convert", self.trained, self.checkpoint, says="another")
        self.assertEqual(read_bytes(self.bare), before)

    def test_bad_networks(self):
        out = self.path("o.safetensors")
        convert = ("weights", "convert", self.bare, out, "--labels", self.labels,
                   "--preprocessing", "imagenet", "--as")
        self.will_fail_with(1, *convert, "fcn8x", says=["--as", "\"fcn8x\"", "\"fcn8s\"?"])
        self.will_fail_with(1, *convert, "{\"name\": ", says="--as:1:")
        self.will_fail_with(1, *convert, json.dumps(dict(MODEL, name="fcn16s")),
                            says=[self.bare, "unexpected", "score_pool3.weight"])
        self.will_fail_with(1, *convert, "fcn_resnet50", says=[self.bare, "missing", "unexpected"])
        self.will_fail_with(1, *convert, json.dumps(dict(MODEL, num_classes=4)),
                            says=["num_classes", "4", "11"])
        self.will_fail_with(1, *convert[:-3], "--as",
                            json.dumps(dict(MODEL, preprocessing="caffee")),
                            says=["preprocessing", "\"caffe\"?"])
        self.will_fail_with(1, "weights", "convert", self.checkpoint, out, "--as",
                            json.dumps(dict(MODEL, preprocessing="caffe")),
                            says=["\"imagenet\"", "\"caffe\""])
        self.will_fail_with(1, "weights", "convert", self.checkpoint, out, "--preprocessing",
                            "caffe", says=["\"imagenet\"", "\"caffe\""])

    def test_bad_labels(self):
        out = self.path("o.safetensors")
        convert = ("weights", "convert", self.bare, out, "--preprocessing", "imagenet", "--as",
                   json.dumps(MODEL))
        self.will_fail_with(1, *convert, says=[self.bare, "11 classes", "--labels"])
        self.will_fail_with(1, *convert, "--labels", "voc", says=["11 classes", "21"])
        self.will_fail_with(1, *convert, "--labels", "vok", says=["--labels", "\"vok\""])
        empty = self.write("empty.json", {"names": []})
        self.will_fail_with(1, *convert, "--labels", empty, says=empty)
        image = self.write("a.png", rgb_png(32, 32))
        predict = ("predict", "--out", self.path("out"), image, "--checkpoint")
        self.will_fail_with(1, *predict, self.bare, says=[self.bare, "--model"])
        self.will_fail_with(1, *predict, self.checkpoint, "--labels", "voc",
                            says=["11 classes", "--labels has 21"])
        self.will_fail_with(1, "eval", "--dataset", "shapes", "--checkpoint", self.bare,
                            says=[self.bare, "--model"])

    def test_usage(self):
        self.will_fail_with(2, "weights", says="weights inspect")
        self.will_fail_with(2, "weights", "inspekt", "a", says="did you mean \"inspect\"?")
        self.will_fail_with(2, "weights", "inspect", says="FILE")
        self.will_fail_with(2, "weights", "inspect", "a", "b", says="FILE")
        self.will_fail_with(2, "weights", "convert", "a", says="OUT.safetensors")
        self.will_fail_with(2, "weights", "convert", self.bare, self.path("o.safetensors"),
                            "--labels", "voc", says="--as")
        self.will_fail_with(2, "weights", "convert", self.bare, self.path("o.safetensors"),
                            "--as", json.dumps(dict(MODEL, preprocessing="unit")),
                            "--preprocessing", "unit", says=["--as", "--preprocessing"])


if __name__ == "__main__":
    unittest.main()
