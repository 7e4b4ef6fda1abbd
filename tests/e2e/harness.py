"""What the end-to-end tests share: the program, pictures, tensor files. Standard library only."""

import atexit
import concurrent.futures
import json
import os
import shutil
import struct
import subprocess
import tempfile
import unittest
import zlib

PROGRAM = os.environ.get("SEGLAB_PROGRAM", "")

# Traces that no user should ever see.
ENTRAILS = ("Traceback", "terminate called", "what():", "frame #", "Exception raised from",
            "internal error", "json.exception", "Segmentation fault", "Aborted")

# A backbone that trains in milliseconds.
TINY_BACKBONE = {"name": "vgg11", "width": 0.0625, "fc6_kernel": 3}


class Result:
    def __init__(self, args, done):
        self.args = args
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    def __str__(self):
        return "%s\nexit status %d\n--- stdout\n%s--- stderr\n%s" % (
            " ".join(self.args), self.code, self.out, self.err)


class ProgramTest(unittest.TestCase):
    """A test with a folder of its own and the program."""

    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="seglab-e2e-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.pool = concurrent.futures.ThreadPoolExecutor(max(2, min(os.cpu_count() or 1, 8)))
        self.addCleanup(self.pool.shutdown)
        self.expected = []

    def tearDown(self):
        for result, check in self.expected:
            with self.subTest(" ".join(result.result().args[1:])):
                check(result.result())

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def seglab(self, *args, **options):
        return seglab(*args, **options)

    def succeed(self, *args, **options):
        result = self.seglab(*args, **options)
        self.assertEqual(result.code, 0, str(result))
        return result

    def fail_with(self, code, *args, says=(), long=False, **options):
        """The command ends with `code` and one line that holds all of `says`.

        long: lines of progress and warnings may stand before it.
        """
        self.check_failure(self.seglab(*args, **options), code, says, long)

    def will_fail_with(self, code, *args, says=(), long=False, **options):
        """The same, beside the commands that follow; looked at when the test ends."""
        self.expected.append((self.pool.submit(self.seglab, *args, **options),
                              lambda result: self.check_failure(result, code, says, long)))

    def check_failure(self, result, code, says, long):
        self.assertEqual(result.code, code, str(result))
        for word in ENTRAILS:
            self.assertNotIn(word, result.err, str(result))
        lines = result.err.splitlines()
        errors = [line for line in lines if line.startswith("seglab: error: ")]
        self.assertEqual(len(errors), 1, str(result))
        self.assertEqual(lines[-1], errors[0], str(result))
        if not long:
            self.assertEqual(len(lines), 1, str(result))
        for text in [says] if isinstance(says, str) else says:
            self.assertIn(text, errors[0], str(result))

    def write(self, name, content):
        """Writes text, bytes or JSON; returns the path."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if not isinstance(content, (str, bytes)):
            content = json.dumps(content)
        with open(path, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        return path


def trained_network(folder, model):
    """Trains a network for two steps on small pictures of the built-in data set; its folder."""
    config, out = os.path.join(folder, "trained.json"), os.path.join(folder, "trained")
    with open(config, "w", encoding="utf-8") as file:
        json.dump({"model": model,
                   "data": {"name": "shapes", "height": 32, "width": 40, "train": {"size": 4},
                            "val": {"split": "val", "size": 2}},
                   "train": {"iterations": 2, "batch": 2}}, file)
    result = seglab("train", "--config", config, "--out", out)
    if result.code != 0:
        raise RuntimeError(str(result))
    return out


def shared_folder():
    """A folder for all tests of a program."""
    folder = tempfile.mkdtemp(prefix="seglab-e2e-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def environment(more=None):
    # Threads that wait without sleeping would hinder the programs beside them.
    return dict({"OMP_WAIT_POLICY": "passive"}, **dict(os.environ, TERM="dumb", **(more or {})))


def seglab(*args, env=None, cwd=None, preexec_fn=None, timeout=300):
    if not PROGRAM:
        raise RuntimeError("SEGLAB_PROGRAM must name the program")
    command = [PROGRAM] + [str(arg) for arg in args]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=environment(env),
                          cwd=cwd, preexec_fn=preexec_fn, timeout=timeout,
                          universal_newlines=True, errors="replace")
    return Result(command, done)


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def read_bytes(path):
    with open(path, "rb") as file:
        return file.read()


# PNG ----------------------------------------------------------------------------------------------

GREY, RGB, PALETTE = 0, 2, 3


def png(width, height, rows, depth=8, color=GREY, palette=None):
    """A PNG file's bytes. rows: `height` byte strings as they stand in the file."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    text = b"\x89PNG\r\n\x1a\n"
    text += chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))
    if palette:
        text += chunk(b"PLTE", b"".join(bytes(entry) for entry in palette))
    text += chunk(b"IDAT", zlib.compress(b"".join(b"\0" + bytes(row) for row in rows)))
    return text + chunk(b"IEND", b"")


def mask_png(rows, with_palette=False):
    """A mask of class indices, a list of rows."""
    palette = [(i, 255 - i, i * 37 % 256) for i in range(256)] if with_palette else None
    return png(len(rows[0]), len(rows), rows, color=PALETTE if with_palette else GREY,
               palette=palette)


def rgb_png(width, height, color=(40, 90, 200)):
    return png(width, height, [bytes(color) * width] * height, color=RGB)


def png_header(content):
    """(width, height, depth, color type)"""
    if content[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("no PNG file")
    return struct.unpack(">IIBB", content[16:26])


def png_indices(content):
    """The rows of an 8-bit palette or grey PNG, as lists."""
    width, height, depth, color = png_header(content)
    if depth != 8 or color not in (GREY, PALETTE):
        raise ValueError("no 8-bit indices: depth %d, color type %d" % (depth, color))
    data, at = b"", 8
    while at < len(content):
        length, kind = struct.unpack(">I4s", content[at:at + 8])
        if kind == b"IDAT":
            data += content[at + 8:at + 8 + length]
        at += 12 + length
    data = zlib.decompress(data)
    rows, above = [], [0] * width
    for y in range(height):
        kind = data[y * (width + 1)]
        row = list(data[y * (width + 1) + 1:(y + 1) * (width + 1)])
        for x in range(width):
            left = row[x - 1] if x else 0
            corner = above[x - 1] if x else 0
            row[x] = (row[x] + _predict(kind, left, above[x], corner)) % 256
        rows.append(row)
        above = row
    return rows


def _predict(kind, left, up, corner):
    if kind == 4:
        estimate = left + up - corner
        return min((abs(estimate - left), 0, left), (abs(estimate - up), 1, up),
                   (abs(estimate - corner), 2, corner))[2]
    return [0, left, up, (left + up) // 2][kind]


# Tensors ------------------------------------------------------------------------------------------

def safetensors(tensors, metadata=None):
    """A file's bytes. tensors: name -> (shape, list of floats)."""
    header, data = {}, b""
    if metadata:
        header["__metadata__"] = metadata
    for name, (shape, values) in tensors.items():
        begin = len(data)
        data += struct.pack("<%df" % len(values), *values)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def read_safetensors(path):
    """name -> (type, shape, bytes), and the metadata."""
    content = read_bytes(path)
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + length].decode())
    metadata = header.pop("__metadata__", {})
    data = content[8 + length:]
    tensors = {name: (row["dtype"], row["shape"],
                      data[row["data_offsets"][0]:row["data_offsets"][1]])
               for name, row in header.items()}
    return tensors, metadata


def floats(tensor):
    """The values of an F32 tensor of read_safetensors."""
    return struct.unpack("<%df" % (len(tensor[2]) // 4), tensor[2])
