"""The node around the databases: what finds them, and the numbers of the kernel beside them."""
import os
import re
import unittest

import support


def family(page, name):
    return [line for line in support.samples(page) if line.startswith(name)]


class NodeTest(support.TestCase):
    def database(self, path, *statements):
        os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
        application = self.application(path)
        application.exec("pragma journal_mode=wal", "create table t(x)", *statements)
        return application

    def test_filesystems_have_the_numbers_of_the_kernel(self):
        self.database("app.db")
        page = self.exporter(self.path("app.db")).metrics()
        [line] = family(page, "sqlite_filesystem_size_bytes")
        mountpoint = re.search(r'mountpoint="([^"]*)"', line).group(1)
        self.assertTrue(os.path.ismount(mountpoint), mountpoint)
        status = os.statvfs(self.folder)
        self.assertEqual(float(line.split()[-1]), status.f_blocks * status.f_frsize)
        [readonly] = family(page, "sqlite_filesystem_readonly")
        self.assertEqual(readonly.split()[-1], "0")

    def test_the_cgroup_of_the_exporter_is_told(self):
        self.database("app.db")
        exporter = self.exporter(self.path("app.db"))
        page = exporter.metrics()
        lines = family(page, "sqlite_cgroup_memory_current_bytes")
        if not lines:
            self.skipTest("this machine shows no memory of the exporter's cgroup")
        with open(f"/proc/{exporter.process.pid}/cgroup", encoding="utf-8") as file:
            paths = {line.rstrip("\n").split(":", 2)[2] for line in file}
        told = {re.search(r'cgroup="([^"]*)"', line).group(1) for line in lines}
        self.assertTrue(told & paths, (told, paths))

    def test_a_folder_is_watched_as_it_grows_and_shrinks(self):
        application = self.database("data/site/a.db")
        exporter = self.exporter(self.path("data"))
        exporter.await_sample('sqlite_up{database="site/a"} 1')
        late = self.database("data/other/deep/b.sqlite")
        exporter.await_sample('sqlite_up{database="other/deep/b"} 1')
        late.stop()
        for name in os.listdir(self.path("data/other/deep")):
            os.unlink(self.path("data/other/deep/" + name))
        support.await_that(lambda: 'database="other/deep/b"' not in exporter.metrics(),
                           "its series to go")
        application.exec("insert into t values (1)")

    def test_what_processes_hold_open_needs_no_path(self):
        self.database("nobody/knows/this")
        config = self.config("[discovery]\nprocesses = true\nrescan_interval = \"1s\"\n")
        exporter = self.exporter("--config.file=" + config)
        name = self.path("nobody/knows/this").lstrip("/")
        exporter.await_sample(f'sqlite_up{{database="{name}"}} 1')

    def test_labels_come_from_the_path_and_states_are_excluded(self):
        self.database("pvc-1_shop_cart/app.db")
        os.makedirs(self.path("pvc-2_shop_idle"))
        idle = self.application("pvc-2_shop_idle/app.db")
        idle.exec("create table t(x)")
        idle.stop()
        config = self.config(f"""
            [discovery]
            exclude_states = ["rollback_idle"]
            [[database]]
            path = "{self.folder}/pvc-*/*.db"
            labels_from_path = '/pvc-[^_/]+_(?P<claim_namespace>[^_/]+)_(?P<claim>[^/]+)/'
            """)
        exporter = self.exporter("--config.file=" + config)
        exporter.await_sample('sqlite_up{database="pvc-1_shop_cart/app",claim_namespace="shop",'
                              'claim="cart"} 1')
        page = exporter.metrics()
        self.assertEqual([line for line in support.samples(page) if "shop_idle" in line], [])
        self.assertEqual(support.value(page, "sqlite_exporter_databases_excluded"), 1)

    def test_paths_below_another_root_are_the_nodes(self):
        self.database("host/var/lib/app.db")
        os.symlink("/var/lib", self.path("host/data"))
        exporter = self.exporter("--path.rootfs=" + self.path("host"), "/data/app.db")
        page = exporter.metrics()
        self.assertEqual(support.value(page, "sqlite_up", database="app"), 1)
        self.assertIn('path="/var/lib/app.db"', page)


if __name__ == "__main__":
    unittest.main(verbosity=2)
