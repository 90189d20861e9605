"""What the model leaves out, in plain words."""

LIMITS = (
    "Light, heat and damage are computed on cells; what is smaller than a cell, the tip of the "
    "fibre above all, is known only on average.",
    "Perfusion is that of the tissue at rest, the same everywhere in it; vessels below 3 mm are "
    "not there one by one. It differs from patient to patient by a factor of two and more.",
    "Stasis, whitening and death follow published kinetics that were measured in other livers than "
    "this one; a zone seen by contrast ultrasound a day later is compared with stasis.",
    "Tissue does not move: no breathing, no shrinking, no swelling, and no gas that pushes it "
    "aside. Steam leaves where it arises unless the case lets it condense nearby.",
    "Fibres lie exactly where the case puts them. Needles carry no heat.",
    "Bleeding, bile leaks, infection and every other complication are outside the model.",
    "What was compared with measurements, and how it came out, is said by `ablsim validate`.",
)
"""One sentence or two each."""
