//! A row of the catalogue as a Terraform value.

use tfplugin_rs::value::{Type, Value};

use crate::{
    regions::Cloud,
    requirements::{Category, Condition, Kind, Peer, Requirement, Status},
};

/// What the attributes of a row mean, in Markdown.
pub(super) const DESCRIPTION: &str = "  - `kind`: `flow` (packets that must pass), `deny`, `host`, `service_endpoint`, `route` or `prerequisite` (what no rule can give; \
     `category` says of which sort, `actions` which role-based permissions)\n  - `initiator`, `direction`, `protocol`, `ports`: who opens the connection; \
     empty `ports` are all\n  - `peer`, `peer_type`: the other end in the words of the cloud: `service_tag`, `host`, `fqdn_tag`, `role`, `argument` (addresses \
     that an argument gives), `address_prefixes` or `service_endpoint`; `{…}` stands for an argument; `covered_by` is the service tag that covers a host, \
     `spelling` the document's word for the peer where Azure has another\n  - `condition`: the settings under which it holds; null is always\n  - `rule_name`, \
     `priority`: the security rule it becomes\n  - `from_edition`, `until_edition`: the first edition that has it, and the first that no longer has it; \
     `replaced_by` took its place\n  - `status`: `documented` or `observed`\n  - `purpose`, `remedy`, `note`, `citation`: what for, what to do about it, why it \
     says something else than its document, and where it is written";

const TEXTS: [&str; 22] = [
    "id",
    "system",
    "kind",
    "category",
    "initiator",
    "direction",
    "protocol",
    "peer",
    "peer_type",
    "covered_by",
    "spelling",
    "url_path",
    "next_hop_type",
    "condition",
    "rule_name",
    "from_edition",
    "until_edition",
    "replaced_by",
    "status",
    "purpose",
    "remedy",
    "note",
];

/// The type of `requirements`.
pub(super) fn ty() -> Type {
    let texts = TEXTS.iter().map(|name| (*name, Type::String));
    let others = [
        ("citation", Type::String),
        ("ports", Type::set(Type::String)),
        ("priority", Type::Number),
        ("websocket", Type::Bool),
        ("actions", Type::set(Type::String)),
    ];
    Type::map(Type::object(texts.chain(others)))
}

/// One row, in the words of a cloud.
pub(super) fn value(system: &str, row: &Requirement, cloud: Cloud) -> Value {
    let peer = row.peer_in(cloud);
    let (peer_type, peer_text) = peer.and_then(other_end).unzip();
    let moves = !matches!(row.kind, Kind::Prerequisite | Kind::ServiceEndpoint);
    Value::object([
        ("id", Value::from(row.id.as_str())),
        ("system", system.into()),
        ("kind", row.kind.as_str().into()),
        ("category", row.category.map(Category::as_str).into()),
        ("initiator", row.initiator.as_deref().into()),
        ("direction", moves.then(|| row.direction.as_str()).into()),
        ("protocol", row.protocol.as_deref().into()),
        ("ports", Value::string_set(row.ports.iter().cloned())),
        ("peer", peer_text.into()),
        ("peer_type", peer_type.into()),
        ("covered_by", peer.and_then(|peer| peer.covered_by.as_deref()).into()),
        ("spelling", peer.and_then(|peer| peer.spelling.as_deref()).into()),
        ("websocket", (row.kind == Kind::Host).then_some(row.websocket).into()),
        ("url_path", row.url_path.as_deref().into()),
        ("next_hop_type", row.next_hop_type.as_deref().into()),
        ("actions", Value::string_set(row.actions.iter().cloned())),
        ("condition", condition(row).into()),
        ("rule_name", row.rule.as_ref().map(|rule| rule.name.as_str()).into()),
        ("priority", row.rule.as_ref().map(|rule| rule.priority).into()),
        ("from_edition", row.from.as_str().into()),
        ("until_edition", row.until.map(|until| until.as_str()).into()),
        ("replaced_by", row.replaced_by.as_deref().into()),
        (
            "status",
            match row.status {
                Status::Documented => "documented",
                Status::Observed => "observed",
            }
            .into(),
        ),
        ("purpose", row.purpose.as_str().into()),
        ("remedy", row.remedy.as_deref().into()),
        ("note", row.note.as_deref().into()),
        ("citation", row.source.to_line().into()),
    ])
}

/// What sort of peer it is, and which.
fn other_end(peer: &Peer) -> Option<(&'static str, String)> {
    let named = [
        ("service_tag", &peer.service_tag),
        ("host", &peer.host),
        ("fqdn_tag", &peer.fqdn_tag),
        ("role", &peer.role),
        ("argument", &peer.argument),
        ("service_endpoint", &peer.service_endpoint),
    ];
    let named = named.into_iter().find_map(|(sort, name)| Some((sort, name.clone()?)));
    named.or_else(|| {
        let prefixes = &peer.address_prefixes;
        (!prefixes.is_empty()).then(|| ("address_prefixes", prefixes.join(", ")))
    })
}

/// The condition in one line, as an HCL author would write it.
fn condition(row: &Requirement) -> Option<String> {
    let quoted = |text: &String| format!("\"{text}\"");
    let terms = row.when.iter().map(|(name, wanted)| match wanted {
        Condition::Bool(true) => name.clone(),
        Condition::Bool(false) => format!("!{name}"),
        Condition::Number(number) => format!("{name} == {number}"),
        Condition::Text(text) => format!("{name} == {}", quoted(text)),
        Condition::AnyOf(texts) => {
            let texts: Vec<String> = texts.iter().map(quoted).collect();
            format!("contains([{}], {name})", texts.join(", "))
        }
    });
    let terms: Vec<String> = terms.collect();
    (!terms.is_empty()).then(|| terms.join(" && "))
}
