"""Microsoft's own Python client as a client of the emulator.

    azure_client.py life-cycle KIND        creates, reads, lists, updates, tags and deletes one resource
    azure_client.py read RESOURCE...       prints resources as JSON, each by what it was asked for: `read subnets/RG/VNET/SUBNET`
    azure_client.py shared-key RG CONNECTION KEY
                                           sets the shared key of a connection and reads it back
    azure_client.py service-tags LOCATION  prints what the service-tag discovery API answers, as JSON
    azure_client.py add OPERATIONS RG PARENT PREFIX FIRST COUNT
                                           adds children with the numbers from FIRST on, whatever others do meanwhile

The environment is that of the provider (`ARM_*`). Whatever is not as a client of Azure expects it ends with an error.
"""

import json
import os
import sys
import time

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.mgmt.network import NetworkManagementClient

from kinds import KINDS, SMALL
from strict import problems

# What two clients may tell each other about: the service is busy, try again.
BUSY = {
    "AnotherOperationInProgress",
    "FirewallPolicyRuleCollectionGroupUpdateNotAllowedWhenUpdatingOrDeleting",
    "ReferencedResourceNotProvisioned",
    "RetryableError",
}


def connect() -> NetworkManagementClient:
    ca = os.environ["ARM_CA_BUNDLE"]
    credential = ClientSecretCredential(
        os.environ["ARM_TENANT_ID"],
        os.environ["ARM_CLIENT_ID"],
        os.environ["ARM_CLIENT_SECRET"],
        authority=os.environ["ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST"],
        disable_instance_discovery=True,
        connection_verify=ca,
    )
    return NetworkManagementClient(
        credential,
        os.environ["ARM_SUBSCRIPTION_ID"],
        base_url=os.environ["ARM_RESOURCE_MANAGER_ENDPOINT"],
        credential_scopes=[os.environ["ARM_RESOURCE_MANAGER_AUDIENCE"] + "/.default"],
        connection_verify=ca,
        polling_interval=0.05,
        retry_backoff_factor=0.01,
    )


def strictly(model):
    """The answer as JSON, if it is what the client's models describe."""
    found = problems(model)
    assert not found, "not as the client's models describe it:\n" + "\n".join(found)
    return model.as_dict()


def get(operations, *names):
    """A resource; the header `ETag`, which a few kinds do not have, must be that of the body."""
    seen = {}

    def look(pipeline_response, model, _):
        seen["etag"] = pipeline_response.http_response.headers.get("ETag")
        return model

    model = operations.get(*names, cls=look)
    shown = strictly(model)
    if "etag" in shown and seen["etag"] is not None:
        assert seen["etag"] == shown["etag"], f"ETag {seen['etag']}, but the body has {shown['etag']}"
    return model


def gone(operations, *names):
    try:
        operations.get(*names)
    except ResourceNotFoundError as error:
        # Decides whether a client calls this "gone" or "I asked wrongly".
        assert error.error and error.error.code in ("ResourceNotFound", "NotFound"), error
        return
    raise AssertionError(f"{names} is still there")


def contains(outer, inner, path="body"):
    """Everything that was sent is there; what the service added does not matter."""
    if isinstance(inner, dict):
        for name, value in inner.items():
            assert name in outer, f"{path}.{name} was sent and is not there: {outer}"
            contains(outer[name], value, f"{path}.{name}")
    elif isinstance(inner, list):
        assert len(outer) == len(inner), f"{path}: {outer} instead of {inner}"
        for index, (found, sent) in enumerate(zip(outer, inner)):
            contains(found, sent, f"{path}[{index}]")
    else:
        assert outer == inner, f"{path}: {outer!r} instead of {inner!r}"


