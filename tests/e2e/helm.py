"""The real Helm: charts rendered as their users do it, into objects."""

import os
import shutil
import subprocess

import support

try:
    import yaml
except ImportError:
    yaml = None

CHART = os.path.join(support.SOURCE_DIR, "helm", "prometheus-sqlite-exporter")
EXAMPLES = os.path.join(support.SOURCE_DIR, "helm", "examples")
APPLICATION = os.path.join(support.SOURCE_DIR, "tests", "helm", "application")
# Which of the two: `./dev helm3` sets it.
FOLDER = os.path.join(support.SOURCE_DIR, os.environ.get("HELM_FOLDER", "build-helm"))
PROGRAM = os.path.join(FOLDER, "tools", "helm", "helm")
KUBECTL = os.path.join(FOLDER, "tools", "kubectl", "kubectl")
RELEASE, NAMESPACE = "edge", "monitoring-agents"


def missing():
    """Why it cannot be asked, or nothing."""
    if yaml is None:
        return "PyYAML is not installed: ./dev test does"
    return None if os.path.exists(PROGRAM) else "./dev test installs Helm; it did not"


def load(text):
    """The objects of a text; a key that is there twice is refused, as servers and tools do."""
    class Strict(yaml.SafeLoader):
        def construct_mapping(self, node, deep=False):
            keys = [key.value for key, _ in node.value]
            if len(keys) != len(set(keys)):
                raise AssertionError(f"twice: {sorted(keys)} {node.start_mark}")
            return super().construct_mapping(node, deep)

    return [each for each in yaml.load_all(text, Strict) if each is not None]


def run(*arguments, folder):
    """(exit code, standard output, standard error); it keeps what it remembers in that folder."""
    homes = {f"HELM_{name}_HOME": os.path.join(folder, name)
             for name in ("CACHE", "CONFIG", "DATA")}
    done = subprocess.run([PROGRAM, *arguments], env={**os.environ, **homes}, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr


def template(folder, *arguments, chart=CHART):
    """The objects of a release."""
    code, out, err = run("template", RELEASE, chart, "--namespace", NAMESPACE, *arguments,
                         folder=folder)
    if code != 0:
        raise AssertionError(err)
    return load(out)


def package(folder):
    """The chart as it is given away; its path."""
    code, out, err = run("package", CHART, "--destination", folder, folder=folder)
    if code != 0:
        raise AssertionError(err)
    return out.split()[-1]


def application(folder):
    """A chart that has this one in it, as `helm dependency update` leaves it; its path."""
    chart = os.path.join(folder, "application")
    shutil.copytree(APPLICATION, chart)
    os.mkdir(os.path.join(chart, "charts"))
    shutil.move(package(folder), os.path.join(chart, "charts"))
    return chart


def refusal(folder, *arguments, chart=CHART):
    """What Helm says of values that are wrong."""
    code, _, err = run("template", RELEASE, chart, *arguments, folder=folder)
    if code == 0:
        raise AssertionError("rendered in spite of " + " ".join(arguments))
    return err


def kustomize(folder):
    """The objects of a kustomization."""
    done = subprocess.run([KUBECTL, "kustomize", folder], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return load(done.stdout)


def values_files():
    folder = os.path.join(CHART, "ci")
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]


def of_kind(objects, kind):
    return [each for each in objects if each["kind"] == kind]


def only(objects, kind):
    found, = of_kind(objects, kind)
    return found
