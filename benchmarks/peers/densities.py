"""Log densities of the posteriors of posteriordb by SciPy: python3 densities.py FOLDER [NAME ...]

Prints for each posterior log p(u) - log p(v) in unconstrained space, the Jacobians of the maps included, for u_i = c_i + sin(i + 1) / 2 and
v_i = c_i + cos(2 i) / 2 with c = 0, but for `sir`, whose bacteria would be gone. A difference, so that constants of the densities do not
matter. src/posteriordb/models.test.ts holds the numbers.
"""
import json
import sys
import zipfile
from pathlib import Path

import numpy as np
from scipy import integrate, special, stats


class Point:
    """Takes parameters from u in the order asked for, and adds up log Jacobians and log densities."""

    def __init__(self, u):
        self.u, self.at, self.log_density = u, 0, 0.0

    def free(self, size=None):
        n = 1 if size is None else size
        x = self.u[self.at : self.at + n]
        self.at += n
        return x[0] if size is None else x

    def add(self, terms):
        self.log_density += float(np.sum(terms))

    def positive(self, size=None):
        y = self.free(size)
        self.add(y)
        return np.exp(y)

    def between(self, low, high, size=None):
        y = self.free(size)
        s = special.expit(y)
        self.add(np.log(high - low) + np.log(s) + np.log1p(-s))
        return low + (high - low) * s

    def simplex2(self):
        """(s, 1 - s) with s = sigmoid(y): stick breaking of two."""
        s = self.between(0.0, 1.0)
        return np.array([s, 1 - s])

    def ordered(self, size, positive=False):
        y = self.free(size)
        self.add(y if positive else y[1:])
        steps = np.exp(y)
        if not positive:
            steps[0] = y[0]
        return np.cumsum(steps)


norm, cauchy = stats.norm.logpdf, stats.cauchy.logpdf
log_normal = lambda x, mu, sd: norm(np.log(x), mu, sd) - np.log(x)
bernoulli_logit = lambda y, eta: y * eta - np.logaddexp(0, eta)


def eight_schools(p, d, centred):
    mu, tau = p.free(), p.positive()
    z = p.free(8)
    theta = z if centred else mu + tau * z
    p.add(norm(z, mu, tau) if centred else norm(z))
    p.add(norm(mu, 0, 5) + cauchy(tau, 0, 5))
    p.add(norm(d["y"], theta, d["sigma"]))


def regression(p, y, x, beta=None, sigma=None):
    b, s = p.free(x.shape[1]), p.positive()
    if beta:
        p.add(norm(b, 0, beta))
    if sigma:
        p.add(sigma(s))
    p.add(norm(y, x @ b, s))


def kidscore(p, d, interaction):
    hs, iq = d["mom_hs"], d["mom_iq"]
    columns = [np.ones_like(iq), hs, iq] + ([hs * iq] if interaction else [])
    regression(p, d["kid_score"], np.stack(columns, 1), sigma=lambda s: cauchy(s, 0, 2.5))


def logearn(p, d):
    h, m = d["height"], d["male"]
    regression(p, np.log(d["earn"]), np.stack([np.ones(len(h)), h, m, h * m], 1))


def mesquite(p, d):
    logs = [np.log(d[k]) for k in ("diam1", "diam2", "canopy_height", "total_height", "density")]
    regression(p, np.log(d["weight"]), np.stack([np.ones(len(logs[0])), *logs, d["group"]], 1))


def ar(p, d):
    y, K = d["y"], int(d["K"])
    alpha, beta, sigma = p.free(), p.free(K), p.positive()
    p.add(norm(alpha, 0, 10) + norm(beta, 0, 10).sum() + cauchy(sigma, 0, 2.5))
    for t in range(K, len(y)):
        p.add(norm(y[t], alpha + sum(beta[k] * y[t - 1 - k] for k in range(K)), sigma))


def arma(p, d):
    y = d["y"]
    mu, phi, theta, sigma = p.free(), p.free(), p.free(), p.positive()
    p.add(norm(mu, 0, 10) + norm(phi, 0, 2) + norm(theta, 0, 2) + cauchy(sigma, 0, 2.5))
    error = y[0] - (mu + phi * mu)
    p.add(norm(error, 0, sigma))
    for t in range(1, len(y)):
        error = y[t] - (mu + phi * y[t - 1] + theta * error)
        p.add(norm(error, 0, sigma))


def garch(p, d):
    y = d["y"]
    mu, a0, a1 = p.free(), p.positive(), p.between(0, 1)
    b1 = p.between(0, 1 - a1)
    s = d["sigma1"]
    for t in range(len(y)):
        if t:
            s = np.sqrt(a0 + a1 * (y[t - 1] - mu) ** 2 + b1 * s**2)
        p.add(norm(y[t], mu, s))


def kernel(x, alpha, rho):
    return alpha**2 * np.exp(-((x[:, None] - x[None]) ** 2) / (2 * rho**2))


