"""What counts as complete, what is left alone, what is refused; and what belongs together."""

import os
import threading
import time

import pytest

from cathograph.ingest.service.arrivals import Arrivals, WakeUp
from cathograph.ingest.service.inbox import Inbox
from cathograph.schema.errors import InputError

RULES = r"""
pixel_size_nm: 50
files:
  - {pattern: '(?P<f>.+)_label\.tif', as: phases, phases: '0=NMC,1=SSE,2=Graphite', sample: 's', image: '{f}'}
  - {pattern: '(?P<f>.+)_regions\.tif', as: regions, phases: '{f}.csv', sample: 's', image: '{f}'}
  - {pattern: '(?P<f>.+)_energy\.tif', as: energy-map, sample: 's', image: '{f}'}
  - {pattern: '*.tif', as: image, sample: 's', image: '{stem}'}
"""


class Clock:
    """Seconds that pass when told to."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "watched"
    folder.mkdir()
    (folder / "beamtime.yaml").write_text(RULES)
    return folder


class TestArrivals:
    """What one look finds."""

    def test_complete_once_it_has_stood_still(self, folder, clock):
        arrivals = Arrivals(folder, settle_s=5, clock=clock)
        (folder / "a.tif").write_bytes(b"x")
        assert arrivals.look().complete == frozenset()
        clock.now += 4.9
        assert arrivals.look().complete == frozenset()
        clock.now += 0.2
        assert arrivals.look().complete == {"a.tif"}

    def test_growing_begins_anew(self, folder, clock):
        arrivals = Arrivals(folder, settle_s=5, clock=clock)
        for size in range(1, 5):
            (folder / "a.tif").write_bytes(b"x" * size)
            assert arrivals.look().complete == frozenset()
            clock.now += 4
        assert arrivals.look().complete == frozenset()
        clock.now += 5
        assert arrivals.look().complete == {"a.tif"}

    def test_a_folder_of_slices_is_one_file_where_the_rules_say_so(self, folder, clock):
        (folder / "night" / "recon_1").mkdir(parents=True)
        for number in range(3):
            (folder / "night" / "recon_1" / f"{number}.tif").write_bytes(b"x")
        arrivals = Arrivals(folder, settle_s=5, clock=clock)
        assert set(arrivals.look().files) == {f"night/recon_1/{number}.tif" for number in range(3)}

        def takes(name):
            return name == "night/recon_1/"

        assert set(arrivals.look(takes).files) == {"night/recon_1/"}
        clock.now += 4
        (folder / "night" / "recon_1" / "3.tif").write_bytes(b"x")
        assert arrivals.look(takes).complete == frozenset()
        clock.now += 4
        assert arrivals.look(takes).complete == frozenset()  # its time began anew
        clock.now += 2
        assert arrivals.look(takes).complete == {"night/recon_1/"}

    def test_replaced_by_one_of_equal_size(self, folder, clock):
        arrivals = Arrivals(folder, settle_s=5, clock=clock)
        file = folder / "a.tif"
        file.write_bytes(b"x")
        arrivals.look()
        clock.now += 6
        before = arrivals.look()
        assert before.complete == {"a.tif"}
        os.utime(file, ns=(1, 1))
        after = arrivals.look()
        assert after.complete == frozenset()
        assert after.files["a.tif"] != before.files["a.tif"]

    def test_a_clock_of_the_share_that_is_wrong_does_not_matter(self, folder, clock):
        (folder / "a.tif").write_bytes(b"x")
        os.utime(folder / "a.tif", (4e9, 4e9))
        arrivals = Arrivals(folder, settle_s=5, clock=clock)
        arrivals.look()
        clock.now += 5
        assert arrivals.look().complete == {"a.tif"}

    def test_an_empty_file_is_not_complete(self, folder, clock):
        (folder / "a.tif").touch()
        arrivals = Arrivals(folder, settle_s=5, clock=clock)
        arrivals.look()
        clock.now += 100
        listing = arrivals.look()
        assert (set(listing.files), listing.complete) == ({"a.tif"}, frozenset())

    def test_gone_and_back_begins_anew(self, folder, clock):
        arrivals = Arrivals(folder, settle_s=5, clock=clock)
        (folder / "a.tif").write_bytes(b"x")
        arrivals.look()
        (folder / "a.tif").rename(folder.parent / "a.tif")
        clock.now += 10
        assert arrivals.look().files == {}
        (folder.parent / "a.tif").rename(folder / "a.tif")
        assert arrivals.look().complete == frozenset()

    def test_hidden_and_unfinished_names_are_left_alone(self, folder, clock):
        for name in (
            ".a.tif.Xy12ab",
            "a.tif.part",
            "a.tif~",
            "~$a.tif",
            "A.TIF.TMP",
            "a.filepart",
            ".hidden/a.tif",
        ):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(b"x")
        (folder / "deep" / "er").mkdir(parents=True)
        (folder / "deep" / "er" / "a.tif").write_bytes(b"x")
        assert set(Arrivals(folder, settle_s=5, clock=clock).look().files) == {"deep/er/a.tif"}

    def test_links(self, folder, clock):
        (folder / "a.tif").write_bytes(b"x")
        (folder.parent / "secret.tif").write_bytes(b"x")
        (folder.parent / "watched2").mkdir()
        (folder.parent / "watched2" / "b.tif").write_bytes(b"x")
        (folder / "inside.tif").symlink_to("a.tif")
        (folder / "outside.tif").symlink_to("../secret.tif")
        (folder / "chain.tif").symlink_to("outside.tif")
        (folder / "neighbour.tif").symlink_to(folder.parent / "watched2" / "b.tif")
        (folder / "broken.tif").symlink_to("nowhere.tif")
        (folder / "loop.tif").symlink_to("loop.tif")
        (folder / "up").symlink_to("..", target_is_directory=True)
        listing = Arrivals(folder, settle_s=5, clock=clock).look()
        assert set(listing.files) == {"a.tif", "inside.tif"}
        assert set(listing.refused) == {"outside.tif", "chain.tif", "neighbour.tif"}
        assert "leads out of the watched folder" in listing.refused["chain.tif"]

    def test_a_zarr_store_is_one_file_and_may_not_link_out(self, folder, clock):
        for name in ("a.zarr", "b.zarr"):
            (folder / name / "c").mkdir(parents=True)
            (folder / name / "zarr.json").write_text("{}")
            (folder / name / "c" / "0").write_bytes(b"x")
        (folder.parent / "secret").write_bytes(b"x")
        (folder / "b.zarr" / "c" / "1").symlink_to("../../../secret")
        listing = Arrivals(folder, settle_s=5, clock=clock).look()
        assert (set(listing.files), set(listing.refused)) == ({"a.zarr"}, {"b.zarr"})

    def test_pipes_are_left_alone(self, folder, clock):
        os.mkfifo(folder / "a.tif")
        assert Arrivals(folder, settle_s=5, clock=clock).look().files == {}

    def test_a_folder_that_has_gone_is_said_and_comes_back(self, folder, clock):
        arrivals = Arrivals(folder, settle_s=5, clock=clock)
        folder.rename(folder.parent / "unmounted")
        listing = arrivals.look()
        assert listing.files == {}
        assert "watched" in listing.unreadable[0]
        (folder.parent / "unmounted").rename(folder)
        assert arrivals.look().unreadable == ()


class TestWakeUp:
    """When to look."""

    def test_an_event_wakes(self, folder):
        with WakeUp(folder, poll_s=1000, events=True) as wake_up:
            assert wake_up.is_due(), "the first look"
            assert not wake_up.is_due()
            until = time.monotonic() + 30
            due = False
            while not due and time.monotonic() < until:
                (folder / "a.tif").write_bytes(b"x")
                time.sleep(0.1)
                due = wake_up.is_due()
            assert due
        assert threading.active_count() < 10

    def test_without_events_the_clock_wakes(self, folder):
        with WakeUp(folder, poll_s=1000, events=False) as wake_up:
            assert wake_up.is_due()
            assert not wake_up.is_due()
        with WakeUp(folder, poll_s=0.2, events=False) as wake_up:
            assert wake_up.is_due()
            time.sleep(0.25)
            assert wake_up.is_due()
            time.sleep(0.06)
            assert wake_up.is_due(sooner_s=0.05)


def settled(folder, said=None):
    """Give an inbox that has seen everything stand still."""
    inbox = Inbox(folder, settle_s=0.1, say=(said if said is not None else []).append)
    look_until_settled(inbox)
    return inbox


def look_until_settled(inbox):
    inbox.look()
    time.sleep(0.12)
    inbox.look()
    inbox.work()


def jobs(inbox):
    """Give (main file, map, fault or not) of each job."""
    return {
        (job.main.name, job.energy_map.name if job.energy_map else None, job.fault is not None)
        for job in inbox.jobs.values()
    }


class TestInbox:
    """What becomes a job."""

    def put(self, folder, *names, content=b"x"):
        for name in names:
            (folder / name).write_bytes(content + name.encode())

    def test_what_belongs_together_is_one_job_and_labels_go_before_grey(self, folder):
        self.put(folder, "1.tif", "1_label.tif", "1_energy.tif", "2.tif", "3_label.tif", "notes.txt")
        inbox = settled(folder)
        assert jobs(inbox) == {
            ("1_label.tif", "1_energy.tif", False), ("2.tif", None, False), ("3_label.tif", None, False),
        }  # fmt: skip
        assert {job.grey.name for job in inbox.jobs.values() if job.grey} == {"1.tif"}, "kept for pictures"
        assert (inbox.status.waiting, inbox.status.unmatched) == ((), 1)
        assert inbox.status.is_settled

    def test_a_map_waits_for_its_image(self, folder):
        self.put(folder, "1_energy.tif")
        inbox = settled(folder)
        assert jobs(inbox) == set()
        assert inbox.status.waiting == ("1_energy.tif waits for its image",)
        self.put(folder, "1_label.tif")
        look_until_settled(inbox)
        assert jobs(inbox) == {("1_label.tif", "1_energy.tif", False)}

    def test_a_group_waits_until_all_of_it_is_complete(self, folder):
        self.put(folder, "1_label.tif")
        inbox = settled(folder)
        before = set(inbox.jobs)
        self.put(folder, "1_energy.tif")
        inbox.look()
        inbox.work()
        assert inbox.status.waiting == ("1_energy.tif is still written",)
        look_until_settled(inbox)
        assert jobs(inbox) == {("1_label.tif", "1_energy.tif", False)}
        assert not before & set(inbox.jobs), "with its map it is another job"

    def test_the_same_bytes_and_rules_are_the_same_job(self, folder):
        self.put(folder, "1_label.tif")
        inbox = settled(folder)
        job = set(inbox.jobs)
        os.utime(folder / "1_label.tif", (1, 1))
        look_until_settled(inbox)
        assert set(inbox.jobs) == job == set(settled(folder).jobs)
        self.put(folder, "1_label.tif", content=b"y")
        look_until_settled(inbox)
        assert len(inbox.jobs) == 1
        assert set(inbox.jobs) != job
        self.put(folder, "1_label.tif")
        look_until_settled(inbox)
        assert set(inbox.jobs) == job

    def test_other_rules_are_another_job(self, folder):
        self.put(folder, "1_label.tif")
        said = []
        inbox = settled(folder, said)
        job = set(inbox.jobs)
        (folder / "beamtime.yaml").write_text("# only a remark\n" + RULES)
        look_until_settled(inbox)
        assert set(inbox.jobs) == job
        (folder / "beamtime.yaml").write_text(RULES.replace("50", "60"))
        look_until_settled(inbox)
        assert len(inbox.jobs) == 1
        assert set(inbox.jobs) != job
        assert len(said) == 2

    def test_rules_that_break_stop_new_jobs_until_they_are_mended(self, folder):
        self.put(folder, "1_label.tif")
        said = []
        inbox = settled(folder, said)
        (folder / "beamtime.yaml").write_text("files: [")
        for _ in range(3):
            look_until_settled(inbox)
        assert inbox.jobs == {}
        assert inbox.status.waiting == ("beamtime.yaml cannot be read",)
        assert len(said) == 1, "said once"
        (folder / "beamtime.yaml").write_text(RULES)
        look_until_settled(inbox)
        assert len(inbox.jobs) == 1

    def test_two_files_for_one_place(self, folder):
        (folder / "b").mkdir()
        self.put(folder, "1_label.tif", "b/1_label.tif", "2_label.tif")
        inbox = settled(folder)
        assert jobs(inbox) == {("1_label.tif", None, True), ("2_label.tif", None, False)}
        fault = next(job.fault for job in inbox.jobs.values() if job.fault)
        assert "2 files as phases of image '1' of sample 's' (1_label.tif, b/1_label.tif)" in fault
        (folder / "b" / "1_label.tif").unlink()
        look_until_settled(inbox)
        assert jobs(inbox) == {("1_label.tif", None, False), ("2_label.tif", None, False)}

    def test_a_phase_table_is_waited_for_and_its_content_counts(self, folder):
        self.put(folder, "1_regions.tif")
        inbox = settled(folder)
        assert inbox.status.waiting == ("1_regions.tif waits for 1.csv",)
        (folder / "1.csv").write_text("label,phase\n1,NMC\n")
        look_until_settled(inbox)
        job = set(inbox.jobs)
        assert jobs(inbox) == {("1_regions.tif", None, False)}
        (folder / "1.csv").write_text("label,phase\n1,SSE\n")
        look_until_settled(inbox)
        assert set(inbox.jobs) != job
        (folder / "1.csv").write_text("label;phase\n")
        look_until_settled(inbox)
        assert jobs(inbox) == {("1_regions.tif", None, True)}

    @pytest.mark.parametrize("table", ["../secret.csv", "/etc/hostname.csv"])
    def test_a_phase_table_outside_is_never_read(self, folder, table):
        (folder.parent / "secret.csv").write_text("label,phase\n1,NMC\n")
        (folder / "beamtime.yaml").write_text(RULES.replace("{f}.csv", table))
        self.put(folder, "1_regions.tif")
        inbox = settled(folder)
        assert jobs(inbox) == set()
        assert inbox.status.waiting == (f"1_regions.tif waits for {table}",)

    def test_a_link_out_is_a_job_that_fails(self, folder):
        self.put(folder.parent, "secret.tif")
        (folder / "1_label.tif").symlink_to("../secret.tif")
        inbox = settled(folder)
        (job,) = inbox.jobs.values()
        assert "leads out of the watched folder" in job.fault
        assert job.main.sha256 == "", "its bytes were not read"

    def test_a_file_that_cannot_be_read_is_said_once_and_tried_again(self, folder):
        """It goes away between the look and the reading, as when a share fails."""
        self.put(folder, "1_label.tif")
        said = []
        inbox = Inbox(folder, settle_s=0.1, say=said.append)
        inbox.look()
        time.sleep(0.12)
        inbox.look()
        (folder / "1_label.tif").rename(folder.parent / "1_label.tif")
        inbox.work()
        inbox.work()
        assert inbox.jobs == {}
        assert len(said) == 1
        assert "no such file" in inbox.status.waiting[0]
        (folder.parent / "1_label.tif").rename(folder / "1_label.tif")
        look_until_settled(inbox)
        assert len(inbox.jobs) == 1

    def test_no_folder(self, tmp_path):
        with pytest.raises(InputError, match="no folder"):
            Inbox(tmp_path / "nowhere", settle_s=1, say=print)
