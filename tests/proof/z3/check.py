"""A second opinion on the proof, by Z3.

Reads cases as JSON, one line each: what stands around a subnet, the flows that must pass, and what the proof says of them. Writes how many
verdicts it agrees with, and every one that it does not. A verdict is right if it is `proven` exactly when no packet of the flow can be
lost in any world: whatever addresses stand behind a name, as long as it keeps to what Azure documents of the names.

It knows nothing of the proof: it is written from Azure's documentation (network-security-groups-overview, service-tags-overview,
virtual-networks-udr-overview, rule-processing), in another language, over one formula in place of sets.
"""

import ipaddress
import json
import sys
import time

import z3

TCP, UDP, ICMP, ESP, AH, OTHER = range(6)
PROTOCOLS = {"Tcp": [TCP], "Udp": [UDP], "Icmp": [ICMP], "Esp": [ESP], "Ah": [AH], "*": list(range(6))}
CONTEXT = {"virtualnetwork", "internet", "azureloadbalancer"}
NOT_PUBLIC = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
    "168.63.129.16/32", "224.0.0.0/3", "::/128", "::1/128", "fc00::/7", "fe80::/10", "ff00::/8",
]  # fmt: skip
PLATFORM = "168.63.129.16/32"
METADATA = "169.254.169.254/32"
OF_PLATFORM = {"azureplatformdns": PLATFORM, "azureplatformimds": METADATA}

# One packet: both ends are of one family.
proto = z3.BitVec("proto", 3)
v6 = z3.Bool("v6")
ADDRESS = {"source": z3.BitVec("source", 128), "destination": z3.BitVec("destination", 128)}
PORT = {"source": z3.BitVec("source_port", 16), "destination": z3.BitVec("destination_port", 16)}


def within(end, prefix):
    net = ipaddress.ip_network(prefix)
    address = ADDRESS[end]
    family = v6 if net.version == 6 else z3.Not(v6)
    width = net.max_prefixlen - net.prefixlen
    if net.prefixlen == 0:
        return family
    high = net.max_prefixlen - 1
    wanted = int(net.network_address) >> width
    return z3.And(family, z3.Extract(high, width, address) == wanted)


def any_within(end, prefixes):
    return z3.Or([within(end, prefix) for prefix in prefixes])


def public(end):
    return z3.Not(any_within(end, NOT_PUBLIC))


def covers(pattern, name):
    """Whether a rule's host is the other one or holds it: an asterisk stands at the left, in a path at the right."""
    host, _, path = pattern.partition("/")
    other, _, other_path = name.partition("/")
    same = other.lower().endswith(host[1:].lower()) if host.startswith("*") else host.lower() == other.lower()
    if not path:
        return same
    if not other_path:
        return False
    return same and (other_path.startswith(path[:-1]) if path.endswith("*") else path == other_path)


