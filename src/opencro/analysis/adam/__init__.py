"""Tabulated data -> analysis datasets (ADaM); results and displays follow."""
