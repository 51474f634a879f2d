"""Runs pods as a kubelet would, by podman and runc; it fails at a field that it does not know."""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import uuid

import support
from pod import removed

# Limits of this container of ours cannot be raised above its own, and there is no systemd to ask.
CONFIGURATION = """\
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
cgroups = "enabled"
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
runtime = "runc"
events_logger = "file"
"""
TOOLS = ("buildah", "podman", "runc", "nsenter", "curl")
# Of the API server, the scheduler, the registry and the network, or told by another field.
FOR_OTHERS = {"serviceAccountName", "automountServiceAccountToken", "enableServiceLinks",
              "terminationGracePeriodSeconds", "nodeSelector", "tolerations",
              "topologySpreadConstraints", "volumes"}
PATIENCE = 120  # seconds; far beyond any correct run
CGROUPS = "/sys/fs/cgroup"
UNITS = {"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}


def missing():
    """Why no pod can run here, or nothing."""
    if os.geteuid() != 0:
        return "pods of a node need root"
    return next((tool + " is not installed" for tool in TOOLS if not shutil.which(tool)), None)


def refusal(root, program):
    """Why no container with limits can run here, or nothing. `program` ends with its input."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as cleanup:
        node = Node(folder, cleanup.callback)
        trial = Pod(node, {}, "", "")
        try:
            node.podman("run", "--rm", "--network=none", "--memory=67108864", "--cpus=0.5",
                        "--cgroup-parent=/" + trial.cgroup, "--rootfs", root, program)
        except AssertionError as error:
            return str(error)
    return ""


def command(*arguments, **options):
    """Its standard output; an error is the test's."""
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, timeout=PATIENCE, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(arguments)}: {done.returncode} {done.stderr.strip()}")
    return done.stdout.strip()


def remove_groups(hierarchy, path):
    """With all below it, and those above it that nobody else is in."""
    for folder, _, _ in os.walk(os.path.join(hierarchy, path), topdown=False):
        # conmon ends behind its container.
        support.await_that(lambda folder=folder: removed(folder), folder + " to be empty")
    for above in pathlib.PurePath(path).parents[:-1]:
        removed(os.path.join(hierarchy, above))


def number_of(quantity):
    digits, unit = re.fullmatch(r"([\d.]+)([A-Za-z]*)", str(quantity)).groups()
    return float(digits) / 1000 if unit == "m" else float(digits) * UNITS.get(unit, 1)


class Fields:
    """What a section says; `done` fails for what nobody asked for."""

    def __init__(self, section, where):
        self.left, self.where = dict(section or {}), where

    def take(self, name, default=None):
        return self.left.pop(name, default)

    def done(self, known=()):
        unknown = set(self.left) - set(known)
        if unknown:
            raise AssertionError(f"{self.where}: this kubelet does not know {sorted(unknown)}")


class Node:
    """A root directory with what a node has in it, and podman's store: what is mounted below `root`
    later arrives in pods as it does on a node."""

    def __init__(self, folder, add_cleanup):
        self.folder = folder
        self.root = os.path.join(folder, "node")
        configuration = os.path.join(folder, "containers.conf")
        with open(configuration, "w", encoding="utf-8") as file:
            file.write(CONFIGURATION)
        self.environment = {**os.environ, "CONTAINERS_CONF": configuration}
        self.pods = []
        for name in ("var/log/pods", "var/log/containers", "var/lib/kubelet/pods", "proc", "sys"):
            os.makedirs(os.path.join(self.root, name))
        add_cleanup(self.remove)
        command("mount", "--bind", self.root, self.root)
        command("mount", "--make-shared", self.root)
        for name in ("proc", "sys"):
            command("mount", "--rbind", "/" + name, os.path.join(self.root, name))

    def podman(self, *arguments):
        return command(*self.podman_command(*arguments), env=self.environment)

    def podman_command(self, *arguments):
        at = [f"--{name}={self.folder}/{name}" for name in ("root", "runroot", "tmpdir")]
        return ["podman", *at, "--storage-driver=vfs", *arguments]

    def path(self, *names):
        return os.path.join(self.root, *names)

    def volume(self, uid, kind, name):
        path = self.path("var/lib/kubelet/pods", uid, "volumes", "kubernetes.io~" + kind, name)
        os.makedirs(path)
        return path

    def remove(self):
        for pod in reversed(self.pods):
            pod.remove()
        # Lazily all at once: what is removed after this must not lead into the machine's own /sys.
        subprocess.run(["umount", "--lazy", self.root], check=False)
        if os.path.ismount(self.path("sys")) or os.path.ismount(self.path("proc")):
            print("the machine's own /sys or /proc is still below", self.root, file=sys.stderr,
                  flush=True)
            os._exit(1)  # before anybody removes that folder
        shutil.rmtree(os.path.join(self.folder, "root"), ignore_errors=True)


