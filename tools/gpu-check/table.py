"""Joins our figures with the peer's and the chip's limits, judges them by the bars, and prints them."""

# What the project promises: ratios to eager PyTorch on the same card, a share of the measured copy bandwidth, events a second.
TRAINING_BARS = {200: 30, 16384: 3}
SHARE_OF_COPY_BAR = 0.8
EVENTS_PER_SECOND_BAR = 5e9
PARITY_MAX = 1e-4  # three steps of f32, in another order of sums

COLUMNS = ["benchmark", "size", "median", "min .. max", "figure", "peer median", "ratio", "bar", ""]
WIDTHS = [27, 34, 10, 22, 22, 11, 7, 14, 6]


def bandwidth(lines):
    """Bytes a second that a copy on the device reaches."""
    copy = next(line for line in lines if line.get("name") == "copy")
    return copy["bytes"] / copy["seconds"]["median"]


def bar_of(line, figures, ratio):
    """The promise for this line and whether it is kept: (text, bool), or None."""
    name = line["name"]
    batch = next((b for b in TRAINING_BARS if line["size"].endswith(f" batch {b}")), None)
    if name.startswith("train") and batch and ratio is not None:
        return f">= {TRAINING_BARS[batch]} x", ratio >= TRAINING_BARS[batch]
    if name.startswith(("cluster", "copy by")):
        return f">= {SHARE_OF_COPY_BAR:.0%} of copy", figures["shareOfCopy"] >= SHARE_OF_COPY_BAR
    if name == "event simulation":
        return f">= {EVENTS_PER_SECOND_BAR / 1e9:g} G/s", figures["eventsPerSecond"] >= EVENTS_PER_SECOND_BAR
    if "difference" in line:
        return f"<= {PARITY_MAX:g}", line["difference"] <= PARITY_MAX
    return None


def rows(lines, peers, timed=True):
    """One row of the JSON file for each of our lines. `peers`: PyTorch's lines; a name with ", N-API" has the peer of the name without.
    Not `timed`: the seconds mean nothing, and no bar is set for them.
    """
    theirs = {(peer["name"], peer["size"]): peer for peer in peers}
    copy = bandwidth(lines)
    result = []
    for line in lines:
        if "name" not in line:
            continue
        seconds = line.get("seconds")
        figures = {key: value for key, value in line.items() if key not in ("name", "size", "seconds")}
        if "bytes" in line:
            figures["bytesPerSecond"] = line["bytes"] / seconds["median"]
            figures["shareOfCopy"] = figures["bytesPerSecond"] / copy
        for work in ("flops", "events", "elements"):
            if work in line:
                figures[f"{work}PerSecond"] = line[work] / seconds["median"]
        peer = theirs.get((line["name"].removesuffix(", N-API"), line["size"]))
        peer_seconds = peer["seconds"] if peer else None
        ratio = peer_seconds["median"] / seconds["median"] if peer and seconds else None
        bar = bar_of(line, figures, ratio) if timed or not seconds else None
        result.append(
            {
                "name": line["name"],
                "size": line["size"],
                "device": "cuda:0",
                "threads": 1,
                "seconds": seconds,
                "peer": peer["peer"] if peer else None,
                "peerSeconds": peer_seconds["median"] if peer else None,
                "peerSpread": peer_seconds,
                "ratio": ratio,
                "bar": bar[0] if bar else None,
                "met": bar[1] if bar else None,
                **figures,
            }
        )
    return result


def duration(seconds):
    value, unit = (seconds, "s") if seconds >= 1 else (seconds * 1e3, "ms") if seconds >= 1e-3 else (seconds * 1e6, "us")
    return f"{value:.3g} {unit}"


def figure(row):
    for key, unit, scale in (("flopsPerSecond", "TFLOP/s", 1e12), ("eventsPerSecond", "G events/s", 1e9), ("elementsPerSecond", "G elements/s", 1e9)):
        if key in row:
            return f"{row[key] / scale:.3g} {unit}"
    if "bytesPerSecond" in row:
        return f"{row['bytesPerSecond'] / 1e9:.4g} GB/s, {row['shareOfCopy']:.0%}"
    return f"difference {row['difference']:.1e}" if "difference" in row else ""


def text(table_rows):
    line = lambda cells: "  ".join(str(cell).ljust(width) for cell, width in zip(cells, WIDTHS)).rstrip()
    printed = [line(COLUMNS), line(["-" * width for width in WIDTHS])]
    for row in table_rows:
        seconds = row["seconds"]
        printed.append(
            line(
                [
                    row["name"],
                    row["size"],
                    duration(seconds["median"]) if seconds else "",
                    f"{duration(seconds['min'])} .. {duration(seconds['max'])}" if seconds else "",
                    figure(row),
                    duration(row["peerSeconds"]) if row["peerSeconds"] else "",
                    f"{row['ratio']:.3g}" if row["ratio"] else "",
                    row["bar"] or "",
                    "" if row["met"] is None else "met" if row["met"] else "MISSED",
                ]
            )
        )
    return "\n".join(printed)
