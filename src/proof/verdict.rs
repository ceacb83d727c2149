//! What a proof says, and what stands in a packet's way.

use std::collections::BTreeSet;

use super::packet::Packet;

/// The answer to whether something holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds for every packet.
    Proven,
    /// It does not hold for this packet.
    Refuted(Obstacle),
    /// It does not hold for this packet if all of this is so, which nobody said or denied.
    DependsOn {
        /// What would have to be so.
        conditions: Vec<String>,
        /// What stands in the way then.
        obstacle: Obstacle,
    },
}

/// Something that nobody said or denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// What would have to be so.
    pub so: String,
    /// The opposite.
    pub not: String,
}

impl Doubt {
    /// Both are so.
    pub fn with(&self, other: &Doubt) -> Doubt {
        Doubt {
            so: format!("{}, and {}", self.so, other.so),
            not: format!("{}, or {}", self.not, other.not),
        }
    }
}

/// A packet and what stops it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// The packet.
    pub packet: Packet,
    /// What stops it.
    pub cause: Cause,
    /// The rule that misses it by one word, where there is one.
    pub nearly: Option<String>,
}

impl Obstacle {
    /// In words, for people: what stops the packet, and what nearly lets it pass.
    pub fn in_words(&self) -> String {
        let cause = self.cause.in_words();
        match &self.nearly {
            Some(nearly) => format!("{cause}; {nearly}"),
            None => cause,
        }
    }
}

/// What stops a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A rule of a network security group.
    Rule {
        /// Which group on the way, the subnet's first.
        group: usize,
        /// The rule's name.
        name: String,
        /// Its priority.
        priority: u32,
        /// The requirements behind it.
        requirement_ids: BTreeSet<String>,
    },
    /// A rule of the firewall that denies.
    FirewallRule {
        /// Its collection.
        collection: String,
        /// Its name.
        name: String,
    },
    /// The firewall has no rule for it, and denies what no rule names.
    NoFirewallRule,
    /// A route that leads nowhere.
    Dropped {
        /// The route's name.
        route: String,
        /// Its destination.
        destination: String,
    },
    /// A route sends a private address to the internet, or a public one into the virtual network.
    Lost {
        /// The route's name.
        route: String,
        /// Its destination.
        destination: String,
        /// Whether it leads into the virtual network.
        inside: bool,
    },
    /// A route drops the answers.
    Unanswered {
        /// The route's name.
        route: String,
        /// Its destination.
        destination: String,
    },
    /// The subnet has no way out to the internet.
    NoWayOut,
    /// A route leads the packets to somebody of whom nobody says what passes.
    LedElsewhere {
        /// The route's name.
        route: String,
        /// Its destination.
        destination: String,
        /// Where it leads.
        hop: String,
    },
    /// No route leads the packets to the firewall or site that is to judge them.
    PastAppliance {
        /// Where they go instead.
        hop: String,
    },
    /// A proxy is to carry it, and no flow leads to a proxy.
    NoWayToProxy,
    /// The answers do not go back the way the connection came.
    Asymmetric {
        /// The route that takes them.
        route: String,
        /// Its destination.
        destination: String,
        /// Where it leads.
        hop: String,
    },
}

impl Verdict {
    /// The word in outputs.
    pub fn as_str(&self) -> &'static str {
        match self {
            Verdict::Proven => "proven",
            Verdict::Refuted(_) => "refuted",
            Verdict::DependsOn { .. } => "depends_on",
        }
    }

    /// The packet and what stops it.
    pub fn obstacle(&self) -> Option<&Obstacle> {
        match self {
            Verdict::Proven => None,
            Verdict::Refuted(obstacle) | Verdict::DependsOn { obstacle, .. } => Some(obstacle),
        }
    }

    /// The verdict where several orders are possible, of which nobody says which is so: the first one's, and the others' with what each
    /// depends on.
    pub fn of_orders(first: Verdict, others: Vec<(Verdict, &Doubt)>) -> Verdict {
        let all_refuted = others.iter().all(|(other, _)| matches!(other, Verdict::Refuted(_)));
        if matches!(first, Verdict::Refuted(_)) && all_refuted {
            return first;
        }
        // In the first order, one of the others is not so: one that ends better.
        let not_another = |better: &dyn Fn(&Verdict) -> bool| {
            let better = others.iter().find(|(other, _)| better(other));
            better.map(|(_, doubt)| doubt.not.clone())
        };
        if let Verdict::Refuted(obstacle) = first {
            let conditions = not_another(&|other| !matches!(other, Verdict::Refuted(_)));
            return Verdict::DependsOn {
                conditions: conditions.into_iter().collect(),
                obstacle,
            };
        }
        for (other, doubt) in &others {
            if let Verdict::Refuted(obstacle) = other {
                return Verdict::DependsOn {
                    conditions: vec![doubt.so.clone()],
                    obstacle: obstacle.clone(),
                };
            }
        }
        if let Verdict::DependsOn {
            mut conditions,
            obstacle,
        } = first
        {
            conditions.extend(not_another(&|other| *other == Verdict::Proven));
            return Verdict::DependsOn { conditions, obstacle };
        }
        for (other, doubt) in others {
            if let Verdict::DependsOn {
                mut conditions,
                obstacle,
            } = other
            {
                conditions.push(doubt.so.clone());
                return Verdict::DependsOn { conditions, obstacle };
            }
        }
        Verdict::Proven
    }

    /// The worse of the two.
    pub fn and(self, other: Verdict) -> Verdict {
        match (&self, &other) {
            (Verdict::Refuted(_), _) => self,
            (_, Verdict::Refuted(_)) => other,
            (Verdict::DependsOn { .. }, _) => self,
            _ => other,
        }
    }
}

