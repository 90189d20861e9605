"""MCX on the processor, through pmcxcl and an OpenCL runtime, in a process of its own.

Reads one job as JSON from standard input and writes what it took to standard output:

    {"mu_a": [..], "mu_s": [..], "g": [..], "ball_mm": 5, "ahead_mm": 0, "cells": 60,
     "photons": 2000, "seed": 1, "source": "isotropic" | "pencil" | "middle", "threshold": 1e-4,
     "save": "shares.npy"}

`bench_light.py` starts it; the C++ runtime of the system has to be loaded before pmcxcl's own.
"""

import json
import sys
import time

import numpy as np


def main():
    """Run the job with few photons and with all, so that what is fixed drops out."""
    import pmcxcl

    job = json.load(sys.stdin)
    n = job["cells"]
    line = np.arange(n) + 0.5 - n / 2
    along, radius = line - job.get("ahead_mm", 0), job.get("ball_mm", 0)
    inside = line[:, None, None] ** 2 + line[:, None] ** 2 + along**2 < radius**2  # (x, y, z)
    media = list(zip(job["mu_a"], job["mu_s"], job["g"], strict=True))
    setup = {
        "vol": np.asfortranarray((1 + (inside if len(media) > 1 else 0 * inside)).astype(np.uint8)),
        "prop": [[0, 0, 1, 1], *([*medium, 1] for medium in media)],
        "tstart": 0, "tend": 5e-9, "tstep": 5e-9, "unitinmm": 1.0, "issrcfrom0": 1, "autopilot": 1,
        "srcpos": [n / 2, n / 2, 0.0 if job["source"] == "pencil" else n / 2],
        "srctype": "isotropic" if job["source"] == "isotropic" else "pencil",
        "srcdir": [0, 0, 1], "outputtype": "energy", "isreflect": 0,
        "minenergy": job["threshold"], "issavedet": 0,
    }  # fmt: skip
    spent = []
    for photons in (100, 100, 100 + job["photons"]):  # the first builds the kernel
        began = time.process_time()
        result = pmcxcl.run({**setup, "nphoton": photons, "seed": job["seed"]})
        spent.append(time.process_time() - began)
    shares = np.squeeze(result["flux"]).T  # (z, y, x)
    if job.get("save"):
        np.save(job["save"], shares)
    took = {"cpu_s": spent[2] - spent[1], "fixed_s": spent[1], "sum": float(shares.sum())}
    print(json.dumps(took), flush=True)  # the last line: pmcxcl prints others


if __name__ == "__main__":
    main()
