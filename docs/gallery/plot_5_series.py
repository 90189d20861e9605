"""
A series
========

Twelve metastases under one rule, everything that is not known drawn anew for each.
"""

from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np

import ablsim

study = ablsim.Study.from_text("""
schema = "ablsim/study/1"
title = "Twelve metastases"
[population]
lesions = 12
[population.diameter]
distribution = "uniform"
from = "10 mm"
to = "40 mm"
[policy]
kind = "rules"
[uncertainty]
draws = 4
[numerics]
spacing = "3 mm"
light_interval = "10 s"
[report]
classes = ["20 mm", "30 mm"]
""")

# %%
# The rule gives more fibres to larger tumours. Cells of 3 mm and four draws for each tumour keep
# this page short; every case is kept in the folder, and a study that is stopped goes on there.

with TemporaryDirectory() as folder:
    summary = ablsim.run_cohort(study, folder, workers=0)
for row in summary["classes"]:
    low, high = row["diameter_mm"]
    rate = row["complete_rate"]
    print(
        f"{low:.0f} to {high or 40:.0f} mm: {rate['rate']:.0%} complete "
        f"({rate['low']:.0%} to {rate['high']:.0%})"
    )

# %%
# What is ablated of each tumour: median and 5 to 95 % of its draws.

curve = summary["curve"]
low, middle, high = (np.array([one[key] for one in curve]) for key in ("p05", "median", "p95"))
figure, axes = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
axes.errorbar(
    [one["diameter_mm"] for one in curve],
    100 * middle,
    yerr=100 * np.array([middle - low, high - middle]),
    fmt="o",
    capsize=3,
)
axes.set(xlabel="diameter [mm]", ylabel="ablated [%]", ylim=(0, 102))
plt.show()