impl Cause {
    /// The route that stops it, if one does.
    pub fn route(&self) -> Option<&str> {
        match self {
            Cause::Dropped { route, .. }
            | Cause::Lost { route, .. }
            | Cause::Unanswered { route, .. }
            | Cause::LedElsewhere { route, .. }
            | Cause::Asymmetric { route, .. } => Some(route),
            Cause::Rule { .. }
            | Cause::FirewallRule { .. }
            | Cause::NoFirewallRule
            | Cause::NoWayOut
            | Cause::PastAppliance { .. }
            | Cause::NoWayToProxy => None,
        }
    }

    /// In words, for people: what stops the packet.
    pub fn in_words(&self) -> String {
        match self {
            Cause::Rule {
                group, name, priority, ..
            } => {
                let of = if *group == 0 {
                    ""
                } else {
                    " of the network interface's group"
                };
                let kind = if *priority >= 65000 { "default rule" } else { "rule" };
                format!("the {kind} `{name}` (priority {priority}){of} denies it")
            }
            Cause::FirewallRule { collection, name } => {
                format!("the firewall's rule `{name}` of collection `{collection}` denies it")
            }
            Cause::NoFirewallRule => {
                "no rule of the firewall lets it pass, and the firewall denies the rest".to_owned()
            }
            Cause::Dropped { route, destination } => {
                format!("the route `{route}` ({destination}) leads nowhere and drops it")
            }
            Cause::Lost {
                route,
                destination,
                inside,
            } => {
                let to = match inside {
                    false => "sends it to the internet, where nobody has a private address",
                    true => "keeps it within the virtual network (`VnetLocal`), where nobody has a public address",
                };
                format!("the route `{route}` ({destination}) {to}")
            }
            Cause::Unanswered { route, destination } => {
                format!(
                    "the answers would take the route `{route}` ({destination}), which leads nowhere and drops them"
                )
            }
            Cause::NoWayOut => {
                "the subnet has no way out: without NAT gateway, load balancer, public address, firewall or default \
                                outbound access a private subnet reaches nothing"
                    .to_owned()
            }
            Cause::LedElsewhere {
                route,
                destination,
                hop,
            } => {
                format!("the route `{route}` ({destination}) leads it to {hop}, and nobody says what passes there")
            }
            Cause::PastAppliance { hop } => {
                format!("no route leads it to the firewall or site that is to judge it: it goes to {hop}")
            }
            Cause::NoWayToProxy => {
                "a proxy is to carry it, and no required flow leads from there to a proxy".to_owned()
            }
            Cause::Asymmetric {
                route,
                destination,
                hop,
            } => format!(
                "the answers would take the route `{route}` ({destination}) to {hop}, which never saw the connection open (asymmetric \
                 routing)"
            ),
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Cause::Rule { name, priority, .. } if *priority >= 65000 => {
                format!("Add a rule that allows it before `{name}`.")
            }
            Cause::Rule { name, .. } => format!("Narrow or remove `{name}`, or place an allow rule before it."),
            Cause::FirewallRule { name, collection } => {
                format!("Narrow `{name}` of `{collection}`, or give the collection that allows it a lower priority number.")
            }
            Cause::NoFirewallRule => "Add a network rule (service tags, other ports) or an application rule (hosts on 80 and 443) for it.".to_owned(),
            Cause::Dropped { route, .. } | Cause::Lost { route, .. } | Cause::Unanswered { route, .. } => format!("Remove the route `{route}`, or add a more specific one."),
            Cause::NoWayOut => "Give the subnet a NAT gateway, or a default route to a firewall.".to_owned(),
            Cause::LedElsewhere { .. } => "Add a more specific route with next hop Internet, use a service endpoint, or say what the appliance lets pass.".to_owned(),
            Cause::PastAppliance { .. } => {
                "Add the default route to the appliance, or set `default_route_enabled = false` where it is learned.".to_owned()
            }
            Cause::NoWayToProxy => {
                "Choose another `egress` than the proxy, or add the way to the proxy to what is required.".to_owned()
            }
            Cause::Asymmetric { .. } => "Add a route to the peer with next hop Internet, or take the public address away.".to_owned(),
        }
    }
}