class Case:
    """What one line says, as formulas."""

    def __init__(self, case):
        self.case = case
        self.names = {}
        self.network = case["network"]
        routed = [route["destination"]["prefix"] for route in case["routes"] if "prefix" in route["destination"]]
        # Where a default route leads that a gateway or a virtual WAN brings: one of IPv4.
        self.learned = case["learned"]
        if self.learned:
            routed.append("0.0.0.0/0")
        self.routed = routed
        # "Might also contain default routes": the tag VirtualNetwork is then no part of private space any more.
        self.everything = "0.0.0.0/0" in routed or {"0.0.0.0/1", "128.0.0.0/1"} <= set(routed)
        self.hosts = set()
        self.covered = {}

    def named(self, end, kind, name):
        """Whether the end is in a set known by name."""
        key = (end, kind, name if kind != "tag" else name.lower())
        if key not in self.names:
            self.names[key] = z3.Bool("/".join(key))
        return self.names[key]

    def tag(self, end, name):
        if name.lower() == "azureloadbalancer":
            return within(end, PLATFORM)
        if name.lower() in OF_PLATFORM:
            return within(end, OF_PLATFORM[name.lower()])
        if name.lower() == "internet":
            return z3.And(public(end), z3.Not(any_within(end, self.network)))
        return self.named(end, "tag", name)

    def side(self, end, side):
        if "any" in side:
            return z3.BoolVal(True)
        if "prefixes" in side:
            return any_within(end, side["prefixes"])
        if "tag" in side:
            return self.tag(end, side["tag"])
        if "subnet" in side:
            return self.named(end, "subnet", "")
        if "host_tag" in side:
            return self.named(end, "host", "tag " + side["host_tag"])
        if "host" in side:
            self.hosts.add(side["host"])
            if side.get("covered_by"):
                self.covered[side["host"]] = side["covered_by"]
                self.tag(end, side["covered_by"])
            return self.named(end, "host", side["host"])
        raise ValueError(side)

    def ports(self, end, ranges):
        if ranges is None:
            return z3.BoolVal(True)
        return z3.Or([z3.And(z3.UGE(PORT[end], first), z3.ULE(PORT[end], last)) for first, last in ranges])

    def protocols(self, words):
        return z3.Or([proto == number for word in words for number in PROTOCOLS[word]])

    def rule(self, rule):
        return z3.And(
            self.protocols([rule["protocol"]]),
            self.side("source", rule["source"]),
            self.side("destination", rule["destination"]),
            self.ports("source", rule["source_ports"]),
            self.ports("destination", rule["destination_ports"]),
        )

    def group(self, direction):
        """(name, allow, matches) in the order in which Azure looks at them."""
        rules = sorted((rule for rule in self.case["rules"] if rule["direction"] == direction), key=lambda rule: rule["priority"])
        listed = [(rule["name"], rule["access"] == "Allow", self.rule(rule)) for rule in rules]
        if direction == "Outbound":
            # What the platform answers is subject to rules of its own tags only.
            first = [str(rule["destination"].get("tag", "")).lower() in OF_PLATFORM for rule in rules]
            listed = (
                [entry for entry, targets in zip(listed, first) if targets]
                + [("65000-platform", True, any_within("destination", [PLATFORM, METADATA]))]
                + [entry for entry, targets in zip(listed, first) if not targets]
            )
        inside = z3.And(self.tag("source", "VirtualNetwork"), self.tag("destination", "VirtualNetwork"))
        listed.append(("65000", True, inside))
        if direction == "Inbound":
            listed.append(("65001", True, self.tag("source", "AzureLoadBalancer")))
        else:
            listed.append(("65001", True, self.tag("destination", "Internet")))
        return listed

    @staticmethod
    def first_match(listed):
        allowed = z3.BoolVal(False)
        for _, allow, matches in reversed(listed):
            allowed = z3.If(matches, z3.BoolVal(allow), allowed)
        return allowed

    def next_hop(self, end):
        """(hop, whether a user's route longer than the default one leads there) as a chain of conditions."""
        prefixes, tags, short, defaults = [], [], [], []
        for route in self.case["routes"]:
            destination = route["destination"]
            if "tag" in destination:
                name = destination["tag"]
                rank = (name.lower().startswith("azurecloud"), "." not in name, name)
                tags.append((rank, self.tag(end, name), route["hop"]))
                continue
            net = ipaddress.ip_network(destination["prefix"])
            entry = (-net.prefixlen, 0, within(end, destination["prefix"]), route["hop"], True)
            # No published prefix of a tag is shorter than /14 (IPv4) or /40 (IPv6).
            longest = net.prefixlen >= (14 if net.version == 4 else 40)
            (defaults if net.prefixlen == 0 else prefixes if longest else short).append(entry)
        for prefix in self.network:
            net = ipaddress.ip_network(prefix)
            prefixes.append((-net.prefixlen, 1, within(end, prefix), "Inside", False))
        order = sorted(prefixes, key=lambda entry: entry[:2])
        # "A virtual IP of the host node and as such it isn't subject to user defined routes"; the other one is not routable at all.
        chain = [(any_within(end, [PLATFORM, METADATA]), "Inside", False)]
        chain += [(condition, hop, own) for _, _, condition, hop, own in order]
        chain += [(condition, hop, True) for _, condition, hop in sorted(tags, key=lambda entry: entry[0])]
        chain += [(condition, hop, own) for _, _, condition, hop, own in sorted(short, key=lambda entry: entry[:2])]
        chain.append((z3.Not(public(end)), "Peers", False))
        # The default route is the user's, but no way past an appliance.
        chain += [(condition, hop, False) for _, _, condition, hop, _ in defaults]
        if self.learned:
            chain.append((z3.Not(v6), self.learned, False))
        chain.append((z3.BoolVal(True), "System", False))
        return chain

    def inside(self, end):
        """Who a user's route into the virtual network reaches: nobody there has a public address, unless it is one of its spaces."""
        return z3.Or(z3.Not(public(end)), any_within(end, self.network))

    def along(self, end, answer):
        """The answer for whichever route is taken."""
        result = z3.BoolVal(False)
        for condition, hop, own in reversed(self.next_hop(end)):
            result = z3.If(condition, answer(hop, own), result)
        return result

    def firewall(self):
        """Whether the firewall lets it pass; None where there is none."""
        if self.case["firewall"] is None:
            return None
        listed = []
        kinds = {"network": 0, "application": 1}
        for collection in sorted(self.case["firewall"], key=lambda each: (kinds[each["kind"]], each["priority"])):
            for rule in collection["rules"]:
                matches = z3.And(
                    self.protocols(rule["protocols"]),
                    z3.Or([self.side("source", side) for side in rule["sources"]]),
                    z3.Or([self.side("destination", side) for side in rule["destinations"]]),
                    self.ports("destination", rule["ports"]),
                )
                listed.append((rule["name"], collection["action"] == "Allow", matches))
        return self.first_match(listed)

    def flow(self, flow):
        local, peer = ("source", "destination") if flow["direction"] == "Outbound" else ("destination", "source")
        return z3.And(
            self.protocols([flow["protocol"]]),
            self.side(local, flow["local"]),
            self.side(peer, flow["peer"]),
            self.ports("source", flow["source_ports"]),
            self.ports("destination", flow["ports"]),
        )

    def served(self, flow, groups, firewall):
        if flow["passage"] == "closed":
            return z3.BoolVal(True)
        if flow["passage"] == "proxy":
            # Somebody has to get to the proxy, which nothing stops where nothing is denied and no route leads elsewhere.
            denies = any(rule["access"] == "Deny" and rule["direction"] == "Outbound" for rule in self.case["rules"])
            if not denies and not self.case["routes"]:
                return z3.BoolVal(True)
            others = [other for other in self.case["flows"].values() if other["passage"] == "to_proxy"]
            return z3.Or([self.side("source", other["local"]) for other in others])
        if flow["direction"] == "Inbound" and flow["passage"] == "handover":
            # What the appliance itself hands over goes back to it.
            return groups["Inbound"]
        if flow["direction"] == "Inbound":
            def returns(hop, own):
                if hop == "VnetLocal":
                    return self.inside("source")
                if hop == "Internet" and own:
                    # Nobody on the internet has a private address.
                    return public("source")
                learned = hop == "System" and flow["learned_route"]
                if learned or hop in ("VirtualAppliance", "VirtualNetworkGateway"):
                    return z3.Not(public("source"))
                return z3.BoolVal(hop != "None")

            back = self.along("source", returns)
            if flow["callers"]["prefixes"]:
                # Whoever does not call gets no answers.
                back = z3.Implies(self.side("source", flow["callers"]), back)
            return z3.And(groups["Inbound"], back)
        judged = z3.BoolVal(False) if firewall is None else firewall

        def answer(hop, own):
            if hop == "VnetLocal":
                return self.inside("destination")
            if hop == "Internet" and own:
                return public("destination")
            if flow["passage"] not in ("direct", "to_proxy") and hop in ("Internet", "System", "Peers") and not own:
                # Nothing leads to the appliance, unless a route to it is learned.
                if not flow["learned_route"]:
                    return z3.BoolVal(False)
                return judged if flow["passage"] == "firewall" else z3.BoolVal(True)
            if hop in ("VirtualAppliance", "VirtualNetworkGateway") and flow["passage"] == "handover":
                return z3.BoolVal(True)
            if hop == "VirtualAppliance":
                return judged
            return z3.BoolVal(hop not in ("None", "VirtualNetworkGateway"))

        return z3.And(groups["Outbound"], self.along("destination", answer))

    def world(self):
        """What is documented of names: after every formula has been made, since it is about the names in use."""
        facts = [z3.ULE(proto, OTHER)]
        # Packets of a protocol without ports stand at port 0.
        facts += [z3.Or(proto == TCP, proto == UDP, port == 0) for port in PORT.values()]
        facts += [z3.Or(v6, z3.ULT(address, 1 << 32)) for address in ADDRESS.values()]
        ends = {end for end, _, _ in self.names}
        for end in ends:
            here = {key[1:]: variable for key, variable in self.names.items() if key[0] == end}
            tags = {name: variable for (kind, name), variable in here.items() if kind == "tag" and name not in CONTEXT}
            hosts = {name: variable for (kind, name), variable in here.items() if kind == "host"}
            network = any_within(end, self.network)
            for name, variable in tags.items():
                facts.append(z3.Implies(variable, self.tag(end, "Internet")))
                facts.append(z3.Implies(variable, public(end)))
                for other, wider in tags.items():
                    if name.startswith(other + "."):
                        facts.append(z3.Implies(variable, wider))
            for name, variable in hosts.items():
                facts.append(z3.Implies(variable, self.tag(end, "Internet")))
                facts.append(z3.Implies(variable, public(end)))
                if name in self.covered:
                    facts.append(z3.Implies(variable, self.tag(end, self.covered[name])))
                for other, wider in hosts.items():
                    if name == other or name.startswith("tag ") or other.startswith("tag "):
                        continue
                    if covers(other, name):
                        facts.append(z3.Implies(variable, wider))
                    elif not covers(name, other):
                        # A request names one host.
                        facts.append(z3.Not(z3.And(variable, wider)))
            inside = here.get(("tag", "virtualnetwork"))
            subnet = here.get(("subnet", ""))
            if inside is not None:
                facts.append(z3.Implies(z3.Or(network, within(end, PLATFORM)), inside))
                facts.append(z3.Implies(inside, z3.Or(z3.Not(public(end)), network, any_within(end, self.routed))))
                if not self.everything:
                    apart = [*tags.values(), *hosts.values(), self.tag(end, "Internet")]
                    facts += [z3.Not(z3.And(inside, other)) for other in apart]
                if subnet is not None:
                    facts.append(z3.Implies(subnet, inside))
            if subnet is not None:
                facts.append(z3.Implies(subnet, network if self.network else z3.Not(public(end))))
                facts.append(z3.Implies(subnet, z3.Not(within(end, PLATFORM))))
                if self.case["subnet_is_ipv4"]:
                    facts.append(z3.Implies(subnet, z3.Not(v6)))
        return facts