class Pod:
    """A pod of this spec. `config_maps`: data by name; `volumes`: where those of its volumes lie
    that are neither of them nor of the host; `images`: what podman takes in the place of an image
    that cannot be pulled here, and `extra` besides, by the container's name."""

    def __init__(self, node, spec, namespace, name, uid=None, config_maps=(), volumes=(), images=(),
                 extra=()):
        self.node, self.spec, self.namespace, self.name = node, spec, namespace, name
        self.config_maps, self.volumes = dict(config_maps), dict(volumes)
        self.images, self.extra = dict(images), dict(extra)
        self.uid = uid or str(uuid.uuid4())
        self.cgroup = f"kubepods/burstable/pod{self.uid}"
        self.ids = {}
        node.pods.append(self)

    def create(self):
        os.makedirs(self.node.path("var/log/pods", f"{self.namespace}_{self.name}_{self.uid}"))
        pod = Fields(self.spec, "pod")
        containers = pod.take("containers")
        shared = self._of_pod(pod)
        for container in containers:
            identity = self.node.podman(
                "create", "--interactive", *shared, *self._namespaces(),
                *self._of_container(Fields(container, container["name"])))
            self.ids[container["name"]] = identity
            with open(self.node.path("var/log/containers", f"{self.name}_{self.namespace}_"
                                     f"{container['name']}-{identity}.log"), "wb"):
                pass
        return self

    def _namespaces(self):
        """The first container has those of all."""
        if not self.ids:
            return ["--network=none"]
        first = next(iter(self.ids.values()))
        kinds = ("network", "pid") if self.spec.get("shareProcessNamespace") else ("network",)
        return [f"--{kind}=container:{first}" for kind in kinds]

    def _of_pod(self, pod):
        arguments = ["--cgroup-parent=/" + self.cgroup, "--no-hosts"]
        if pod.take("hostPID"):
            arguments.append("--pid=host")
        if pod.take("hostNetwork"):
            raise AssertionError("a port of this machine may be in use")
        pod.take("shareProcessNamespace")
        security = Fields(pod.take("securityContext"), "pod.securityContext")
        self.user = (security.take("runAsUser"), security.take("runAsGroup"))
        security.take("fsGroup")  # whoever gives the volumes has chowned them
        self.profile(security)
        security.done({"runAsNonRoot", "fsGroupChangePolicy"})
        pod.done(FOR_OTHERS)
        return arguments

    @staticmethod
    def profile(security):
        profile = security.take("seccompProfile", {"type": "RuntimeDefault"})
        if profile != {"type": "RuntimeDefault"}:  # podman's default is the one of runtimes
            raise AssertionError(f"seccompProfile {profile}")

    def _of_container(self, container):
        name, image = container.take("name"), container.take("image")
        container.take("imagePullPolicy")
        arguments = []
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            container.take(probe)
        container.take("ports")
        for each in container.take("envFrom", []):
            arguments += [f"--env={key}={value}" for key, value in
                          self.config_maps[each["configMapRef"]["name"]].items()]
        arguments += self._limits(Fields(container.take("resources"), name + ".resources"))
        arguments += self._security(Fields(container.take("securityContext"), name))
        for mount in container.take("volumeMounts", []):
            arguments.append(self._mount(Fields(mount, f"{name}.volumeMounts")))
        what = self.images.get(name, ["docker.io/library/" + image])
        command = container.take("command", []) + container.take("args", [])
        container.done()
        return [*arguments, *self.extra.get(name, []), *what, *command]

    @staticmethod
    def _limits(resources):
        resources.take("requests")  # the scheduler's
        limits = Fields(resources.take("limits"), resources.where + ".limits")
        resources.done()
        cpu, memory = limits.take("cpu"), limits.take("memory")
        limits.done()
        return [*([f"--cpus={number_of(cpu)}"] if cpu else []),
                *([f"--memory={number_of(memory):.0f}"] if memory else [])]

    def _security(self, security):
        arguments = []
        user = security.take("runAsUser", self.user[0])
        group = security.take("runAsGroup", self.user[1])
        if security.take("runAsNonRoot") and user == 0:
            raise AssertionError("runAsNonRoot, and the user is 0")
        if user is not None:
            arguments.append(f"--user={user}" + ("" if group is None else f":{group}"))
        if security.take("allowPrivilegeEscalation") is False:
            arguments.append("--security-opt=no-new-privileges")
        if security.take("readOnlyRootFilesystem"):
            arguments += ["--read-only", "--read-only-tmpfs=false"]
        capabilities = Fields(security.take("capabilities"), "capabilities")
        arguments += [f"--cap-drop={each}" for each in capabilities.take("drop", [])]
        arguments += [f"--cap-add={each}" for each in capabilities.take("add", [])]
        capabilities.done()
        self.profile(security)
        security.done()
        return arguments

    def _mount(self, mount):
        name, path = mount.take("name"), mount.take("mountPath")
        options = ["ro" if mount.take("readOnly") else "rw", "rbind"]
        propagation = mount.take("mountPropagation", "None")
        options.append({"None": "rprivate", "HostToContainer": "rslave"}[propagation])
        # This runtime cannot, and IfPossible is content with that.
        if mount.take("recursiveReadOnly") not in (None, "IfPossible"):
            raise AssertionError("runc of this age has no recursive read-only mounts")
        mount.done()
        return f"--volume={self._source(name)}:{path}:{','.join(options)}"

    def _source(self, name):
        if name in self.volumes:
            return self.volumes[name]
        volume, = [each for each in self.spec["volumes"] if each["name"] == name]
        if "hostPath" in volume:
            return self.node.path(volume["hostPath"]["path"].lstrip("/"))
        folder = os.path.join(self.node.folder, "config-maps", self.uid, name)
        os.makedirs(folder)
        for key, text in self.config_maps[volume["configMap"]["name"]].items():
            with open(os.path.join(folder, key), "w", encoding="utf-8") as file:
                file.write(text)
        return folder

    def _container(self, name):
        container, = [each for each in self.spec["containers"] if each["name"] == name]
        return container

    def start(self, *names):
        for name in names or self.ids:
            self.node.podman("start", self.ids[name])
        return self

    def pid(self, name):
        """Of the container's first process, as the node calls it."""
        return int(self.node.podman("inspect", "--format={{.State.Pid}}", self.ids[name]))

    def has_ended(self, name):
        return self.node.podman("inspect", "--format={{.State.Status}}", self.ids[name]) == "exited"

    def logs(self, name):
        done = subprocess.run(self.node.podman_command("logs", self.ids[name]),
                              env=self.node.environment, capture_output=True, text=True,
                              check=False)
        return done.stdout + done.stderr

    def exit_code(self, name):
        return int(self.node.podman("wait", self.ids[name]))

    def get(self, name, path, port="metrics"):
        """(status, text) of a named port, from within the pod's network."""
        number, = [each["containerPort"] for each in self._container(name)["ports"]
                   if each["name"] == port]
        done = subprocess.run(
            ["nsenter", "--net", "--target", str(self.pid(name)), "curl", "--silent", "--noproxy",
             "*", "--max-time", "10", "--write-out", "\n%{http_code}",
             f"http://127.0.0.1:{number}{path}"], capture_output=True, text=True, check=False)
        text, _, status = done.stdout.rpartition("\n")
        return int(status or 0), text

    def probe(self, name, probe):
        """The status that this probe of the container has."""
        request = self._container(name)[probe]["httpGet"]
        return self.get(name, request["path"], request["port"])[0]

    def remove(self):
        for identity in reversed(self.ids.values()):
            subprocess.run(self.node.podman_command("rm", "--force", "--time=5", identity),
                           env=self.node.environment, capture_output=True, check=False)
        self.ids = {}
        for hierarchy in ["", *os.listdir(CGROUPS)]:
            remove_groups(os.path.join(CGROUPS, hierarchy), self.cgroup)
