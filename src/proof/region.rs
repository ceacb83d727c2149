//! Sets of packets, and cutting one by another.
//!
//! A [`Place`] is a conjunction over addresses: within these intervals, in these atoms, and in none of those. A [`Block`] is a product
//! of two places, their ports and protocols. What a rule matches is simpler ([`Match`]): cutting a block by it leaves at most five
//! blocks, and they are disjoint.

use super::{
    addresses::{self, AddressSet},
    atoms::{Atom, AtomId, Relation, World},
    intervals::Intervals,
    packet::{PORTLESS, Protocols, WITH_PORTS},
};

/// A set of ports.
pub type PortSet = Intervals<u16>;

/// One end of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// Every address.
    Any,
    /// Known addresses.
    Set(AddressSet),
    /// Addresses known by name.
    Atom(AtomId),
}

/// A set of addresses: within `set` but not in `except`, in every atom of `inside` and in none of `outside`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where it lies at most.
    pub set: AddressSet,
    /// What has been cut out of it.
    pub except: AddressSet,
    /// Atoms that hold it.
    pub inside: Vec<AtomId>,
    /// Atoms that have been cut out of it.
    pub outside: Vec<AtomId>,
}

/// Whether a set of packets holds one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It holds none.
    Empty,
    /// It holds one.
    Real,
    /// It holds one if this is so: nobody declared it, and nobody denied it.
    If(Vec<String>),
}

impl Place {
    /// The addresses of a side.
    pub fn of(side: &Side) -> Place {
        let mut place = Place {
            set: AddressSet::all(),
            except: AddressSet::none(),
            inside: Vec::new(),
            outside: Vec::new(),
        };
        match side {
            Side::Any => {}
            Side::Set(set) => place.set = set.clone(),
            Side::Atom(atom) => place.inside.push(*atom),
        }
        place
    }

    fn may_meet(&self, side: &Side) -> bool {
        match side {
            Side::Set(set) => self.set.meets(set),
            Side::Any | Side::Atom(_) => true,
        }
    }

    /// What of it is on the side; `None` if surely nothing is.
    fn and(&self, side: &Side, world: &World) -> Option<Place> {
        match side {
            Side::Any => Some(self.clone()),
            Side::Set(set) => {
                let common = self.set.and(set);
                if common.is_empty() || common.is_within(&self.except) {
                    return None;
                }
                if common == self.set {
                    return Some(self.clone());
                }
                let place = Place {
                    set: common,
                    ..self.clone()
                };
                (!place.is_surely_empty(world)).then_some(place)
            }
            Side::Atom(atom) => {
                for held in &self.inside {
                    match world.relation(*held, *atom) {
                        Relation::Same | Relation::Inside => return Some(self.clone()),
                        Relation::Disjoint => return None,
                        Relation::Around | Relation::Possible => {}
                    }
                }
                let core = world.core(*atom);
                if !core.is_empty() && self.reach(world).is_within(&core) {
                    return Some(self.clone());
                }
                let mut place = self.clone();
                place.inside.push(*atom);
                (!place.is_surely_empty(world)).then_some(place)
            }
        }
    }

    /// What of it is not on the side; `None` if surely nothing is.
    fn without(&self, side: &Side, world: &World) -> Option<Place> {
        match side {
            Side::Any => None,
            Side::Set(set) => {
                if !self.set.meets(set) {
                    return Some(self.clone());
                }
                let except = self.except.or(set);
                if self.set.is_within(&except) {
                    return None;
                }
                let place = Place { except, ..self.clone() };
                (!place.is_surely_empty(world)).then_some(place)
            }
            Side::Atom(atom) => {
                let mut place = self.clone();
                if !place.outside.contains(atom) {
                    place.outside.push(*atom);
                }
                (!place.is_surely_empty(world)).then_some(place)
            }
        }
    }

    /// The addresses it may have: what is left of the intervals.
    pub fn reach(&self, world: &World) -> AddressSet {
        let mut reach = self.set.without(&self.except);
        for atom in &self.inside {
            reach = reach.and(&world.bounds(*atom));
        }
        for atom in &self.outside {
            let core = world.core(*atom);
            if !core.is_empty() {
                reach = reach.without(&core);
            }
        }
        reach
    }

    fn is_surely_empty(&self, world: &World) -> bool {
        for (position, held) in self.inside.iter().enumerate() {
            let holds = |other: &AtomId| world.relation(*held, *other);
            if self
                .outside
                .iter()
                .any(|other| matches!(holds(other), Relation::Same | Relation::Inside))
            {
                return true;
            }
            if self
                .inside
                .iter()
                .skip(position + 1)
                .any(|other| holds(other) == Relation::Disjoint)
            {
                return true;
            }
        }
        if self.inside.is_empty() && self.outside.is_empty() {
            return self.set.is_within(&self.except);
        }
        self.reach(world).is_empty()
    }

