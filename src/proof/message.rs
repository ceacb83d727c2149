//! What people read: a flow, what stops it, and what to do.

use super::{
    exposure::{Exposure, Opener},
    model::Required,
    verdict::{Cause, Obstacle},
};
use crate::network::{Direction, Flow, Ports};

/// A flow in a few words: `TCP 443 to AzureMonitor`.
pub fn flow(flow: &Flow) -> String {
    let protocol = match flow.protocol.as_str() {
        "*" => "any protocol".to_owned(),
        word => word.to_uppercase(),
    };
    let ports = match &flow.ports {
        Ports::Any => String::new(),
        Ports::Ranges(ranges) => {
            let texts: Vec<String> = ranges.iter().map(ToString::to_string).collect();
            format!(" {}", texts.join(", "))
        }
    };
    match flow.direction {
        Direction::Outbound => format!("{protocol}{ports} to `{}`", flow.peer),
        Direction::Inbound => format!("{protocol}{ports} from `{}`", flow.peer),
    }
}

/// The requirements behind a flow.
pub fn requirements(flow: &Flow) -> String {
    let ids: Vec<&str> = flow.requirement_ids.iter().map(String::as_str).collect();
    if ids.is_empty() {
        "The flow".to_owned()
    } else {
        ids.join(", ")
    }
}

/// A required flow that does not pass.
pub fn blocked(required: &Required, obstacle: &Obstacle) -> String {
    format!(
        "{} needs {}, and the packet `{}` does not pass: {}. {}",
        requirements(&required.flow),
        flow(&required.flow),
        obstacle.packet,
        obstacle.in_words(),
        obstacle.cause.remedy()
    )
}

/// A required flow that passes unless something nobody said is so.
pub fn unproven(required: &Required, conditions: &[String], obstacle: &Obstacle) -> String {
    format!(
        "{} needs {}. Whether `{}` passes depends on what nobody said: if {}, {}. {}",
        requirements(&required.flow),
        flow(&required.flow),
        obstacle.packet,
        conditions.join(" and "),
        obstacle.in_words(),
        obstacle.cause.remedy()
    )
}

/// Something open that nobody asked for.
pub fn exposed(exposure: &Exposure) -> String {
    format!("{} lets pass `{}`", opener(&exposure.by), exposure.packet)
}

/// The rule that lets something pass.
pub fn opener(by: &Opener) -> String {
    match by {
        Opener::NoGroup => "the lack of a network security group".to_owned(),
        Opener::Rule { name, priority, .. } if *priority >= 65000 => {
            format!("Azure's default rule `{name}` (priority {priority})")
        }
        Opener::Rule { name, priority, .. } => format!("`{name}` (priority {priority})"),
        Opener::FirewallRule { collection, name } => format!("the firewall's rule `{name}` of `{collection}`"),
        Opener::Route { name, destination } => {
            format!("the route `{name}` ({destination}), which leads past the appliance that is to judge it,")
        }
    }
}

/// The name of the rule that stops a packet, if a rule does.
pub fn blocking_rule(cause: &Cause) -> Option<&str> {
    match cause {
        Cause::Rule { name, .. } | Cause::FirewallRule { name, .. } => Some(name),
        _ => None,
    }
}
