"""Times a function call by call after a warm-up; prints what the harness reads: one JSON line."""

import json
import platform
import statistics
import time

import torch


def seconds_per_call(call, calls, warm_up, budget_seconds):
    """Seconds of each call: `calls` of them, fewer where the budget ends first, never fewer than five."""
    for _ in range(warm_up):
        call()
    taken, start = [], time.perf_counter()
    while len(taken) < calls and (len(taken) < 5 or time.perf_counter() - start < budget_seconds):
        before = time.perf_counter()
        call()
        taken.append(time.perf_counter() - before)
    return taken


def report(taken, **figures):
    seconds = {"min": min(taken), "median": statistics.median(taken), "max": max(taken)}
    version = f"PyTorch {torch.__version__}, Python {platform.python_version()}"
    print(json.dumps({"seconds": seconds, "calls": len(taken), "threads": torch.get_num_threads(), "version": version, **figures}))
