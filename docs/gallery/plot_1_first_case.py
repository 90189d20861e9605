"""
One fibre
=========

A 14 mm metastasis, one bare fibre, 1800 J: what dies, and where the heat went.
"""

import matplotlib.pyplot as plt
import numpy as np

import ablsim

case = ablsim.Case(
    title="NET metastasis, 14 mm, one fibre",
    tissue=ablsim.TissueTable(background="liver"),
    tumour=ablsim.TumourTable(tissue="net_metastasis", diameter="14 mm", margin="5 mm"),
    fibre=[ablsim.FibreTable(kind="bare", tip=["0 mm", "0 mm", "-2 mm"], direction=[0, 0, -1])],
    protocol=["deliver 5 W until 1800 J", "rest for 120 s"],
).replace({"numerics.spacing": "1.5 mm"})
result = ablsim.simulate(case)
zones = ablsim.measure_zones(result)
print(f"stasis {1e6 * zones['stasis'].volume:.2f} mL, ablated {zones.tumour.ablated_fraction:.1%}")

# %%
# The temperature at the end, in the axial plane through the tip, with the zones of stasis (line)
# and of whitening (dashes).

temperature = result.field("temperature", unit="degC")
x, y, z = (1e3 * axis for axis in result.grid.axes())
middle = int(abs(z + 2.0).argmin())
figure, axes = plt.subplots(figsize=(6.4, 5.2), layout="constrained")
shown = axes.pcolormesh(x, y, temperature[middle], cmap="YlOrRd", shading="nearest")
for zone, colour, dashes in (("stasis", "purple", "solid"), ("whitening", "black", "dashed")):
    logarithm = np.log(np.maximum(getattr(result.fields, zone)[middle], 1e-9))
    axes.contour(x, y, logarithm, [0.0], colors=colour, linestyles=dashes)
axes.set(xlim=(-18, 18), ylim=(18, -18), aspect="equal")  # the patient's front above
axes.set(xlabel="right  x [mm]  left", ylabel="back  y [mm]  front")
figure.colorbar(shown, label="temperature [°C]")

# %%
# Where the energy went.

table = result.history_table()
figure, axes = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
for key in ("fired_j", "stored_j", "perfusion_j", "latent_j"):
    axes.plot(table["time_s"], table[key], label=key.removesuffix("_j"))
axes.set(xlabel="time [s]", ylabel="energy [J]")
axes.legend(frameon=False)
plt.show()
