//! Rules that do not do what they seem to.

use super::{
    atoms::World,
    exposure::{of_subnet, seen_from_subnet},
    firewall::FirewallLine,
    model::Model,
    nsg::{Line, PLATFORM},
    order::{Decides, decide, effective},
    region::{Block, Match, Presence},
};
use crate::network::{Access, Direction};

/// Something about a rule that its author should know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lint {
    /// What it is.
    pub kind: Kind,
    /// The rule.
    pub rule: String,
    /// The rules that make it so, in their order.
    pub because_of: Vec<String>,
}

/// What is wrong with a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Rules before it decide about every packet it matches.
    Shadowed,
    /// Rules behind it say the same, and no requirement asks for it.
    Redundant,
    /// It allows what Azure's default rule to the internet lets pass anyway: without a deny behind it, it restricts nothing.
    AllowWithoutDeny,
    /// A deny before it takes part of what it allows.
    Conflicting,
}

impl Kind {
    /// The word in outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Shadowed => "shadowed",
            Kind::Redundant => "redundant",
            Kind::AllowWithoutDeny => "allow_without_deny",
            Kind::Conflicting => "conflicting",
        }
    }
}

impl Lint {
    /// In words, for people.
    pub fn in_words(&self) -> String {
        let quoted: Vec<String> = self.because_of.iter().map(|name| format!("`{name}`")).collect();
        let others = quoted.join(", ");
        let rule = &self.rule;
        let number = |one, several| if quoted.len() == 1 { one } else { several };
        match self.kind {
            Kind::Shadowed if self.because_of.iter().any(|name| name == PLATFORM) => format!(
                "`{rule}` never decides about 168.63.129.16 and 169.254.169.254: what Azure's platform answers there passes every rule but \
                 those of its own tags. Name `AzurePlatformDNS` or `AzurePlatformIMDS` instead."
            ),
            Kind::Shadowed => format!(
                "`{rule}` never decides: {others} before it {} all of its packets. Remove it, or move it forward.",
                number("matches", "match")
            ),
            Kind::Redundant => format!(
                "`{rule}` changes nothing: {others} behind it {} the same. Remove it.",
                number("says", "say")
            ),
            Kind::AllowWithoutDeny => format!(
                "`{rule}` restricts nothing: the default {} {others} {} the same packets pass without it. An allow list needs a deny \
                 behind it, such as one to `Internet` at 4000.",
                number("rule", "rules"),
                number("lets", "let")
            ),
            Kind::Conflicting => format!(
                "`{rule}` allows less than it says: {others} before it {} part of it. Narrow the deny, or move the allow forward.",
                number("denies", "deny")
            ),
        }
    }
}

/// What there is to say about the rules of the groups and of the firewall.
pub fn lint(model: &Model) -> Vec<Lint> {
    let mut found = Vec::new();
    for group in &model.groups {
        for direction in [Direction::Inbound, Direction::Outbound] {
            let lines = group.lines(direction);
            for (position, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_default()) {
                found.extend(of_rule(model, lines, position, line, direction));
            }
        }
    }
    for (position, line) in model.firewall.iter().flatten().enumerate() {
        let lines = model.firewall.as_deref().unwrap_or_default();
        // A firewall has rules for others too.
        let start = of_subnet(model, line.matches(), Direction::Outbound);
        if !holds_any(&start, &model.world) {
            continue;
        }
        if !holds_any(&effective(lines, position, start, &model.world), &model.world) {
            found.push(Lint {
                kind: Kind::Shadowed,
                rule: line.name.clone(),
                because_of: before(lines, position, &line.matches, model),
            });
        }
    }
    found
}

fn of_rule(model: &Model, lines: &[Line], position: usize, line: &Line, direction: Direction) -> Option<Lint> {
    let world = &model.world;
    let start = seen_from_subnet(model, line, direction);
    if !holds_any(&start, world) {
        return None;
    }
    let lint = |kind, because_of: Vec<String>| {
        Some(Lint {
            kind,
            rule: line.name.clone(),
            because_of,
        })
    };
    let earlier = lines.get(..position).unwrap_or_default();
    let (taken, open) = decide(earlier, start, world);
    let deciding = |wanted: &dyn Fn(&Line) -> bool, sure: bool| {
        let mut names: Vec<String> = Vec::new();
        for (other, block) in &taken {
            let presence = block.presence(world);
            let counts = presence == Presence::Real || (!sure && presence != Presence::Empty);
            if wanted(other) && counts && !names.contains(&other.name) {
                names.push(other.name.clone());
            }
        }
        names
    };
    if !holds_any(&open, world) {
        let surely = deciding(&|_| true, true);
        let all = if surely.is_empty() {
            deciding(&|_| true, false)
        } else {
            surely
        };
        return match all.as_slice() {
            [] => None,
            // What passes without a rule may be asked for all the same.
            [one] if one == PLATFORM && line.access == Access::Allow => None,
            _ => lint(Kind::Shadowed, all),
        };
    }
    let later = lines.get(position + 1..).unwrap_or_default();
    let (decided, _) = decide(later, open, world);
    let same =
        |(other, block): &(&Line, Block)| other.access == line.access || block.presence(world) == Presence::Empty;
    if decided.iter().all(same) {
        let of_presence = |wanted: &dyn Fn(Presence) -> bool| -> Vec<&Line> {
            let deciding = decided.iter().filter(|(_, block)| wanted(block.presence(world)));
            deciding.map(|(line, _)| *line).collect()
        };
        let surely = of_presence(&|presence| presence == Presence::Real);
        // What only may decide is no reason to keep a rule, but one not to call it superfluous.
        let by_default = of_presence(&|presence| presence != Presence::Empty)
            .iter()
            .any(|other| other.is_default());
        // A deny that Azure's own last rule repeats says what its author means.
        if line.access == Access::Deny && by_default {
            return None;
        }
        // What stays within the virtual network, or comes from Azure's load balancer, passes by default: no deny of the internet closes it,
        // and the baseline of a proof tells it.
        if by_default && !surely.iter().any(|other| other.is_default_to_internet()) {
            return None;
        }
        // A rule that a requirement asks for is not what can go.
        if !by_default && !line.requirement_ids.is_empty() {
            return None;
        }
        let telling = surely.iter().filter(|other| other.is_default() || !by_default);
        let mut names: Vec<String> = telling.map(|other| other.name.clone()).collect();
        names.dedup();
        if names.is_empty() {
            return None;
        }
        return lint(
            if by_default {
                Kind::AllowWithoutDeny
            } else {
                Kind::Redundant
            },
            names,
        );
    }
    let denied = deciding(&|other| other.access == Access::Deny, true);
    if line.access == Access::Allow && !denied.is_empty() {
        return lint(Kind::Conflicting, denied);
    }
    None
}

fn holds_any(blocks: &[Block], world: &World) -> bool {
    blocks.iter().any(|block| block.presence(world) != Presence::Empty)
}

fn before(lines: &[FirewallLine], position: usize, matches: &[Match], model: &Model) -> Vec<String> {
    let earlier = lines.get(..position).unwrap_or_default();
    let (taken, _) = decide(earlier, matches.iter().map(Match::block).collect(), &model.world);
    let mut names: Vec<String> = taken.iter().map(|(line, _)| line.name.clone()).collect();
    names.dedup();
    names
}
