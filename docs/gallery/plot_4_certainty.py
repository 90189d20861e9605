"""
What certainty costs
====================

A plan for a small metastasis and one fibre, and what more or less probability would take.
"""

import matplotlib.pyplot as plt

import ablsim

case = ablsim.Case.from_text("""
schema = "ablsim/case/1"
title = "Small metastasis"
[tissue]
background = "liver"
[tumour]
tissue = "net_metastasis"
shape = "sphere"
diameter = "12 mm"
[[fibre]]
kind = "bare"
tip = ["0 mm", "0 mm", "0 mm"]
direction = [0, 0, -1]
[protocol]
steps = ["deliver 5 W until 1000 J"]
""")

# %%
# The protocol of the case does not count; its tumour and the kind of its fibre do. The fibre is
# taken to be where it is meant to be. Few draws and cells of 2 mm keep this page short; left out,
# there are 64 draws and the plan is checked on 1 mm.

request = ablsim.Request(
    max_fibres=1,
    max_illuminations=1,
    limits=ablsim.Limits(placements=1),
    errors=ablsim.PlacementTable(lateral="0 mm", depth="0 mm", shift="0 mm"),
    draws=8,
    cells=2e-3,
)
plan = ablsim.plan(case, request)
chance = plan.found.probability.complete
print(plan.prescription.describe())
print(f"complete with {chance.value:.0%} ({chance.low:.0%} to {chance.high:.0%})")

# %%
# The plans that no other beats in both, the chosen one in black. Full marks were judged by all
# draws, open ones are estimated from few.

figure, axes = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
for point in plan.front:
    colour = "black" if point.is_chosen else "tab:red"
    fill = colour if point.basis == "draws" else "none"
    place = point.candidate.burden, 100 * point.probability
    axes.plot(*place, "o", markeredgecolor=colour, markerfacecolor=fill, clip_on=False)
axes.axhline(100 * request.probability, color="grey", lw=1, ls=":")
axes.set(xlabel="burden [min]", ylabel="complete [%]", ylim=(50, 100))
plt.show()
