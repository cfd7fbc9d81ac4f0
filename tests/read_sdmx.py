"""Reads an export as a statistician does and compares it, key by key, with what the server lists.

read_sdmx.py STRUCTURE.xml DATA.csv DATA.json STORE.json [SCHEMA.json]
"""

import json
import math
import sys

import jsonschema
import pysdmx.io
import sdmx

TIME, VALUE = "TIME_PERIOD", "OBS_VALUE"


def same(one, other):
    one, other = float(one), float(other)
    return one == other or (math.isnan(one) and math.isnan(other))


def by_sdmx1(structure, data):
    """What sdmx1 reads: each key with its value and attributes."""
    structure = sdmx.read_sdmx(structure)
    flow = structure.dataflow["FIGURES"]
    message = sdmx.read_sdmx(data, structure=flow)
    names = [dimension.id for dimension in flow.structure.dimensions]
    found = {}
    for observation in message.data[0].obs:
        key = {name: str(observation.key[name].value) for name in names}
        texts = {name: str(it.value) for name, it in observation.attached_attribute.items()}
        found[tuple(key[name] for name in names)] = (observation.value, texts)
    frame = sdmx.to_pandas(message.data[0])
    assert len(frame) == len(found), (len(frame), len(found))
    codes = structure.codelist["CL_DEPARTMENT"]
    assert str(codes["so-mot"].name.localizations["vi"]) == "Sở Một", codes["so-mot"].name
    return names, found


def by_pysdmx(data):
    """What pysdmx reads: rows of columns."""
    message = pysdmx.io.read_sdmx(data, validate=False)
    return message.data[0].data.astype(str).to_dict("records")


def by_json(path, schema):
    document = json.load(open(path, encoding="utf-8"))
    if schema:
        schema = json.load(open(schema, encoding="utf-8"))
        errors = list(jsonschema.Draft7Validator(schema).iter_errors(document))
        assert not errors, errors[:3]
    structure = document["data"]["structures"][0]
    dimensions = structure["dimensions"]["series"]
    periods = structure["dimensions"]["observation"][0]["values"]
    attributes = structure["attributes"]["observation"]
    found = {}
    text = lambda value: value.get("id", value.get("value"))
    for key, series in document["data"]["dataSets"][0]["series"].items():
        key = [text(it["values"][int(at)]) for it, at in zip(dimensions, key.split(":"))]
        for at, cells in series["observations"].items():
            texts = {
                it["id"]: text(it["values"][place])
                for it, place in zip(attributes, cells[1:])
                if place is not None
            }
            value = "NaN" if cells[0] is None else cells[0]
            found[(*key, periods[int(at)]["value"])] = (value, texts)
    return [it["id"] for it in dimensions] + [TIME], found


def main(structure, data, document, store, schema=None):
    expected = json.load(open(store, encoding="utf-8"))
    names, first = by_sdmx1(structure, data)
    rows = by_pysdmx(data)
    json_names, second = by_json(document, schema)
    assert names == json_names, (names, json_names)
    third = {tuple(row[name] for name in names): (row[VALUE], row) for row in rows}
    for reader, found in (("sdmx1", first), ("JSON", second), ("pysdmx", third)):
        assert len(found) == len(expected), (reader, len(found), len(expected))
        for figure in expected:
            key = tuple(figure["key"].get(name, "_T") for name in names)
            value, texts = found[key]
            assert same(value, figure["value"]), (reader, key, value, figure)
            for name, text in figure["attributes"].items():
                assert str(texts.get(name, "")) == text, (reader, key, name, texts.get(name), text)
    print(f"{len(expected)} figures agree in sdmx1, pysdmx and SDMX-JSON")


main(*sys.argv[1:])
