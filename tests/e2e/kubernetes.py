"""Objects against the schemas of Kubernetes and of custom resources; unknown fields are refused."""

import glob
import os
import re

import support

try:
    import jsonschema
    import kubernetes_validate
    import yaml
except ImportError:
    kubernetes_validate = None

# The oldest that the chart lets itself be installed on, those around a difference that it makes,
# and the newest there is a schema of.
VERSIONS = ("1.25", "1.30", "1.31", "1.37")
CRDS = os.path.join(support.SOURCE_DIR, "build-crds")
NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
LABEL_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
LABEL_KEY = re.compile(r"([a-z0-9][-a-z0-9.]*/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?")
QUANTITY = re.compile(r"\d+(\.\d+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?")


def missing():
    """Why nothing can be checked, or nothing."""
    return None if kubernetes_validate else "kubernetes-validate is not installed: ./dev test does"


def missing_custom_resources():
    if os.path.isdir(CRDS):
        return None
    return "./dev test fetches the schemas of custom resources by Go; it did not"


def _strict(schema):
    """As the server does it: what a schema does not name is unknown, unless it says otherwise."""
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: _strict(value) for key, value in schema.items()}
    if schema.get("x-kubernetes-int-or-string"):
        strict.pop("type", None)
        strict.pop("pattern", None)
        strict["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    if "properties" in schema and isinstance(schema["properties"], dict) \
            and "additionalProperties" not in schema \
            and not schema.get("x-kubernetes-preserve-unknown-fields"):
        strict["additionalProperties"] = False
    return strict


def custom_schemas():
    """{(apiVersion, kind): schema} of the definitions that were fetched."""
    schemas = {}
    for path in sorted(glob.glob(os.path.join(CRDS, "*.yaml"))):
        with open(path, encoding="utf-8") as file:
            spec = yaml.safe_load(file)["spec"]
        for version in spec["versions"]:
            schema = _strict(version["schema"]["openAPIV3Schema"])
            schema["properties"]["metadata"] = {"type": "object"}
            schemas[f"{spec['group']}/{version['name']}", spec["names"]["kind"]] = schema
    return schemas


def _complaints_of_schema(each, custom, versions):
    schema = custom.get((each["apiVersion"], each["kind"]))
    if schema is not None:
        for error in jsonschema.Draft7Validator(schema).iter_errors(each):
            yield f"{error.json_path}: {error.message}"
        return
    for version in versions:
        try:
            kubernetes_validate.validate(each, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            yield f"{version}: {error.message}"
        except kubernetes_validate.SchemaNotFoundError:
            yield f"{version}: no schema of {each['apiVersion']} {each['kind']}"


def _walk(value, path=()):
    yield path, value
    items = value.items() if isinstance(value, dict) else \
        enumerate(value) if isinstance(value, list) else ()
    for key, below in items:
        yield from _walk(below, (*path, key))


def _complaints_of_words(each):
    """What the server checks and no schema says."""
    pattern = LABEL_NAME if each["kind"] == "Service" else NAME
    if not pattern.fullmatch(each["metadata"]["name"]):
        yield f"metadata.name {each['metadata']['name']!r}"
    for path, value in _walk(each):
        where = ".".join(map(str, path))
        if not path:
            continue
        if path[-1] in ("labels", "matchLabels") and isinstance(value, dict) \
                and each["kind"] != "PrometheusRule":
            yield from (f"{where} {key}: {text!r}" for key, text in value.items()
                        if not LABEL_KEY.fullmatch(key) or not LABEL_VALUE.fullmatch(text))
        if path[-1] in ("limits", "requests") and isinstance(value, dict):
            yield from (f"{where} {key}: {text!r}" for key, text in value.items()
                        if not QUANTITY.fullmatch(str(text)))


def complaints(objects, custom, versions=VERSIONS):
    """What a server would say of their fields, names, labels and quantities; `custom` is
    `custom_schemas()`."""
    for each in objects:
        name = f"{each['kind']} {each['metadata']['name']}"
        for complaint in [*_complaints_of_schema(each, custom, versions),
                          *_complaints_of_words(each)]:
            yield f"{name}: {complaint}"
    for each in objects:
        spec = each.get("spec", {})
        labels = spec.get("template", {}).get("metadata", {}).get("labels")
        if labels is not None and not spec["selector"]["matchLabels"].items() <= labels.items():
            yield f"{each['kind']} {each['metadata']['name']}: its selector misses its pods"
    names = [(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"])
             for each in objects]
    yield from (f"twice: {name}" for name in set(names) if names.count(name) > 1)