    /// Whether it holds an address.
    pub fn presence(&self, world: &World) -> Presence {
        if self.is_surely_empty(world) {
            return Presence::Empty;
        }
        let reach = self.reach(world);
        let mut doubts = Vec::new();
        let innermost = self.innermost(world);
        for (position, one) in innermost.iter().enumerate() {
            for other in innermost.iter().skip(position + 1) {
                // What both surely hold may be all that was cut out.
                if innermost.len() == 2 && self.is_uncut() && world.surely_meet(*one, *other) {
                    continue;
                }
                doubts.push(format!(
                    "`{}` and `{}` have addresses in common",
                    world.name(*one),
                    world.name(*other)
                ));
            }
            if self.outside.contains(one) {
                doubts.push(format!("{} is another one", world.name(*one)));
            }
            // What is cut out of an atom leaves some of it, unless it is all that the atom surely reaches into; what an atom is cut down to need not.
            let (sure, left) = (world.sure_part(*one), self.set.without(&self.except));
            let cut = !sure.is_within(&self.set) || !sure.meets(&left);
            if cut && !left.meets(&world.core(*one)) {
                doubts.push(format!("`{}` has addresses of {}", world.name(*one), in_words(&left)));
            }
        }
        if innermost.is_empty() {
            let beyond = |atom: &AtomId| !reach.is_within(&world.bounds(*atom));
            let part_of = |atom: &&AtomId| {
                let bounds = world.bounds(**atom);
                reach.is_within(&bounds) && !bounds.is_within(&self.set)
            };
            if !self.outside.iter().all(beyond) {
                for atom in self.outside.iter().filter(part_of) {
                    doubts.push(format!("{} is not all in `{}`", in_words(&self.set), world.name(*atom)));
                }
            }
        }
        if doubts.is_empty() {
            Presence::Real
        } else {
            Presence::If(doubts)
        }
    }

    /// Whether nothing but atoms makes it smaller.
    fn is_uncut(&self) -> bool {
        self.set.is_all() && self.except.is_empty() && self.outside.is_empty()
    }

    /// The atoms that hold it, without those that lie around another one of them: they say nothing new.
    fn innermost(&self, world: &World) -> Vec<AtomId> {
        let around = |one: &AtomId| {
            let mut others = self.inside.iter().filter(|other| *other != one);
            others.any(|other| world.relation(*other, *one) == Relation::Inside)
        };
        self.inside.iter().filter(|one| !around(one)).copied().collect()
    }

    /// In words: names, else the addresses.
    pub fn in_words(&self, world: &World) -> String {
        match self.innermost(world).as_slice() {
            [] => in_words(&self.reach(world)),
            atoms => atoms
                .iter()
                .map(|atom| world.name(*atom))
                .collect::<Vec<_>>()
                .join(" and "),
        }
    }
}

/// The first prefixes of a set; `*` for everything.
fn in_words(set: &AddressSet) -> String {
    if set.is_all() {
        return "*".to_owned();
    }
    let mut words: Vec<String> = set
        .iter()
        .take(4)
        .map(|(first, last)| range_in_words(first, last))
        .collect();
    if words.len() > 3 {
        words.truncate(3);
        words.push("more".to_owned());
    }
    words.join(", ")
}

fn range_in_words(first: u128, last: u128) -> String {
    let size = last - first;
    let bits = 128 - size.leading_zeros();
    let is_prefix = (size & (size.wrapping_add(1))) == 0 && first & size == 0;
    match (addresses::address(first), addresses::address(last)) {
        (first @ std::net::IpAddr::V4(_), std::net::IpAddr::V4(_)) if is_prefix && bits <= 32 => {
            format!("{first}/{}", 32 - bits)
        }
        (first @ std::net::IpAddr::V6(_), std::net::IpAddr::V6(_)) if is_prefix => format!("{first}/{}", 128 - bits),
        (first, last) => format!("{first}-{last}"),
    }
}

/// A product of ends, ports and protocols.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Which protocols.
    pub protocols: Protocols,
    /// Who sends.
    pub source: Place,
    /// From which ports.
    pub source_ports: PortSet,
    /// Who receives.
    pub destination: Place,
    /// On which ports.
    pub ports: PortSet,
}

/// What a rule matches: a product of simple sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Which protocols.
    pub protocols: Protocols,
    /// Who sends.
    pub source: Side,
    /// From which ports.
    pub source_ports: PortSet,
    /// Who receives.
    pub destination: Side,
    /// On which ports.
    pub ports: PortSet,
}

impl Match {
    /// The products a rule matches. Packets of a protocol without ports stand at port 0: a rule that names ports does not match them.
    pub fn all(
        protocols: Protocols,
        source: &Side,
        source_ports: &PortSet,
        destination: &Side,
        ports: &PortSet,
    ) -> Vec<Match> {
        let mut all = Vec::new();
        let zero = PortSet::of([(0, 0)]);
        for (kind, source_ports, ports) in [
            (WITH_PORTS, source_ports.clone(), ports.clone()),
            (PORTLESS, source_ports.and(&zero), ports.and(&zero)),
        ] {
            let protocols = protocols & kind;
            if protocols != 0 && !source_ports.is_empty() && !ports.is_empty() {
                all.push(Match {
                    protocols,
                    source: source.clone(),
                    source_ports,
                    destination: destination.clone(),
                    ports,
                });
            }
        }
        all
    }

