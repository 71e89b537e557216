"""Configures, builds and tests with CMake, with what was carried along."""

import os

from environment import CARRIED, ROOT, Failure, find, run

JOBS = f"-j{os.cpu_count() or 1}"


def googletest(folder):
    """Where CMake finds GoogleTest: installed, or built from the carried source."""
    source = CARRIED / "googletest"
    if not source.exists():
        return []  # CMake looks for an installed one, and says so if there is none
    prefix = folder / "googletest"
    run("Configuring GoogleTest", ["cmake", "-S", source, "-B", folder / "googletest-build", f"-DCMAKE_INSTALL_PREFIX={prefix}", "-DBUILD_GMOCK=OFF"])
    run("Building GoogleTest", ["cmake", "--build", folder / "googletest-build", "--target", "install", JOBS])
    return [f"-DGTest_ROOT={prefix}"]


def tests(folder, cuda):
    """The native tests, the emulator's, with CUDA also the device's and the benchmark; returns the options for a report."""
    if not find("cmake"):
        raise Failure("CMake is not installed; Credence's native code needs 3.24 or newer")
    options = ["-DCMAKE_BUILD_TYPE=Release", "-DCREDENCE_TESTS=ON", f"-DCREDENCE_CUDA={'ON' if cuda else 'OFF'}"]
    if cuda:
        options.append(f"-DCMAKE_CUDA_COMPILER={cuda}")
    run("Configuring", ["cmake", "-S", ROOT / "native", "-B", folder, *options, *googletest(folder.parent)])
    run("Building tests and benchmarks", ["cmake", "--build", folder, JOBS])


def addon(folder, cuda, node):
    """The addon, built without npm; returns its path."""
    options = [
        "-DCMAKE_BUILD_TYPE=Release",
        "-DCREDENCE_CUDA=ON",
        f"-DCMAKE_CUDA_COMPILER={cuda}",
        f"-DCMAKE_JS_INC={node['headers']};{node['api']}",
        f"-DCMAKE_LIBRARY_OUTPUT_DIRECTORY={folder}",
    ]
    run("Configuring the addon", ["cmake", "-S", ROOT / "native", "-B", folder, *options])
    run("Building the addon", ["cmake", "--build", folder, JOBS])
    return folder / "credence.node"


def sanitize(binary):
    """compute-sanitizer's tools on the device tests: a line for each."""
    sanitizer = find("compute-sanitizer", ("/usr/local/cuda/bin/compute-sanitizer",))
    if not sanitizer:
        return [("compute-sanitizer", "left out: it is not installed")]
    outcomes = []
    for tool in ("memcheck", "racecheck", "initcheck"):
        try:
            run(f"compute-sanitizer {tool}", [sanitizer, "--tool", tool, "--error-exitcode", "9", binary, "--gtest_brief=1"])
            outcomes.append((tool, "clean"))
        except Failure as failure:
            print(failure)
            outcomes.append((tool, "FAILED"))
    return outcomes