def check(line, counts, wrong):
    case = json.loads(line)
    model = Case(case)
    listed = {direction: model.group(direction) for direction in ("Inbound", "Outbound")}
    groups = {direction: model.first_match(rules) for direction, rules in listed.items()}
    firewall = model.firewall()
    flows = {key: (model.flow(flow), flow) for key, flow in case["flows"].items()}
    lost = {key: z3.And(packets, z3.Not(model.served(flow, groups, firewall))) for key, (packets, flow) in flows.items()}
    # What a rule lets pass of the subnet's packets though no flow asks for it.
    beyond = {}
    for direction, rules in listed.items():
        asked = [packets for packets, flow in flows.values() if flow["direction"] == direction and flow["passage"] != "closed"]
        local = model.side("source" if direction == "Outbound" else "destination", case["local"])
        before = []
        for name, allow, matches in rules:
            if allow and not name.startswith("650"):
                beyond[name] = z3.And(local, matches, z3.Not(z3.Or(before)), z3.Not(z3.Or(asked)))
            before.append(matches)
    solver = z3.Solver()
    solver.set("timeout", 60000)
    solver.add(model.world())
    for key, formula in lost.items():
        solver.push()
        solver.add(formula)
        answer = solver.check()
        said = case["verdicts"][key]
        counts[said] = counts.get(said, 0) + 1
        if answer == z3.unknown or (said == "proven") != (answer == z3.unsat):
            wrong.append(f"{case['name']} / {key}: {said}, but Z3 says {answer}" + (f" {solver.model()}" if answer == z3.sat else ""))
        solver.pop()
    for name, formula in beyond.items():
        solver.push()
        solver.add(formula)
        answer = solver.check()
        said = name in case["exposed"]
        word = "exposed" if said else "not exposed"
        counts[word] = counts.get(word, 0) + 1
        if answer == z3.unknown or said != (answer == z3.sat):
            wrong.append(f"{case['name']} / {name}: {word}, but Z3 says {answer}" + (f" {solver.model()}" if answer == z3.sat else ""))
        solver.pop()


def main():
    counts, wrong = {}, []
    started = time.monotonic()
    with open(sys.argv[1], encoding="utf-8") as lines:
        for line in lines:
            check(line, counts, wrong)
    print(json.dumps({"counts": counts, "wrong": len(wrong), "first": wrong[:20], "seconds": time.monotonic() - started}))


if __name__ == "__main__":
    main()
