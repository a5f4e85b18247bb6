"""What a gap after an intercurrent event is assumed to be: mean and covariance of a subject under each assumption.

Source: Carpenter, Roger & Kenward (2013) J Biopharm Stat 23:1352. With a the visits before the event and b those from
it on:

    MAR   own arm throughout
    JR    mean own in a, reference in b ("jump to reference")
    CR    mean and covariance of the reference throughout ("copy reference")
    CIR   mean own in a, then own last mean plus the increments of the reference ("copy increments in reference")
    LMCF  mean own in a, then its last value ("last mean carried forward")

For JR and CIR the covariance joins the arm's at a with the reference's regression of b on a.
"""

from __future__ import annotations

import numpy as np

from opencro.stats.missing.incomplete import Floats


def assume_mean(assumption: str, own: Floats, reference: Floats, start: int) -> Floats:
    """The mean (..., T) of subjects whose event affects the visits from `start` on, given both arms' means (..., T)."""
    visits = own.shape[-1]
    if assumption == "MAR" or start >= visits:
        return own
    if assumption == "CR":
        return reference
    mean = own.copy()
    last = max(start - 1, 0)
    if assumption == "JR" or (assumption == "CIR" and start == 0):
        mean[..., start:] = reference[..., start:]
    elif assumption == "CIR":
        mean[..., start:] = own[..., last, None] + reference[..., start:] - reference[..., last, None]
    else:  # before any visit there is no last mean: that of the first visit is carried
        mean[..., start:] = own[..., last, None]
    return mean


def assume_covariance(assumption: str, own: Floats, reference: Floats, start: int) -> Floats:
    """The covariance (..., T, T) of those subjects, given both arms' covariances."""
    visits = own.shape[-1]
    if assumption in ("MAR", "LMCF") or start >= visits:
        return own
    if assumption == "CR" or start == 0:
        return reference
    a, b = slice(0, start), slice(start, visits)
    slope = np.swapaxes(np.linalg.solve(reference[..., a, a], reference[..., a, b]), -1, -2)
    joined = own.copy()
    joined[..., b, a] = slope @ own[..., a, a]
    joined[..., a, b] = np.swapaxes(joined[..., b, a], -1, -2)
    change = slope @ (reference[..., a, a] - own[..., a, a]) @ np.swapaxes(slope, -1, -2)
    joined[..., b, b] = reference[..., b, b] - change
    return joined
