"""Eager PyTorch on the GPU: the same work as our lines, and the rate of its matrix products; a line of JSON each.

peers.py PLANS_JSON
"""

import json
import statistics
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks" / "peers"))
from networks import Flow, spline  # noqa: E402

MANY = 1 << 26
SPLINE_ROWS = 1 << 20
PRODUCTS = [(200, 50, 50), (16384, 50, 50), (4096, 4096, 4096)]


def seconds_of(call, samples=15, sample_seconds=0.02):
    """Seconds of one call; the device is waited for once a sample, as for our repeated plans."""

    def timed(calls):
        start = time.perf_counter()
        for _ in range(calls):
            call()
        torch.cuda.synchronize()
        return time.perf_counter() - start

    timed(5)
    calls = max(1, int(sample_seconds / max(timed(1), 1e-9)))
    taken = sorted(timed(calls) / calls for _ in range(samples))
    return {"min": taken[0], "median": statistics.median(taken), "max": taken[-1]}


def report(name, size, call, **figures):
    line = {"name": name, "size": size, "peer": f"PyTorch {torch.__version__}, eager", "seconds": seconds_of(call), **figures}
    print(json.dumps(line), flush=True)


def elementwise():
    a, b, out = (torch.rand(MANY) for _ in range(3))
    report("copy", f"{8 * MANY} bytes", lambda: out.copy_(a))
    report("copy by a cluster", str(MANY), lambda: torch.neg(a, out=out))
    report("cluster, 2 arrays, 3 steps", str(MANY), lambda: torch.relu(a * b + a))
    report("cluster, tanh", str(MANY), lambda: torch.tanh(a, out=out))
    weights = torch.nn.Parameter(torch.rand(MANY))
    weights.grad = torch.rand(MANY)
    report("cluster, Adam", str(MANY), torch.optim.Adam([weights], lr=5e-4).step)


def products():
    for m, n, k in PRODUCTS:
        a, b, bias = torch.rand(m, k), torch.rand(k, n), torch.rand(n)
        report("matmul", f"{m} x {n} x {k}", lambda: torch.relu(torch.addmm(bias, a, b)), flops=2 * m * n * k)
    a, b, bias = torch.rand(16384, 50), torch.rand(16384, 50), torch.rand(50)
    report("matmul, A by columns", "50 x 50 x 16384", lambda: torch.relu(torch.addmm(bias, a.T, b)), flops=2 * 50 * 50 * 16384)


def rows():
    a = torch.rand(MANY)
    report("sum of rows", f"1 x {MANY}", a.sum)
    report("sum of rows", "16384 x 1024", lambda: a[: 16384 * 1024].view(16384, 1024).sum(1))
    report("sum of columns", "50 x 16384", lambda: a[: 16384 * 50].view(16384, 50).sum(0))
    report("sort", "1024 x 4096", lambda: a[: 1024 * 4096].view(1024, 4096).sort(dim=1, stable=True))
    x, parameters = torch.rand(SPLINE_ROWS), torch.rand(SPLINE_ROWS, 29)
    parts = parameters[:, :10], parameters[:, 10:20], parameters[:, 20:]
    report("spline", str(SPLINE_ROWS), lambda: spline(x, *parts))


def training(plans):
    for plan in plans:
        if not plan["name"].startswith("train"):
            continue
        torch.manual_seed(1)
        theta, x = (torch.randn(20_000, dim) for dim in plan["dims"])
        flow = Flow(plan["flow"], theta, x)
        optimiser = torch.optim.Adam(flow.parameters(), lr=5e-4)

        def step():
            batch = torch.randint(len(theta), (plan["batch"],))
            optimiser.zero_grad(set_to_none=True)
            loss = -flow.log_prob(theta[batch], x[batch]).mean()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(flow.parameters(), 5.0)
            optimiser.step()

        report(plan["name"], plan["size"], step)


torch.set_default_device("cuda")
torch.backends.cuda.matmul.allow_tf32 = False  # as ours: exact f32
with torch.no_grad():
    elementwise()
    products()
    rows()
training(json.loads(Path(sys.argv[1]).read_text()) if len(sys.argv) > 1 else [])
