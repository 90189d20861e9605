"""
Margins
=======

How far the zone reaches beyond the tumour's surface, beside a vein that cools it.
"""

import matplotlib.pyplot as plt
import numpy as np

import ablsim

case = ablsim.Case.from_text("""
schema = "ablsim/case/1"
title = "Beside a vein"
[tissue]
background = "liver"
[tumour]
tissue = "net_metastasis"
shape = "sphere"
diameter = "14 mm"
margin = "5 mm"
[[vessel]]
name = "hepatic vein"
diameter = "6 mm"
points = [["12 mm", "-40 mm", "0 mm"], ["12 mm", "40 mm", "0 mm"]]
[[fibre]]
kind = "bare"
tip = ["0 mm", "0 mm", "-2 mm"]
direction = [0, 0, -1]
[protocol]
steps = ["deliver 5 W until 1800 J", "rest for 120 s"]
[numerics]
spacing = "1.5 mm"
""")
tumour = ablsim.measure_zones(ablsim.simulate(case)).tumour
surface = tumour.margin_map

# %%
# The side of the vein, to the left, has less than the opposite one.

to_the_left, to_the_right = surface.points[:, 0] > 4e-3, surface.points[:, 0] < -4e-3
sides = {"beside the vein": to_the_left, "opposite": to_the_right}
for name, side in sides.items():
    print(f"{name}: {1e3 * np.mean(surface.margins[side]):+.1f} mm on average")

# %%
# How the margins are spread.

figure, axes = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
for name, side in sides.items():
    axes.hist(1e3 * surface.margins[side], 24, density=True, alpha=0.6, label=name)
axes.axvline(0.0, color="black", lw=1)
axes.set(xlabel="margin [mm]", ylabel="density")
axes.legend(frameon=False)
plt.show()