def same(found, wanted, path="body"):
    """Equal but for what moves with every write."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        for name in (found.keys() | wanted.keys()) - {"etag", "provisioningState"}:
            assert name in found and name in wanted, f"{path}.{name} is in one of two answers only: {found} {wanted}"
            same(found[name], wanted[name], f"{path}.{name}")
    elif isinstance(found, list) and isinstance(wanted, list):
        assert len(found) == len(wanted), f"{path}: {found} instead of {wanted}"
        for index, pair in enumerate(zip(found, wanted)):
            same(*pair, f"{path}[{index}]")
    else:
        assert found == wanted, f"{path}: {found!r} instead of {wanted!r}"


def listed(pages, id):
    found = [entry for entry in map(strictly, pages) if entry["id"] == id]
    assert len(found) == 1, f"{id} is listed {len(found)} times"
    return found[0]


def life_cycle(client, name):
    kind = KINDS[name]
    for operations, arguments, body in kind.before:
        getattr(client, operations).begin_create_or_update(*arguments, body).result()
    operations, names = getattr(client, kind.operations), kind.names
    gone(operations, *names)

    created = operations.begin_create_or_update(*names, kind.body).result()
    contains(strictly(created), without_secrets(kind.body, kind.secrets))
    assert created.as_dict()["properties"]["provisioningState"] == "Succeeded", created
    assert created.name == names[-1] and created.id.endswith("/" + names[-1]), created.id
    read = get(operations, *names)
    same(read.as_dict(), created.as_dict())
    for method, arguments in kind.lists:
        same(listed(getattr(operations, method)(*arguments), read.id), read.as_dict())

    before = read.etag
    kind.change(read)
    wanted = json.loads(json.dumps(read.as_dict()))
    updated = operations.begin_create_or_update(*names, read).result()
    same(strictly(updated), wanted)
    again = get(operations, *names)
    assert again.etag != before, "the etag did not move"
    same(again.as_dict(), wanted)

    if kind.tags:
        kind.set_tags(operations, *names, {"tags": {"owner": "platform"}})
        same(get(operations, *names).as_dict(), {**again.as_dict(), "tags": {"owner": "platform"}})

    for _ in range(2):  # the second one finds nothing to delete, and that is no error
        operations.begin_delete(*names).result()
    gone(operations, *names)
    for method, arguments in kind.lists:
        assert all(entry.id != read.id for entry in getattr(operations, method)(*arguments)), "deleted and still listed"
    for operations, arguments, _ in reversed(kind.before):
        getattr(client, operations).begin_delete(*arguments).result()


def without_secrets(body, secrets):
    return {
        name: {key: entry for key, entry in value.items() if key not in secrets} if name == "properties" else value
        for name, value in body.items()
    }


def add(client, operations, group, parent, prefix, first, count):
    """Adds so many children to a resource, one PUT each, whatever others do meanwhile."""
    children = getattr(client, operations)
    for number in range(int(first), int(first) + int(count)):
        body = SMALL[operations](number)
        patiently(lambda: children.begin_create_or_update(group, parent, f"{prefix}-{number}", body).result())


def patiently(write):
    """Retries what Azure says to retry. Superseded writes are checked by who reads the result."""
    give_up = time.monotonic() + 60
    while True:
        try:
            return write()
        except HttpResponseError as error:
            code = error.error.code if error.error else None
            if code not in BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.02)


def shared_key(client, group, connection, key):
    connections = client.virtual_network_gateway_connections
    connections.begin_set_shared_key(group, connection, {"value": key}).result()
    shown = strictly(connections.get_shared_key(group, connection))
    assert shown["value"] == key, "another key came back"


def service_tags(client, location):
    print(json.dumps(strictly(client.service_tags.list(location))))


def read(client, *resources):
    shown = {}
    for resource in resources:
        operations, *names = resource.split("/")
        shown[resource] = get(getattr(client, operations), *names).as_dict()
    print(json.dumps(shown))


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    commands = {
        "life-cycle": life_cycle,
        "read": read,
        "add": add,
        "shared-key": shared_key,
        "service-tags": service_tags,
    }
    commands[command](connect(), *arguments)
