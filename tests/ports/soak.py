"""Holds each scene under load, and judges every scrape: FOLDER [SECONDS [WORD...]]."""

import concurrent.futures
import contextlib
import os
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "e2e")]

# pylint: disable=wrong-import-position
import soak_scenes
import support
from scene import number, states_of

INTERVAL = "100ms"
SETTLE = 20  # seconds at most, until the state is there that is kept from then on


class Judge:
    """Takes each snapshot once, and says what was wrong with it."""

    def __init__(self, scene):
        self.allowed, self.before = soak_scenes.allowed(scene)
        self.alternates = scene.alternates
        self.kept = None
        self.judged = 0
        self.faults = {}
        self.last = None

    def take(self, page):
        stamp = number_of_snapshot(page)
        if stamp == self.last:
            return
        self.last = stamp
        seen = states_of(page)
        if not self.kept and (seen in self.before or not seen):
            return
        self.judged += 1
        kept = not self.kept or self.alternates or seen == self.kept
        # A look that met a writer half-way each time says nothing: that is no other state.
        if seen in self.allowed and kept or (self.alternates and not seen):
            self.kept = seen or self.kept
            return
        text = "+".join(sorted(seen)) or "no state"
        if number(page, "sqlite_up") != 1:
            text += ", sqlite_up 0"
        self.faults[text] = self.faults.get(text, 0) + 1


def number_of_snapshot(page):
    return support.value(page, "sqlite_exporter_snapshot_timestamp_seconds")


@contextlib.contextmanager
def repeated(step):
    ended, failures = threading.Event(), []

    def work():
        try:
            while step and not ended.is_set():
                step()
                ended.wait(0.005)
        except Exception as error:  # pylint: disable=broad-except
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield failures
    finally:
        ended.set()
        thread.join()


def hold(scene, build, seconds):
    """The faults of one scene, each with how often it was seen, and the number of snapshots."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        stage = soak_scenes.Stage(os.path.realpath(folder), build, stack)
        step = scene.begin(stage)
        judge = Judge(scene)
        with repeated(step) as failures:
            exporter = support.Exporter(stage.path, interval=INTERVAL)
            stack.callback(exporter.end)
            exporter.drain_log()
            exporter.ready()
            exporter.metrics()
            stage.ready.set()
            begun = time.monotonic()
            while not judge.kept and time.monotonic() < begun + SETTLE and not judge.faults:
                judge.take(exporter.page())
            end = time.monotonic() + seconds
            while time.monotonic() < end and not failures:
                judge.take(exporter.page())
                support.select.select([], [], [], 0.05)
        if failures:
            raise failures[0]
        if not judge.kept:
            judge.faults.setdefault("never what is right", 1)
        return judge.faults, judge.judged


def is_installed(scene, build):
    return not scene.package or os.path.isdir(
        os.path.join(build, "python", scene.package.replace("==", "-")))


def main(build, seconds=60, *words):
    build = os.path.abspath(build)
    scenes = [scene for scene in soak_scenes.SCENES if is_installed(scene, build) and
              (not words or any(word in scene.name for word in words))]
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda scene: hold(scene, build, float(seconds)), scenes)
        for scene, (faults, judged) in zip(scenes, results):
            bad += bool(faults)
            said = "; ".join(f"{count} times {text}" for text, count in faults.items())
            print(f"{scene.name}: {judged} snapshots judged, {said or 'all right'}", flush=True)
    print(f"{len(scenes) - bad} passed, {bad} failed, {len(soak_scenes.SCENES) - len(scenes)} "
          "skipped")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
