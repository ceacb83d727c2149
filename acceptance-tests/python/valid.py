"""Holds JSON documents against a JSON Schema.

    valid.py SCHEMA DOCUMENT...

Prints what is wrong with each document, and ends with an error if something is.
"""

import json
import sys

from jsonschema import validators


def load(path):
    with open(path, encoding="utf-8-sig") as file:
        return json.load(file)


schema = load(sys.argv[1])
validator_class = validators.validator_for(schema)
validator_class.check_schema(schema)
validator = validator_class(schema)
wrong = False
for path in sys.argv[2:]:
    for error in sorted(validator.iter_errors(load(path)), key=lambda error: error.json_path):
        print(f"{path}: {error.json_path}: {error.message[:300]}")
        wrong = True
sys.exit(wrong)
