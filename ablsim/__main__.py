"""``python -m ablsim``."""

from ablsim.cli import main

main()
