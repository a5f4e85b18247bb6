"""Trials simulated: replicates in chunks, the same on any number of workers."""

from opencro.design.simulation.chunks import CHUNK, Progress, Workers, identify_task, run_replicates

__all__ = ["CHUNK", "Progress", "Workers", "identify_task", "run_replicates"]
