"""Thermal damage: Arrhenius processes."""
