"""What the soak would call growth, and a soak of a few images."""

import numpy as np
import pandas as pd
import pytest

from cathograph.benchmarks.reliability.faults.own_site import own_site
from cathograph.benchmarks.reliability.faults.tally import Tally
from cathograph.benchmarks.reliability.soak.__main__ import check, soak
from cathograph.benchmarks.reliability.soak.growth import MOST_MB, as_table, growth_of
from cathograph.benchmarks.reliability.soak.picture import draw
from cathograph.benchmarks.reliability.soak.processes import ROLES


def looks(*, leaks_mb=0.0, opens=0.0, slows=0.0, role="workers", images=2000):
    """Make looks at a run that fills its caches in its first third; one kind of process leaks, or slows down."""
    rng = np.random.default_rng(1)
    done = np.linspace(0, images, 600).round()
    table = pd.DataFrame({"seconds": done, "images": done})
    for each in ROLES:
        grows = each == role
        warm = 100 * np.clip(done / (images / 3), 0, 1)
        table[f"{each}_rss_mb"] = 200 + warm + rng.normal(0, 1, 600) + grows * leaks_mb * done / 1000
        table[f"{each}_files"] = (30 + grows * opens * done / 1000).round()
        table[f"{each}_cpu_s"] = 0.5 * done + grows * 0.5 * slows * done**2 / 2 / images
    return table


def flat(table):
    return {each.role: each.is_flat for each in growth_of(table)}


class TestGrowth:
    """A leak is seen, filling of caches is none."""

    def test_flat(self):
        assert flat(looks()) == dict.fromkeys(ROLES, True)

    @pytest.mark.parametrize("role", ROLES)
    def test_a_leak(self, role):
        table = looks(leaks_mb=1.5 * MOST_MB[role], role=role)
        assert [each for each, is_flat in flat(table).items() if not is_flat] == [role]
        (found,) = [each for each in growth_of(table) if each.role == role]
        assert found.mb_per_1000 == pytest.approx(1.5 * MOST_MB[role], rel=0.05)

    def test_files_left_open(self):
        assert not flat(looks(opens=10))["workers"]

    def test_images_that_cost_more_and_more(self):
        assert flat(looks(slows=0.2))["workers"]
        assert not flat(looks(slows=1.0))["workers"]

    def test_too_little_to_tell_is_not_flat(self):
        assert not any(flat(looks()[:1]).values())

    def test_told_and_drawn(self, tmp_path):
        table = looks(leaks_mb=50)
        lines = as_table(growth_of(table)).splitlines()
        assert [line.split(" | ")[-1] for line in lines[2:]] == ["yes |", "NO |", "yes |"]
        draw(table, tmp_path / "soak.png", title="made")
        assert 10_000 < (tmp_path / "soak.png").stat().st_size < 150_000


@pytest.mark.neo4j
@pytest.mark.slow
def test_a_short_soak(tmp_path):
    tally = Tally("")
    with own_site(tmp_path) as (site, server_pid):
        seen = pd.DataFrame(soak(site, server_pid, tally, images=6, side=48, workers=1))
        check(site, tally)
    assert tally.is_clean, tally.notes
    assert tally.times == 6
    assert seen["images"].iloc[-1] == 6
    for role, least_mb in (("service", 30), ("workers", 30), ("server", 200)):
        assert seen[f"{role}_rss_mb"].max() > least_mb
        assert seen[f"{role}_cpu_s"].iloc[-1] > 0
