"""PyTorch: one operation at a time, at the sizes of benchmarks/src/kernels."""

import argparse

import torch

from networks import BINS, spline
from timing import report, seconds_per_call

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("op")
parser.add_argument("--size", type=int, default=1, help="elements of an elementwise op, or rows of a square product")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--budget", type=float, default=1.0, help="seconds")
options = parser.parse_args()

torch.set_num_threads(options.threads)
torch.manual_seed(1)


def elementwise(function):
    x = torch.rand(options.size) * 2 - 1
    out = torch.empty_like(x)
    return lambda: function(x, out=out)


def product():
    x = torch.rand(options.size, options.size)
    out = torch.empty_like(x)
    return lambda: torch.mm(x, x, out=out)


def sums(axis):
    x = torch.rand(1000, 1000)
    return lambda: x.sum(axis)


def softmax():
    x = torch.rand(10_000, 100)
    return lambda: torch.softmax(x, -1)


def gather():
    table, index = torch.rand(10_000, 10), torch.arange(100_000) * 7919 % 10_000
    return lambda: table.index_select(0, index)


def sort():
    x = torch.rand(1000, 1000)
    return lambda: torch.sort(x)


def rational_quadratic():
    x, p = torch.rand(10_000, 5) * 5.8 - 2.9, torch.rand(10_000, 5, 3 * BINS - 1) * 2 - 1
    return lambda: spline(x, p[..., :BINS], p[..., BINS : 2 * BINS], p[..., 2 * BINS :])


def covariances():
    a = torch.rand(1000, 20, 20)
    return a @ a.transpose(1, 2) / 20 + torch.eye(20)


def cholesky():
    a = covariances()
    return lambda: torch.linalg.cholesky(a)


def solve():
    a, b = covariances(), torch.rand(1000, 20, 1)
    return lambda: torch.linalg.solve(a, b)


def rfft():
    x = torch.rand(1000, 1024)
    return lambda: torch.fft.rfft(x)


def convolution():
    x, w = torch.rand(16, 16, 32, 32), torch.rand(16, 16, 3, 3)
    return lambda: torch.nn.functional.conv2d(x, w, padding="same")


calls = {
    "tanh": lambda: elementwise(torch.tanh),
    "exp": lambda: elementwise(torch.exp),
    "neg": lambda: elementwise(torch.neg),
    "product": product,
    "sum of rows": lambda: sums(1),
    "sum of columns": lambda: sums(0),
    "softmax": softmax,
    "gather": gather,
    "sort": sort,
    "random normal": lambda: lambda: torch.randn(1_000_000),
    "spline": rational_quadratic,
    "cholesky": cholesky,
    "solve": solve,
    "rfft": rfft,
    "convolution": convolution,
}
if options.op not in calls:
    parser.error(f"op must be one of {', '.join(calls)}, got {options.op}")

with torch.no_grad():
    report(seconds_per_call(calls[options.op](), calls=10_000, warm_up=20, budget_seconds=options.budget))
