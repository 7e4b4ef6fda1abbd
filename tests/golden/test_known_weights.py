#!/usr/bin/env python3
"""`seglab weights list` against torchvision's own list of its files, and the table in docs/weights.md.

test_known_weights.py SEGLAB ROOT; exit status 77: skipped.
"""

import json
import os
import subprocess
import sys

try:
    from torchvision import models
    from torchvision.models import segmentation
except ImportError:
    print("skipped: this python3 has no torchvision")
    sys.exit(77)


def main(program, root):
    known = json.loads(subprocess.run([program, "weights", "list", "--json"], check=True,
                                      stdout=subprocess.PIPE).stdout)
    published = {}
    for module in (models, segmentation):
        for name in dir(module):
            if name.endswith("_Weights"):
                for weights in getattr(module, name).__members__.values():
                    published[weights.url.rsplit("/", 1)[1]] = name[:-len("_Weights")].lower()
    compared = 0
    for file in known:
        if not file["sha256"]:
            assert len(file["sha1"]) == 40, file
            continue
        network = file["network"]
        ours = network.get("backbone", network["name"])
        assert published[file["name"]] == ours, (file, published[file["name"]])
        assert "-" + file["sha256"] + "." in file["name"], file
        compared += 1
    assert compared >= 25, compared
    with open(os.path.join(root, "docs", "weights.md"), encoding="utf-8") as page:
        text = page.read()
    missing = [file["name"] for file in known if "`%s`" % file["name"] not in text]
    assert not missing, "docs/weights.md lacks " + ", ".join(missing)
    print("%d files of torchvision's, %d in all" % (compared, len(known)))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
