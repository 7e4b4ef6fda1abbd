#!/usr/bin/env bash
# All that is to be done where there is a GPU: builds against PyTorch's LibTorch, runs the tests with
# it, measures inference and training beside torchvision on the same card, trains Table 2 on real
# images at full size, on all GPUs where there are several.
#
#   scripts/gpu.sh [FOLDERS OF DEPENDENCIES, separated by ";" [ROOT OF CAMVID [ROOT OF PASCAL VOC]]]
#
# Not run on a GPU by us so far.
set -euo pipefail
cd "$(dirname "$0")/.."

prefix=$(python3 -c 'import torch; print(torch.utils.cmake_prefix_path)')
build=$PWD/build/gpu
seglab=$build/apps/seglab
out=$build/out
mkdir -p "$out"
cmake -G Ninja -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DSEGLAB_TESTS=ON \
  "-DCMAKE_PREFIX_PATH=$prefix${1:+;$1}"
cmake --build "$build"
"$seglab" --version

ctest --test-dir "$build" -j4 --output-on-failure > "$out/tests.log" 2>&1 || echo "tests failed: $out/tests.log"
tail -n 3 "$out/tests.log"

python3 benchmark/peers/gpu.py "$seglab" --markdown "$out/beside-torchvision.md"

# One training step's bits twice, and what deterministic kernels cost.
for deterministic in false true; do
  "$seglab" train --model fcn_resnet50 --dataset shapes --split train --device cuda --out \
    "$out/deterministic-$deterministic" --set "train.deterministic=$deterministic" \
    --set train.iterations=200 --set train.batch=8
done

gpus=$(python3 -c 'import torch; print(torch.cuda.device_count())')
"$seglab" run table2 --device cuda --out "$out/one"
if ((gpus > 1)); then "$seglab" run table2 --nproc "$gpus" --out "$out/all"; fi
if [[ -n ${2:-} ]]; then "$seglab" run table2/camvid --data-root "$2" --device cuda --out "$out"; fi
if [[ -n ${3:-} ]]; then "$seglab" run table2/voc2011 --data-root "$3" --device cuda --out "$out"; fi
echo "what came of it: $out"
