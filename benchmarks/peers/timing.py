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


def blas():
    """The library that takes this process's products: with the reference implementation PyTorch is up to ten times slower than with another."""
    try:
        with open("/proc/self/maps") as maps:
            mapped = maps.read().lower()
    except OSError:
        return "an unknown BLAS"
    known = {"mkl": "MKL", "openblas": "OpenBLAS", "blis": "BLIS", "/blas/libblas": "the reference BLAS"}
    return next((name for mark, name in known.items() if mark in mapped), "its own BLAS")


def report(taken, **figures):
    seconds = {"min": min(taken), "median": statistics.median(taken), "max": max(taken)}
    version = f"PyTorch {torch.__version__} with {blas()}, Python {platform.python_version()}"
    print(json.dumps({"seconds": seconds, "calls": len(taken), "threads": torch.get_num_threads(), "version": version, **figures}))
