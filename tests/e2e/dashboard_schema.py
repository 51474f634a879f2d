"""A dashboard against the types of Grafana's own library, which know all keys and words."""

import copy
import json
import os
import shutil
import subprocess

import grafana
import support

MODULES = os.path.join(support.SOURCE_DIR, "build-schema", "node_modules")
COMPILER = os.path.join(MODULES, "typescript", "bin", "tsc")
SDK = "@grafana/grafana-foundation-sdk"

# All of a type may be left out, as Grafana lets it; an enum is one of its words.
HEAD = f"""
import type {{Dashboard, Panel, RowPanel}} from '{SDK}/dashboard';
import type {{Dataquery}} from '{SDK}/prometheus';
type Some<T> = T extends string ? `${{T}}` : T extends (infer U)[] ? Some<U>[]
  : T extends object ? {{[K in keyof T]?: Some<T[K]>}} : T;
type Frame = Omit<Dashboard, 'panels'> & {{panels: (Partial<Panel> | RowPanel)[]}};
"""


def missing():
    """Why it cannot be checked, or nothing."""
    if not shutil.which("node"):
        return "node is not installed (package nodejs)"
    return None if os.path.exists(COMPILER) else "./dev test installs Grafana's types; it did not"


def custom_of(panel):
    """What only this kind of panel has, in general and for single fields."""
    yield panel["fieldConfig"]["defaults"].get("custom", {})
    for override in panel["fieldConfig"].get("overrides", []):
        yield {each["id"].removeprefix("custom."): each["value"]
               for each in override["properties"] if each["id"].startswith("custom.")}


def typescript(dashboard):
    lines = [HEAD]
    panels = grafana.panels(dashboard)
    kinds = sorted({panel["type"] for panel in panels})
    lines += [f"import type * as {kind} from '{SDK}/{kind}';" for kind in kinds]

    def check(name, kind, value):
        lines.append(f"export const {name}: Some<{kind}> = {json.dumps(value)};")

    for panel in panels:
        number, kind = panel["id"], panel["type"]
        check(f"options_{number}", f"{kind}.Options", panel["options"])
        for place, custom in enumerate(custom_of(panel)):
            if kind == "table":
                check(f"custom_{number}_{place}",
                      "import('@grafana/grafana-foundation-sdk/common').TableFieldOptions", custom)
            elif kind == "timeseries":
                check(f"custom_{number}_{place}", f"{kind}.FieldConfig", custom)
        for target in panel["targets"]:
            check(f"target_{number}_{target['refId']}", "Dataquery", target)
    frame = copy.deepcopy(dashboard)
    for panel in frame["panels"]:
        for key in ("options", "targets"):
            panel.pop(key, None)
        panel.get("fieldConfig", {}).get("defaults", {}).pop("custom", None)
    for annotation in frame["annotations"]["list"]:
        # Of Prometheus alone, which the types leave out.
        for key in ("titleFormat", "textFormat"):
            annotation.pop(key)
    check("dashboard", "Frame", frame)
    return "\n".join(lines) + "\n"


def complaints(dashboard, folder):
    """What the compiler says; nothing if all is right."""
    os.makedirs(folder)
    os.symlink(MODULES, os.path.join(folder, "node_modules"))
    path = os.path.join(folder, "dashboard.ts")
    with open(path, "w", encoding="utf-8") as file:
        file.write(typescript(dashboard))
    done = subprocess.run(
        ["node", COMPILER, "--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext",
         "--moduleResolution", "nodenext", "--target", "es2022", path],
        cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode and not done.stdout:
        raise AssertionError(done.stderr)
    return done.stdout
