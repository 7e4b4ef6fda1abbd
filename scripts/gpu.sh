#!/usr/bin/env bash
# All that is to be done where there is a GPU: builds against PyTorch's LibTorch, runs the tests with
# it, measures inference and training beside torchvision on the same card, trains Table 2 on real
# images at full size, its runs divided among the GPUs. A part that fails does not stop the others.
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

python3 benchmark/peers/gpu.py "$seglab" --markdown "$out/beside-torchvision.md" || true

# The same bits twice, and what deterministic kernels cost: images a second in metrics.jsonl.
for run in plain deterministic again; do
  "$seglab" train --model fcn_resnet50 --dataset shapes --split train --device cuda \
    --out "$out/$run" --set "train.deterministic=$([[ $run == plain ]] && echo false || echo true)" \
    --set train.iterations=200 --set train.batch=8 || true
done
cmp "$out/deterministic/last.safetensors" "$out/again/last.safetensors" || echo "the bits differ"

gpus=$(python3 -c 'import torch; print(torch.cuda.device_count())')
"$seglab" run table2 --device cuda:0 --out "$out/one" || true
if ((gpus > 1)); then "$seglab" run table2 --nproc "$gpus" --out "$out/all" || true; fi
if [[ -n ${2:-} ]]; then "$seglab" run table2/camvid --data-root "$2" --workers "$gpus" --out "$out" || true; fi
if [[ -n ${3:-} ]]; then "$seglab" run table2/voc2011 --data-root "$3" --workers "$gpus" --out "$out" || true; fi
echo "what came of it: $out"
