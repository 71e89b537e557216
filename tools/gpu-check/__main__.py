"""Builds, tests and measures the CUDA backend on a machine with a GPU: python3 tools/gpu-check [--node FILE] [--node-include DIR]

Needs CMake, a C++20 compiler and nvcc; PyTorch for the comparisons; no network and no npm. `node tools/gpu-check/pack.mjs`
packs what such a machine lacks. Without a GPU it builds and runs what it can, says so and exits with 2. --quick: in place of the
device the emulator, at small sizes: figures without meaning, to see that everything runs.
"""

import argparse
import datetime
import json
import platform
import sys

from build import addon, sanitize, tests
from environment import CARRIED, NVCC_PLACES, ROOT, Failure, commit, find, gpu, has_torch, json_lines, node_parts, run
from table import rows, text

parser = argparse.ArgumentParser(prog="python3 tools/gpu-check", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--node", help="a Node binary for the N-API part; the carried one, or the one on the path, if absent")
parser.add_argument("--node-include", help="the folder with its node_api.h")
parser.add_argument("--build", default="build/gpu-check-build", help="where to build")
parser.add_argument("--quick", action="store_true", help="the emulator in place of the device, small sizes")


def plan_arguments(only=None):
    listing = CARRIED / "plans" / "plans.json"
    if not listing.exists():
        return None
    plans = [plan for plan in json.loads(listing.read_text()) if only is None or plan["name"].startswith(only)]
    return [f"{listing.parent / plan['file']}:{plan['steps']}:{plan['name']}:{plan['size']}" for plan in plans]


def save(record):
    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    file = results / f"{record['date'][:10]}-gpu-check.json"
    file.write_text(json.dumps(record, indent=2) + "\n")
    print(f"\nWritten: {file.relative_to(ROOT)}")


def through_napi(folder, nvcc, options, left_out):
    parts, missing = node_parts(options.node, options.node_include)
    if missing:
        left_out.append(f"N-API: {missing}")
        return []
    binary = addon(folder / "addon", nvcc, parts)
    return json_lines(run("Measuring through N-API", [parts["node"], ROOT / "tools/gpu-check/napi.cjs", binary, CARRIED / "plans"]))


def check(options):
    folder = (ROOT / options.build).resolve()
    left_out = []
    card, why = gpu()
    nvcc = find("nvcc", NVCC_PLACES)
    if not nvcc:
        left_out.append("the CUDA build: nvcc is not installed (CUDA Toolkit 12.8 or newer)")
    tests(folder / "tests", None if options.quick else nvcc)
    run("Native and emulator tests", ["ctest", "--test-dir", folder / "tests", "--output-on-failure", "-E", "CudaDevice"])
    bench = folder / "tests" / "cuda" / "credence_cuda_bench"
    if options.quick:
        arguments = plan_arguments("parity") or []
        measured = json_lines(run("Measuring on the emulator", [f"{bench}_emulated", "--quick", *arguments[:1]]))
        table = rows(measured, [], timed=False)
        print(text(table))
        return 1 if any(row["met"] is False for row in table) else 0
    if not card or not nvcc:
        print("\nNo GPU: nothing was measured, and no device test run." if not card else "\nNo nvcc: nothing was run on the GPU.")
        print(why or left_out[0])
        return 2

    run("Device tests", ["ctest", "--test-dir", folder / "tests", "--output-on-failure", "-R", "CudaDevice"])
    sanitized = sanitize(folder / "tests" / "cuda" / "credence_cuda_device_test")
    arguments = plan_arguments()
    if arguments is None:
        left_out.append(f"training: no plans in {CARRIED / 'plans'}; node tools/gpu-check/pack.mjs makes them where npm is")
    measured = json_lines(run("Measuring in C++", [bench, *(arguments or [])]))
    measured += through_napi(folder, nvcc, options, left_out) if arguments else []
    torch, missing = has_torch()
    if missing:
        left_out.append(f"PyTorch: {missing}")
    listing = [CARRIED / "plans" / "plans.json"] if arguments else []
    peers = json_lines(run("Measuring PyTorch", [sys.executable, ROOT / "tools/gpu-check/peers.py", *listing])) if torch else []

    table = rows(measured, peers)
    print(f"\n{card['name']}, driver {card['driver']}\n\n{text(table)}\n")
    for tool, outcome in sanitized:
        print(f"{tool}: {outcome}")
    for part in left_out:
        print(f"Left out: {part}")
    save(
        {
            "machine": {**card, **measured[0], "system": platform.platform(), "cpu": platform.processor()},
            "commit": commit(),
            "command": "python3 tools/gpu-check " + " ".join(sys.argv[1:]),
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(),
            "sanitizer": dict(sanitized),
            "leftOut": left_out,
            "limits": [peer for peer in peers if "flops" in peer],
            "benchmarks": table,
        }
    )
    return 1 if any(row["met"] is False for row in table) or any(outcome == "FAILED" for _, outcome in sanitized) else 0


try:
    sys.exit(check(parser.parse_args()))
except Failure as failure:
    print(failure, file=sys.stderr)
    sys.exit(1)
