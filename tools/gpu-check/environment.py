"""What this machine has of what a check needs, and running commands."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CARRIED = ROOT / "build" / "gpu-check"  # made by pack.mjs

NVCC_PLACES = ("/usr/local/cuda/bin/nvcc", "/opt/cuda/bin/nvcc")


class Failure(Exception):
    """A step that ended badly; the message says which, and what to do."""


def run(title, command, **options):
    """Runs a command behind one line; shows its output, and raises Failure, if it fails."""
    print(f"{title} ...", flush=True)
    ended = subprocess.run([str(part) for part in command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if ended.returncode != 0:
        raise Failure(f"{ended.stdout}\n{title}: {' '.join(map(str, command))} ended with exit code {ended.returncode}")
    return ended.stdout


def json_lines(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def find(name, places=()):
    """The path of a program, or None."""
    return shutil.which(name) or next((place for place in places if os.access(place, os.X_OK)), None)


def gpu():
    """Name and driver of the first GPU; or None and why there is none."""
    smi = find("nvidia-smi")
    if not smi:
        return None, "nvidia-smi is not installed, and so neither is an NVIDIA driver"
    asked = subprocess.run([smi, "--query-gpu=name,driver_version", "--format=csv,noheader"], capture_output=True, text=True)
    if asked.returncode != 0 or not asked.stdout.strip():
        return None, (asked.stdout + asked.stderr).strip() or "nvidia-smi lists no GPU"
    name, driver = asked.stdout.strip().splitlines()[0].rsplit(",", 1)
    return {"name": name.strip(), "driver": driver.strip()}, ""


def has_torch(python=sys.executable):
    check = "import torch, sys; sys.exit(0 if torch.cuda.is_available() else 3)"
    code = subprocess.run([python, "-c", check], capture_output=True).returncode
    return {0: (True, ""), 3: (False, "PyTorch is installed, but sees no GPU")}.get(code, (False, f"{python} cannot import torch"))


def node_parts(node=None, include=None):
    """Node, its headers and node-addon-api for the N-API part; or None and what is missing."""
    node = node or next((str(path) for path in (CARRIED / "node",) if path.exists()), None) or find("node")
    if not node:
        return None, f"no node: neither {CARRIED / 'node'} nor one on the path"
    includes = [include] if include else [CARRIED / "node-include", Path(node).resolve().parent.parent / "include" / "node"]
    headers = next((Path(path) for path in includes if (Path(path) / "node_api.h").exists()), None)
    if not headers:
        return None, "no Node headers (node_api.h) in " + ", ".join(map(str, includes))
    apis = [CARRIED / "node-addon-api", ROOT / "node_modules" / "node-addon-api"]
    api = next((path for path in apis if (path / "napi.h").exists()), None)
    if not api:
        return None, "no node-addon-api (napi.h) in " + ", ".join(map(str, apis))
    return {"node": node, "headers": headers, "api": api}, ""


def commit():
    if not (ROOT / ".git").exists():
        packed = CARRIED / "commit"
        return packed.read_text().strip() if packed.exists() else "unknown: a copy without git"
    ask = lambda *args: subprocess.run(["git", *args], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    return ask("rev-parse", "HEAD") + (" with local changes" if ask("status", "--porcelain", "--untracked-files=no") else "")