    /// Whatever goes to one side.
    pub fn to(destination: Side) -> Match {
        Match {
            protocols: u8::MAX,
            source: Side::Any,
            source_ports: PortSet::all(),
            destination,
            ports: PortSet::all(),
        }
    }

    /// The packets.
    pub fn block(&self) -> Block {
        Block {
            protocols: self.protocols,
            source: Place::of(&self.source),
            source_ports: self.source_ports.clone(),
            destination: Place::of(&self.destination),
            ports: self.ports.clone(),
        }
    }
}

impl Block {
    /// Whether the rule may match some of it: what is known without cutting.
    pub fn may_meet(&self, rule: &Match) -> bool {
        self.protocols & rule.protocols != 0
            && self.destination.may_meet(&rule.destination)
            && self.source.may_meet(&rule.source)
            && self.ports.meets(&rule.ports)
            && self.source_ports.meets(&rule.source_ports)
    }

    /// What of it the rule matches; `None` if surely nothing.
    pub fn and(&self, rule: &Match, world: &World) -> Option<Block> {
        if !self.may_meet(rule) {
            return None;
        }
        Some(Block {
            protocols: self.protocols & rule.protocols,
            destination: self.destination.and(&rule.destination, world)?,
            source: self.source.and(&rule.source, world)?,
            source_ports: self.source_ports.and(&rule.source_ports),
            ports: self.ports.and(&rule.ports),
        })
    }

    /// What of it the rule does not match, in disjoint blocks.
    pub fn without(&self, rule: &Match, world: &World) -> Vec<Block> {
        let Some(common) = self.and(rule, world) else {
            return vec![self.clone()];
        };
        let mut left = Vec::new();
        let protocols = self.protocols & !rule.protocols;
        if protocols != 0 {
            left.push(Block {
                protocols,
                ..self.clone()
            });
        }
        let mut rest = Block {
            protocols: common.protocols,
            ..self.clone()
        };
        let ports = rest.ports.without(&rule.ports);
        if !ports.is_empty() {
            left.push(Block { ports, ..rest.clone() });
            rest.ports = common.ports;
        }
        let source_ports = rest.source_ports.without(&rule.source_ports);
        if !source_ports.is_empty() {
            left.push(Block {
                source_ports,
                ..rest.clone()
            });
            rest.source_ports = common.source_ports;
        }
        if let Some(destination) = rest.destination.without(&rule.destination, world) {
            left.push(Block {
                destination,
                ..rest.clone()
            });
            rest.destination = common.destination;
        }
        if let Some(source) = rest.source.without(&rule.source, world) {
            left.push(Block { source, ..rest });
        }
        left
    }

    /// Whether it holds a packet.
    pub fn presence(&self, world: &World) -> Presence {
        let (source, destination) = (self.source.presence(world), self.destination.presence(world));
        if source == Presence::Empty || destination == Presence::Empty {
            return Presence::Empty;
        }
        if !addresses::have_a_common_family(&self.source.reach(world), &self.destination.reach(world)) {
            return Presence::Empty;
        }
        match (source, destination) {
            (Presence::If(mut doubts), Presence::If(more)) => {
                doubts.extend(more);
                Presence::If(doubts)
            }
            (Presence::If(doubts), _) | (_, Presence::If(doubts)) => Presence::If(doubts),
            _ => Presence::Real,
        }
    }

    /// The same packets answered: the ends change places.
    pub fn answered(&self) -> Block {
        Block {
            protocols: self.protocols,
            source: self.destination.clone(),
            source_ports: self.ports.clone(),
            destination: self.source.clone(),
            ports: self.source_ports.clone(),
        }
    }
}

/// What of the blocks none of the rules matches.
pub fn remainder<'m>(blocks: Vec<Block>, rules: impl IntoIterator<Item = &'m Match>, world: &World) -> Vec<Block> {
    let mut left = blocks;
    for rule in rules {
        if left.is_empty() {
            break;
        }
        // Most rules are about something else.
        if left.iter().any(|block| block.may_meet(rule)) {
            left = left.iter().flat_map(|block| block.without(rule, world)).collect();
        }
    }
    left
}

/// The side that lists of addresses and names together make, one for each name.
pub fn group_side(ids: &crate::network::Known<std::collections::BTreeSet<String>>, world: &mut World) -> Side {
    let ids = ids.get().map(|ids| ids.iter().map(|id| id.to_lowercase()).collect());
    Side::Atom(world.atom(Atom::Groups(ids)))
}
