"""
How far apart?
==============

Two fibres in perfused liver, fired together, 10 to 30 mm apart.
"""

import matplotlib.pyplot as plt

import ablsim

text = """
schema = "ablsim/case/1"
title = "Two fibres"
[tissue]
background = "liver"
[fibres]
kind = "bare"
pattern = "line"
spacing = "{spacing} mm"
direction = [0, 0, -1]
[protocol]
steps = ["deliver 5 W per fibre until 1800 J per fibre", "rest for 120 s"]
[numerics]
spacing = "2 mm"
"""
spacings = (10, 14, 18, 22, 26, 30)
volumes, pieces = [], []
for spacing in spacings:
    case = ablsim.Case.from_text(text.format(spacing=spacing))
    zone = ablsim.measure_zones(ablsim.simulate(case))["stasis"]
    volumes.append(1e6 * zone.volume)
    pieces.append(zone.pieces)

# %%
# Closer, both heat the same tissue; further apart, they no longer warm each other, and part.

figure, axes = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
axes.plot(spacings, volumes, "o-", color="purple")
for spacing, volume, number in zip(spacings, volumes, pieces, strict=True):
    axes.annotate(
        f"{number} piece{'s' * (number > 1)}",
        (spacing, volume),
        (0, 8),
        textcoords="offset points",
        ha="center",
        fontsize=8,
    )
axes.set(xlabel="spacing [mm]", ylabel="zone of stasis [mL]", ylim=(0, 1.2 * max(volumes)))
plt.show()
