"""NumPy: gravity at stations of every cell of a mesh, the closed form taken once at each node and differenced, a plane of nodes at a time."""

import argparse
import json
import platform
import statistics
import time

import numpy as np

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--cells", type=int, nargs=3, required=True, help="along x, y, z")
parser.add_argument("--stations", type=int, default=8)
parser.add_argument("--threads", type=int, default=1, help="NumPy's elementwise functions run in one")
parser.add_argument("--budget", type=float, default=3.0, help="seconds")
options = parser.parse_args()

nx, ny, nz = options.cells
x, y, z = 50.0 * np.arange(nx + 1), 50.0 * np.arange(ny + 1), 50.0 * (np.arange(nz + 1) - nz)


def sensitivity(station, out):
    """x ln(y + r) + y ln(x + r) - z atan(x y / (z r)), stations above all nodes. A plane of nodes stays in the cache: all at once is slower."""
    dx, dy = (x - station[0])[None, :], (y - station[1])[:, None]
    flat, product = dx * dx + dy * dy, dx * dy
    r, f, term = np.empty_like(flat), np.empty_like(flat), np.empty_like(flat)
    below = None
    for k, dz in enumerate(z - station[2]):
        np.add(flat, dz * dz, out=r)
        np.sqrt(r, out=r)
        np.add(r, dy, out=f)
        np.log(f, out=f)
        np.multiply(f, dx, out=f)
        np.add(r, dx, out=term)
        np.log(term, out=term)
        np.multiply(term, dy, out=term)
        np.add(f, term, out=f)
        np.multiply(r, dz, out=r)
        np.divide(product, r, out=term)
        np.arctan(term, out=term)
        np.multiply(term, dz, out=term)
        np.subtract(f, term, out=f)
        rows = f[:, 1:] - f[:, :-1]
        face = rows[1:] - rows[:-1]
        if below is not None:
            np.subtract(face, below, out=out[k - 1])
        below = face


out = np.empty((nz, ny, nx))
stations = [(100.0 + 37.7 * i, 200.0 + 91.3 * i, 5.0) for i in range(options.stations)]


def call():
    for station in stations:
        sensitivity(station, out)


call()
taken, start = [], time.perf_counter()
while len(taken) < 5 or time.perf_counter() - start < options.budget:
    before = time.perf_counter()
    call()
    taken.append((time.perf_counter() - before) / (options.stations * nx * ny * nz))
seconds = {"min": min(taken), "median": statistics.median(taken), "max": max(taken)}
version = f"NumPy {np.__version__}, Python {platform.python_version()}"
print(json.dumps({"seconds": seconds, "calls": len(taken), "threads": 1, "version": version, "last": float(out[-1, -1, -1])}))
