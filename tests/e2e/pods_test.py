"""The image in the pods of the chart: what they see of databases that other containers write."""

import ctypes
import json
import os
import subprocess
import tempfile
import unittest

import helm
import kubelet
import support

IMAGE = os.path.join(support.SOURCE_DIR, "helm", "image")
CLONE_NEWNS = 0x20000
NAMESPACE = "edge-computing"
SAMPLED_OFTEN = ("--set", "extraArgs={--poll.interval=500ms}")
USER = 1000
# The datastore of K3s, and a number of its own from it.
KINE = """
[[database]]
path = "/var/lib/rancher/k3s/server/db/state.db"
name = "kine"
[[query]]
name = "rows"
databases = ["kine"]
interval = "1s"
sql = "SELECT count(*) AS rows FROM t"
[[query.metric]]
name = "kine_rows"
type = "gauge"
help = "Rows."
values = ["rows"]
"""
DAC_READ_SEARCH = 1 << 2


def setUpModule():
    if reason := kubelet.missing() or helm.missing():
        raise unittest.SkipTest(reason)
    # What is mounted here is no business of the machine's.
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        raise unittest.SkipTest("no mount namespace can be made here: "
                                + os.strerror(ctypes.get_errno()))
    kubelet.command("mount", "--make-rprivate", "/")


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def mounts_of(pid):
    """What each of its mounts may do."""
    with open(f"/proc/{pid}/mountinfo", encoding="ascii") as file:
        return {line.split()[4]: line.split()[5] for line in file}


def config_maps(objects):
    return {each["metadata"]["name"]: each["data"] for each in helm.of_kind(objects, "ConfigMap")}


class Application(support.Application):
    """The same application as elsewhere, in a container."""

    def __init__(self, pod):  # pylint: disable=super-init-not-called
        self.process = subprocess.Popen(
            pod.node.podman_command("start", "--attach", "--interactive", pod.ids["application"]),
            env=pod.node.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            bufsize=1)


