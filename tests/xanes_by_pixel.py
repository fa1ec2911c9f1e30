"""The methods of `cathograph.ingest.xanes` once more, pixel by pixel with numpy's own fits: slow and plain."""

import numpy as np
from scipy.optimize import brentq, curve_fit


def normalise(energies, spectrum, how):
    """Pre-edge line to 0, post-edge curve to 1; returns spectrum, jump and noise."""
    pre = (energies >= how.pre_ev[0]) & (energies <= how.pre_ev[1])
    post = (energies >= how.post_ev[0]) & (energies <= how.post_ev[1])
    x = energies - how.edge_ev
    line = np.polyfit(x[pre], spectrum[pre], 1)
    jump = np.polyfit(x[post], spectrum[post], how.post_degree)[-1] - line[-1]
    rest = spectrum - np.polyval(line, x)
    return rest / jump, jump, np.sqrt(np.sum(rest[pre] ** 2) / (pre.sum() - 2))


def fit_around(energies, spectrum, k, half_width, degree):
    """Polynomial in energy minus E_k, highest power first, and its residual."""
    near = np.abs(energies - energies[k]) <= half_width * (1 + 1e-9)
    x = energies[near] - energies[k]
    fitted = np.polyfit(x, spectrum[near], degree)
    rest = spectrum[near] - np.polyval(fitted, x)
    return fitted, np.sqrt(np.sum(rest**2) / (near.sum() - degree - 1)), near


def highest(energies, spectrum, how, degree):
    """Energy at which the smoothed spectrum is highest, None at an end of the search range."""
    places = np.flatnonzero((energies >= how.search_ev[0]) & (energies <= how.search_ev[1]))
    smooth = [fit_around(energies, spectrum, k, how.half_width_ev, degree)[0][-1] for k in places]
    top = int(np.argmax(smooth))
    return places, smooth, top


def white_line(energies, spectrum, how):
    """Maximum of the local polynomial, moved to the nearest energy until it stays."""
    places, _, top = highest(energies, spectrum, how, how.degree)
    if top in (0, len(places) - 1):
        return np.nan, np.nan
    k = places[top]
    for _ in range(5):
        fitted, residual, _ = fit_around(energies, spectrum, k, how.half_width_ev, how.degree)
        roots = np.roots(np.polyder(fitted))
        roots = roots[np.abs(roots.imag) < 1e-9].real
        uphill = np.sign(np.polyval(np.polyder(fitted), 0))
        ahead = roots[(roots * uphill >= 0) & (np.abs(roots) <= how.half_width_ev)]
        if not ahead.size:
            return np.nan, np.nan
        energy = energies[k] + ahead[np.argmin(np.abs(ahead))]
        nearest = places[np.argmin(np.abs(energies[places] - energy))]
        if nearest == k:
            break
        k = nearest
    return energy, residual


def gaussian(energies, spectrum, how):
    """Centre of 1 + h exp(−(E − c)²/2σ²) by scipy."""
    start, _ = white_line(energies, spectrum, Parabola(how))
    k = int(np.argmin(np.abs(energies - start)))
    near = np.abs(energies - energies[k]) <= how.half_width_ev * (1 + 1e-9)

    def model(x, height, centre, width):
        return 1 + height * np.exp(-0.5 * ((x - centre) / width) ** 2)

    found, _ = curve_fit(model, energies[near], spectrum[near], p0=(0.5, start, 2.0), xtol=1e-12, ftol=1e-12)
    rest = spectrum[near] - model(energies[near], *found)
    return found[1], np.sqrt(np.sum(rest**2) / (near.sum() - 3))


class Parabola:
    """The start of the Gaussian fit: its own search and width, degree 2."""

    def __init__(self, how):
        self.search_ev, self.half_width_ev, self.degree = how.search_ev, how.half_width_ev, 2


def half_height(energies, spectrum, how):
    """Passage of the local polynomial through the level, below the highest point."""
    places, smooth, top = highest(energies, spectrum, how, how.degree)
    if top in (0, len(places) - 1) or smooth[top] <= how.level:
        return np.nan, np.nan
    below = top
    while below > 0 and smooth[below] > how.level:
        below -= 1
    if smooth[below] > how.level:
        return np.nan, np.nan
    pair = places[below : below + 2]
    energy = np.interp(how.level, smooth[below : below + 2], energies[pair])
    k = places[np.argmin(np.abs(energies[places] - energy))]
    for _ in range(5):
        fitted, residual, _ = fit_around(energies, spectrum, k, how.half_width_ev, how.degree)
        guess = energy - energies[k]
        shifted = fitted.copy()
        shifted[-1] -= how.level
        roots = np.roots(shifted)
        roots = roots[np.abs(roots.imag) < 1e-9].real
        rising = roots[(np.polyval(np.polyder(fitted), roots) > 0) & (np.abs(roots) <= how.half_width_ev)]
        if not rising.size:
            return np.nan, np.nan
        root = rising[np.argmin(np.abs(rising - guess))]
        energy = energies[k] + brentq(lambda x, p=shifted: np.polyval(p, x), root - 0.01, root + 0.01)
        nearest = places[np.argmin(np.abs(energies[places] - energy))]
        if nearest == k:
            break
        k = nearest
    return energy, residual


def linear_combination(energies, spectrum, how):
    """Share of the second reference by least squares."""
    pair = how.references
    low = max(how.window_ev[0], pair.energies_ev[0])
    high = min(how.window_ev[1], pair.energies_ev[-1])
    near = (energies >= low) & (energies <= high)
    columns = [*pair.at(energies[near])]
    if how.baseline:
        columns += [np.ones(near.sum()), energies[near] - 8340]
    design = np.column_stack(columns)
    found, squares, _, _ = np.linalg.lstsq(design, spectrum[near], rcond=None)
    share = found[1] / (found[0] + found[1])
    return pair.low_ev + share * (pair.high_ev - pair.low_ev), np.sqrt(
        squares[0] / (len(design) - design.shape[1])
    )