def gp_regr(p, d):
    rho, alpha, sigma = p.positive(), p.positive(), p.positive()
    p.add(stats.gamma.logpdf(rho, 25, scale=1 / 4) + norm(alpha, 0, 2) + norm(sigma, 0, 1))
    p.add(stats.multivariate_normal.logpdf(d["y"], np.zeros(11), kernel(d["x"], alpha, rho) + sigma * np.eye(11)))


def gp_pois_regr(p, d):
    rho, alpha, z = p.positive(), p.positive(), p.free(11)
    p.add(stats.gamma.logpdf(rho, 25, scale=1 / 4) + norm(alpha, 0, 2) + norm(z).sum())
    f = np.linalg.cholesky(kernel(d["x"], alpha, rho) + 1e-10 * np.eye(11)) @ z
    p.add(stats.poisson.logpmf(d["k"], np.exp(f)))


def gauss_mix(p, d):
    mu, sigma, theta = p.ordered(2), p.positive(2), p.between(0, 1)
    p.add(norm(mu, 0, 2).sum() + norm(sigma, 0, 2).sum() + stats.beta.logpdf(theta, 5, 5))
    y = d["y"]
    p.add(np.log(theta * np.exp(norm(y, mu[0], sigma[0])) + (1 - theta) * np.exp(norm(y, mu[1], sigma[1]))))


def forward(emission, transition):
    weight = np.ones(2)
    total = 0.0
    for t, e in enumerate(emission):
        weight = (weight if t == 0 else weight @ transition) * np.exp(e)
        total += np.log(weight.sum())
        weight = weight / weight.sum()
    return total


def hmm(p, d):
    rows = np.stack([p.simplex2(), p.simplex2()])
    mu = p.ordered(2, positive=True)
    p.add(norm(mu, [3, 10], 1))
    p.add(forward(norm(d["y"][:, None], mu, 1), rows))


def solve(f, y0, times):
    return integrate.solve_ivp(f, (0, times[-1]), y0, t_eval=times, method="DOP853", rtol=1e-12, atol=1e-10).y


def lotka(p, d):
    theta, z, sigma = p.positive(4), p.positive(2), p.positive(2)
    p.add(norm(theta, [1, 0.05, 1, 0.05], [0.5, 0.05, 0.5, 0.05]))
    p.add(log_normal(z, np.log(10), 1).sum() + log_normal(sigma, -1, 1).sum())
    a, b, c, e = theta
    path = solve(lambda t, y: [(a - b * y[1]) * y[0], (-c + e * y[0]) * y[1]], z, d["ts"])
    p.add(log_normal(d["y_init"], np.log(z), sigma))
    p.add(log_normal(d["y"], np.log(path.T), sigma))


def one_comp(p, d):
    # The rate v at a concentration of 5 is the parameter: V = v (K + 5) / 5.
    k, K, v, sigma = p.positive(), p.positive(), p.positive(), p.positive()
    V = v * (K + 5) / 5
    p.add(np.log((K + 5) / 5))
    p.add(cauchy([k, K, V, sigma]))
    f = lambda t, c: [d["D"] * k / d["V"] * np.exp(-k * t) - V / d["V"] * c[0] / (K + c[0])]
    p.add(log_normal(d["C_hat"], np.log(solve(f, [0.0], d["times"])[0]), sigma))


def radon(p, d, hierarchical):
    J = int(d["J"])
    mu, sa, sy = p.free(), p.positive(), p.positive()
    b, z = p.free(2 if hierarchical else 1), p.free(J)
    p.add(norm(mu, 0, 10) + norm(sa) + norm(sy) + norm(b, 0, 10).sum() + norm(z).sum())
    a = (mu + sa * z)[d["county_idx"].astype(int) - 1]
    p.add(norm(d["log_radon"], a + (b[0] * d["log_uppm"] + b[1] * d["floor_measure"] if hierarchical else b[0] * d["floor_measure"]), sy))


def wells(p, d):
    a, b = p.free(), p.free(2)
    p.add(bernoulli_logit(d["switched"], a + b[0] * d["dist"] / 100 + b[1] * d["arsenic"]))


def rats(p, d):
    ma, mb, sy, sa, sb = p.free(), p.free(), p.positive(), p.positive(), p.positive()
    a, b = p.free(30), p.free(30)
    p.add(norm(ma, 0, 100) + norm(mb, 0, 100) + norm(a, ma, sa).sum() + norm(b, mb, sb).sum())
    r = d["rat"].astype(int) - 1
    p.add(norm(d["y"], a[r] + b[r] * (d["x"] - d["xbar"]), sy))


def irt(p, d):
    st, theta, sa = p.positive(), p.free(100), p.positive()
    a, mb, sb, b = p.positive(20), p.free(), p.positive(), p.free(20)
    p.add(cauchy([st, sa, sb], 0, 2).sum() + norm(theta, 0, st).sum() + log_normal(a, 0, sa).sum())
    p.add(norm(mb, 0, 5) + norm(b, mb, sb).sum())
    p.add(bernoulli_logit(d["y"], a[:, None] * (theta[None] - b[:, None])))


