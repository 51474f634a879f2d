"""No state flickers: each scene is held under load for some seconds, and every scrape is judged."""

import concurrent.futures
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "e2e")]

# pylint: disable=wrong-import-position
import soak
import soak_scenes
import support

BUILD = os.path.join(support.SOURCE_DIR, "build-ports")
SECONDS = 4  # `./dev soak` has a minute


class SoakTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pool = concurrent.futures.ThreadPoolExecutor(os.cpu_count())
        cls.held = {scene.name: cls.pool.submit(soak.hold, scene, BUILD, SECONDS)
                    for scene in soak_scenes.SCENES if soak.is_installed(scene, BUILD)}

    @classmethod
    def tearDownClass(cls):
        cls.pool.shutdown(cancel_futures=True)

    def judge(self, scene):
        if scene.name not in self.held:
            self.skipTest(f"{scene.package} is not installed")
        faults, judged = self.held[scene.name].result()
        self.assertEqual(faults, {})
        self.assertGreater(judged, 3)


def test_of(scene):
    return lambda self: self.judge(scene)


for number, one in enumerate(soak_scenes.SCENES):
    test = test_of(one)
    test.__doc__ = one.name
    setattr(SoakTest, f"test_{number:02}", test)


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])
