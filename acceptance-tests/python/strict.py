"""Reads answers more strictly than Microsoft's client does by itself.

The client's models take whatever comes: an unknown property stays an entry of a dictionary, a wrong type shows when somebody looks
at it, an enumeration accepts every string. `problems` walks an answer along the models' type annotations and says where it is not what
the models describe.
"""

import datetime
import enum
import types
import typing

from azure.mgmt.network import models as public
from azure.mgmt.network._utils.model_base import Model
from azure.mgmt.network.models import _models

# Azure shows these in recorded traffic, and its models do not have them.
UNDESCRIBED = {"routeServiceVips", "packetCaptureDiagnosticState"}

NAMES = types.SimpleNamespace(**(vars(_models) | vars(public)))


def problems(model: Model) -> list[str]:
    """What is wrong with an answer, one line each."""
    return list(_of_model(model.as_dict(), type(model), type(model).__name__))


def _of_model(value, model, path):
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no object"
        return
    fields = {field._rest_name: name for name, field in _fields(model).items()}
    hints = typing.get_type_hints(model, vars(_models) | {"_models": NAMES, "datetime": datetime})
    for name, entry in value.items():
        if name in fields:
            yield from _of(entry, hints[fields[name]], f"{path}.{name}")
        elif name not in UNDESCRIBED:
            yield f"{path}.{name}: {model.__name__} has no such property"


def _fields(model):
    model({})  # computes the fields of a model that nobody has made yet
    return model._attr_to_rest_field


def _of(value, hint, path):
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if value is None:
        if type(None) not in arguments:
            yield f"{path}: null"
    elif origin is typing.Union:
        kinds = [argument for argument in arguments if argument is not type(None)]
        enums = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, enum.Enum)]
        yield from _of(value, (enums or kinds)[0], path)
    elif origin is list:
        if not isinstance(value, list):
            yield f"{path}: {value!r} is no list"
            return
        for index, entry in enumerate(value):
            yield from _of(entry, arguments[0], f"{path}[{index}]")
    elif origin is dict:
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is no object"
            return
        for name, entry in value.items():
            yield from _of(entry, arguments[1], f"{path}.{name}")
    elif isinstance(hint, type) and issubclass(hint, Model):
        yield from _of_model(value, _variant(hint, value), path)
    elif isinstance(hint, type) and issubclass(hint, enum.Enum):
        if value not in {member.value for member in hint}:
            yield f"{path}: {value!r} is no {hint.__name__}"
    elif hint in (str, int, bool, float):
        accepted = (int, float) if hint is float else hint
        if not isinstance(value, accepted) or (hint is not bool and isinstance(value, bool)):
            yield f"{path}: {value!r} is no {hint.__name__}"


def _variant(model, value):
    """The subclass that a discriminator names."""
    discriminator = next((field._rest_name for field in _fields(model).values() if field._is_discriminator), None)
    if discriminator is None or not isinstance(value, dict):
        return model
    return getattr(model, "__mapping__", {}).get(value.get(discriminator), model)