def glm_poisson(p, d):
    a, b = p.between(-20, 20), [p.between(-10, 10) for _ in range(3)]
    x = d["year"]
    p.add(stats.poisson.logpmf(d["C"], np.exp(a + b[0] * x + b[1] * x**2 + b[2] * x**3)))


def seeds(p, d):
    a0, a1, a12, a2, tau, b = p.free(), p.free(), p.free(), p.free(), p.positive(), p.free(21)
    p.add(norm([a0, a1, a12, a2], 0, 1000).sum() + stats.gamma.logpdf(tau, 1e-3, scale=1e3) + norm(b, 0, tau**-0.5).sum())
    eta = a0 + a1 * d["x1"] + a2 * d["x2"] + a12 * d["x1"] * d["x2"] + b
    p.add(d["n"] * eta - d["N"] * np.logaddexp(0, eta))


def horseshoe(p, d):
    n = int(d["d"])
    b0, z, tau, lam, caux = p.free(), p.free(n), p.positive(), p.positive(n), p.positive()
    p.add(norm(b0, 0, d["scale_icept"]) + norm(z).sum() + stats.t.logpdf(tau, d["nu_global"], 0, 2 * d["scale_global"]))
    p.add(stats.t.logpdf(lam, d["nu_local"]).sum() + stats.invgamma.logpdf(caux, d["slab_df"] / 2, scale=d["slab_df"] / 2))
    c = d["slab_scale"] * np.sqrt(caux)
    beta = z * tau * np.sqrt(c**2 * lam**2 / (c**2 + tau**2 * lam**2))
    p.add(bernoulli_logit(d["y"], b0 + d["x"] @ beta))


def sir(p, d):
    beta, gamma, xi, delta = p.positive(), p.positive(), p.positive(), p.positive()
    p.add(cauchy(beta, 0, 2.5) + cauchy(gamma) + cauchy(xi, 0, 25) + cauchy(delta))

    def f(t, y):
        s, i, r, b = y
        new = beta * s * b / (b + 1e6)
        return [-new, new - gamma * i, gamma * i, xi * i - delta * b]

    s, _, _, b = solve(f, d["y0"], d["t"])
    p.add(stats.poisson.logpmf(d["stoi_hat"], -np.diff(np.concatenate([[d["y0"][0]], s]))))
    p.add(log_normal(d["B_hat"], np.log(b), 0.15))


models = {
    "GLM_Poisson_model": glm_poisson,
    "arK": ar,
    "arma11": arma,
    "blr": lambda p, d: regression(p, d["y"], d["X"], beta=10, sigma=lambda s: norm(s, 0, 10)),
    "eight_schools_centered": lambda p, d: eight_schools(p, d, True),
    "eight_schools_noncentered": lambda p, d: eight_schools(p, d, False),
    "garch11": garch,
    "gp_pois_regr": gp_pois_regr,
    "gp_regr": gp_regr,
    "hmm_example": hmm,
    "irt_2pl": irt,
    "kidscore_interaction": lambda p, d: kidscore(p, d, True),
    "kidscore_momhsiq": lambda p, d: kidscore(p, d, False),
    "logearn_interaction": logearn,
    "logistic_regression_rhs": horseshoe,
    "logmesquite": mesquite,
    "lotka_volterra": lotka,
    "low_dim_gauss_mix": gauss_mix,
    "one_comp_mm_elim_abs": one_comp,
    "radon_hierarchical_intercept_noncentered": lambda p, d: radon(p, d, True),
    "radon_variable_intercept_noncentered": lambda p, d: radon(p, d, False),
    "rats_model": rats,
    "seeds_model": seeds,
    "sir": sir,
    "wells_dist100ars_model": wells,
}


def density(model, data, u):
    p = Point(u)
    models[model](p, data)
    return p.log_density, p.at


centres = {"sir": np.log([1, 0.2, 10, 0.35])}


def main(folder, *names):
    for path in sorted(Path(folder).glob("*/posterior.json")):
        posterior = json.loads(path.read_text())
        if names and path.parent.name not in names:
            continue
        with zipfile.ZipFile(path.parent / "data.json.zip") as z:
            raw = json.loads(z.read(z.namelist()[0]))
        data = {k: np.array(v, dtype=float) if isinstance(v, list) else float(v) for k, v in raw.items()}
        model = posterior["model_name"]
        centre = np.zeros(10_000)
        centre[: len(centres.get(model, []))] = centres.get(model, [])
        i = np.arange(10_000)
        at_u, size = density(model, data, centre + np.sin(i + 1) / 2)
        at_v, _ = density(model, data, centre + np.cos(2 * i) / 2)
        print(json.dumps({"name": path.parent.name, "dimension": size, "difference": at_u - at_v}))


if __name__ == "__main__":
    main(*sys.argv[1:])