class PodsTest(support.TestCase):
    refused = ""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)  # users of other namespaces pass through
        root, build = (os.path.join(IMAGE, name) for name in ("root.sh", "build.sh"))
        cls.image_root = os.path.join(folder.name, "root")
        kubelet.command(root, support.EXPORTER, cls.image_root)
        built = kubelet.command(build, folder.name, kubelet.command("dpkg", "--print-architecture"))
        print(built)
        cls.image, named = built.split(": ", 1)
        cls.image_name = "docker.io/library/" + named.partition(",")[0]
        cls.application_root = os.path.join(folder.name, "application")
        kubelet.command(root, support.SQLITE_APP, cls.application_root)
        os.mkdir(os.path.join(cls.application_root, "data"))
        cls.refused = kubelet.refusal(cls.application_root, "/usr/bin/sqlite_app")

    def setUp(self):
        super().setUp()
        if self.refused:
            self.skipTest("containers cannot be run here: " + self.refused)
        os.chmod(self.folder, 0o755)
        self.node = kubelet.Node(self.folder, self.addCleanup)
        self.node.podman("load", "--quiet", "--input", self.image)

    def application_pod(self, volume, *extra, name="writer-0", uid=None):
        """An application of another user, with its database in a volume that others cannot see."""
        os.chown(volume, USER, USER)
        os.chmod(volume, 0o700)
        pod = kubelet.Pod(self.node, {
            "securityContext": {"runAsUser": USER, "runAsGroup": USER},
            "containers": [{"name": "application", "image": "application",
                            "command": ["/usr/bin/sqlite_app"],
                            "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]},
                          NAMESPACE, name, uid, volumes={"data": volume},
                          images={"application": ["--rootfs", self.application_root]},
                          extra={"application": extra})
        return pod.create()

    def run_application(self, pod):
        application = Application(pod)
        self.addCleanup(lambda: application.process.returncode is None and application.stop())
        application.ask("open /data/edge.db")
        return application.exec("pragma journal_mode=wal", "create table if not exists t(x)")

    def agent(self, *values):
        """The pod of the DaemonSet."""
        objects = helm.template(self.folder, *SAMPLED_OFTEN, *values)
        spec = helm.only(objects, "DaemonSet")["spec"]["template"]["spec"]
        return kubelet.Pod(self.node, spec, helm.NAMESPACE, "agent",
                           config_maps=config_maps(objects)).create().start()

    def page(self, pod):
        def fresh():
            status, text = pod.get("sqlite-exporter", "/metrics")
            if status == 0 and pod.has_ended("sqlite-exporter"):
                raise AssertionError(pod.logs("sqlite-exporter"))
            return text if status == 200 else None

        return support.await_that(fresh, "a page")

    def await_sample(self, pod, *parts):
        """The first sample that has all these parts."""
        def found():
            return next((line for line in support.samples(self.page(pod))
                         if all(part in line for part in parts)), None)

        try:
            return support.await_that(found, " ".join(parts))
        except AssertionError as error:
            relevant = [line for line in support.samples(self.page(pod))
                        if line.startswith(parts[0].split("{")[0][:12])]
            raise AssertionError("\n".join([str(error), *relevant])) from error

    def test_the_agent_sees_what_another_container_writes_and_who_it_is(self):
        uid = "11111111-2222-3333-4444-555555555555"
        volume = self.node.volume(uid, "empty-dir", "data")
        writer = self.application_pod(volume, uid=uid)
        application = self.run_application(writer)
        agent = self.agent()
        self.await_sample(agent, "sqlite_up{", f'pod_uid="{uid}"', " 1")
        self.assertEqual(agent.probe("sqlite-exporter", "livenessProbe"), 200)
        self.assertEqual(agent.probe("sqlite-exporter", "readinessProbe"), 200)
        info = self.await_sample(agent, "sqlite_database_info{")
        self.assertIn(f'path="/var/lib/kubelet/pods/{uid}/volumes/kubernetes.io~empty-dir/data/'
                      'edge.db"', info)
        before = support.value(self.page(agent), "sqlite_transactions_total", pod_uid=uid)
        for number in range(7):
            application.exec(f"insert into t values({number})")
        self.await_sample(agent, "sqlite_transactions_total{", f" {before + 7:g}")

        # A reader that pins the WAL, by name.
        application.exec("begin").query("select count(*) from t")
        other = self.application_pod(volume, name="writer-1")
        self.run_application(other).exec("insert into t values(8)")
        owner = self.await_sample(agent, "sqlite_reader_pinned_frames{")
        for label in ('owner_process="sqlite_app"', f'owner_namespace="{NAMESPACE}"',
                      'owner_pod="writer-0"', 'owner_container="application"'):
            self.assertIn(label, owner)
        pid = self.await_sample(agent, "sqlite_oldest_reader_pid{")
        self.assertEqual(float(pid.rsplit(" ", 1)[1]), writer.pid("application"))
        self.await_sample(agent, "sqlite_cgroup_memory_current_bytes{", 'owner_pod="writer-0"')
        # The mount is read-only here, which is not what is asked.
        self.assertNotRegex(self.page(agent), r"(?m)^sqlite_filesystem_readonly\{.*\} 1$")
        self.assertEqual(sorted(os.listdir(volume)), ["edge.db", "edge.db-shm", "edge.db-wal"])

    def test_the_image_has_the_program_its_libraries_and_their_terms(self):
        about = json.loads(self.node.podman("image", "inspect", self.image_name))[0]
        self.assertEqual(about["Config"]["User"], "65534:65534")
        labels = about["Config"]["Labels"]
        for name in ("title", "description", "licenses", "version", "revision"):
            self.assertTrue(labels["org.opencontainers.image." + name], name)
        self.assertEqual(os.listdir(os.path.join(self.image_root, "usr/bin")), ["sqlite_exporter"])
        packages = os.listdir(os.path.join(self.image_root, "var/lib/dpkg/status.d"))
        self.assertIn("libsqlite3-0", packages)
        terms = os.path.join(self.image_root, "usr/share/doc")
        for name in [*packages, "libcli11-dev", "nlohmann-json3-dev"]:
            self.assertGreater(os.path.getsize(os.path.join(terms, name, "copyright")), 0, name)

    def test_the_agent_may_do_what_its_one_capability_lets_it(self):
        agent = self.agent()
        self.page(agent)
        status = status_of(agent.pid("sqlite-exporter"))
        for name in ("CapEff", "CapPrm", "CapBnd"):
            self.assertEqual(int(status[name], 16), DAC_READ_SEARCH, name)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        self.assertEqual(status["Uid"].split(), ["0"] * 4)
        mounts = mounts_of(agent.pid("sqlite-exporter"))
        self.assertTrue(mounts["/"].startswith("ro"), mounts["/"])
        for path in ("/node/var/lib", "/node/var/log", "/node/sys"):
            self.assertTrue(mounts[path].startswith("ro"), (path, mounts[path]))

    def test_a_volume_that_is_mounted_later_is_seen_and_can_be_unmounted(self):
        agent = self.agent()
        self.page(agent)
        uid = "66666666-7777-8888-9999-000000000000"
        volume = self.node.volume(uid, "csi", "data")
        kubelet.command("mount", "-t", "tmpfs", "-o", "size=16m", "volume", volume)
        application = self.run_application(self.application_pod(volume, uid=uid))
        self.await_sample(agent, "sqlite_up{", f'pod_uid="{uid}"', " 1")
        self.await_sample(agent, "sqlite_holder_processes{", 'owner_pod="writer-0"')
        application.close()
        application.stop()
        support.await_that(lambda: self.unmount(volume), "the volume not to be busy")
        self.assertEqual(os.listdir(volume), [])

    def test_without_the_nodes_process_ids(self):
        volume = self.node.volume("11111111-2222-3333-4444-555555555555", "empty-dir", "data")
        self.run_application(self.application_pod(volume))
        agent = self.agent("--set", "hostPID=false")
        self.await_sample(agent, 'sqlite_database_state{', 'state="wal_live"')
        self.await_sample(agent, 'sqlite_attribution_limited{reason="denied"} 1')
        agent.remove()
        agent = self.agent("--values", os.path.join(helm.CHART, "ci",
                                                    "without-host-pid-values.yaml"))
        self.await_sample(agent, "sqlite_holder_processes{", 'owner_pod="writer-0"')

    def test_the_sidecar_sees_its_pods_database_and_may_do_nothing(self):
        spec = helm.only(helm.template(self.folder, chart=helm.application(self.folder)),
                         "Pod")["spec"]
        volume = self.path("data")
        os.mkdir(volume)
        os.chown(volume, USER, USER)
        os.chmod(volume, 0o700)
        spec["containers"][0]["command"] = ["/usr/bin/sqlite_app"]
        pod = kubelet.Pod(self.node, spec, NAMESPACE, "application",
                          volumes={"sqlite-data": volume},
                          images={"application": ["--rootfs", self.application_root]}).create()
        application = self.run_application(pod)
        pod.start("sqlite-exporter")
        self.await_sample(pod, 'sqlite_up{database="edge"} 1')
        before = support.value(self.page(pod), "sqlite_transactions_total", database="edge")
        application.exec("insert into t values(1)", "insert into t values(2)")
        self.await_sample(pod, "sqlite_transactions_total{", f" {before + 2:g}")
        self.await_sample(pod, "sqlite_holder_processes{", 'owner_process="sqlite_app"')
        self.assertEqual(pod.probe("sqlite-exporter", "readinessProbe"), 200)

        status = status_of(pod.pid("sqlite-exporter"))
        self.assertEqual([int(status[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")],
                         [0, 0, 0])
        self.assertEqual(status["Uid"].split(), [str(USER)] * 4)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        mounts = mounts_of(pod.pid("sqlite-exporter"))
        self.assertTrue(mounts["/"].startswith("ro") and mounts["/data"].startswith("ro"), mounts)
        application.close()
        self.assertEqual(os.listdir(volume), ["edge.db"])

    def test_an_application_in_a_user_namespace_of_its_own_is_seen(self):
        self.prefixed("unshare", "--user")
        uid = "11111111-2222-3333-4444-555555555555"
        volume = self.node.volume(uid, "empty-dir", "data")
        writer = self.application_pod(volume, "--uidmap=0:100000:65536", "--gidmap=0:100000:65536",
                                      uid=uid)
        os.chown(volume, 100000 + USER, 100000 + USER)
        self.run_application(writer)
        agent = self.agent()
        self.await_sample(agent, "sqlite_holder_processes{", 'owner_pod="writer-0"')
        self.assertNotEqual(os.readlink(f"/proc/{writer.pid('application')}/ns/user"),
                            os.readlink("/proc/self/ns/user"))

    def test_the_pod_of_the_edge_example(self):
        objects = helm.kustomize(os.path.join(helm.EXAMPLES, "edge-sqlite"))
        # A system with Python in it, where there is no image.
        system = self.path("system")
        for name in ("data", "etc", "usr"):
            os.makedirs(os.path.join(system, name))
        for name in ("bin", "lib", "lib64"):
            os.symlink("usr/" + name, os.path.join(system, name))
        volume = self.path("data")
        os.mkdir(volume)
        os.chown(volume, USER, USER)
        pod = kubelet.Pod(
            self.node, helm.only(objects, "StatefulSet")["spec"]["template"]["spec"], NAMESPACE,
            "sqlite-edge-0", config_maps=config_maps(objects), volumes={"sqlite-data": volume},
            images={"application": ["--rootfs", system]},
            extra={"application": ["--volume=/usr:/usr:ro"]}).create().start()
        self.await_sample(pod, 'sqlite_database_state{database="edge",state="wal_live"} 1')
        before = support.value(self.page(pod), "sqlite_transactions_total")
        support.await_that(
            lambda: support.value(self.page(pod), "sqlite_transactions_total") > before + 1,
            "the application to write")
        self.await_sample(pod, "sqlite_holder_processes{", 'owner_process="python3')
        self.node.podman("stop", "--time=30", pod.ids["application"])
        self.assertEqual(pod.exit_code("application"), 0, pod.logs("application"))
        self.assertEqual(os.listdir(volume), ["edge.db"])

    def test_queries_run_in_the_agents_pod_and_it_ends_when_it_is_told(self):
        datastore = self.node.path("var/lib/rancher/k3s/server/db/state.db")
        os.makedirs(os.path.dirname(datastore), mode=0o700)
        server = self.application()
        server.ask("open " + datastore)
        server.exec("pragma journal_mode=wal", "create table t(x)", "insert into t values(1),(2)")
        values = self.path("values.json")
        with open(values, "w", encoding="utf-8") as file:
            json.dump({"config": KINE}, file)
        agent = self.agent("--values", values)
        self.await_sample(agent, 'kine_rows{database="kine"} 2')
        self.await_sample(agent, "sqlite_holder_processes{", 'owner_process="sqlite_app"')
        self.node.podman("stop", "--time=10", agent.ids["sqlite-exporter"])
        self.assertEqual(agent.exit_code("sqlite-exporter"), 0)

    def test_a_wrong_configuration_ends_the_pod_with_a_sentence(self):
        agent = self.agent("--set-string", "config=[poll]\ninterwal = 1")
        self.assertEqual(agent.exit_code("sqlite-exporter"), 2)
        self.assertIn("sqlite_exporter.toml:2", agent.logs("sqlite-exporter"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
