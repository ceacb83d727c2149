//! Two lists of hosts, one with asterisks: what the one names and the other does not cover.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::network::PortRange;

/// A host as Azure states it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stated {
    /// What it is for, in Azure's words.
    pub(super) category: String,
    /// Its name; `*.` in front stands for every name below.
    pub(super) host: String,
    /// Its TCP ports; none where Azure says none, which means any.
    pub(super) ports: BTreeSet<u16>,
}

/// A host as policies name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    /// Its name; `*.` in front stands for every name below.
    pub(super) host: String,
    /// Ports, ranges, or `*`.
    pub(super) ports: BTreeSet<String>,
    /// The requirements that name it.
    pub(super) requirement_ids: BTreeSet<String>,
}

/// The hosts of Azure's answer, each once per category.
pub(super) fn stated(answer: &Json) -> Result<Vec<Stated>, String> {
    let list = |json: &'_ Json, field: &str| json.get(field).and_then(Json::as_array).cloned();
    let text = |json: &Json, field: &str| json.get(field).and_then(Json::as_str).map(str::to_owned);
    let mut all: Vec<Stated> = Vec::new();
    for entry in list(answer, "value").ok_or("it has no list `value`")? {
        let properties = entry.get("properties").unwrap_or(&entry);
        let category = text(properties, "category").ok_or("an entry has no `category`")?;
        for endpoint in list(properties, "endpoints").unwrap_or_default() {
            let host = text(&endpoint, "domainName")
                .ok_or_else(|| format!("`{category}` has an endpoint without `domainName`"))?;
            let mut ports = BTreeSet::new();
            for detail in list(&endpoint, "endpointDetails").unwrap_or_default() {
                let port = detail
                    .get("port")
                    .and_then(Json::as_u64)
                    .and_then(|port| u16::try_from(port).ok());
                ports.insert(port.ok_or_else(|| format!("`{host}` has an `endpointDetails` without `port`"))?);
            }
            match all
                .iter_mut()
                .find(|known| known.category == category && known.host.eq_ignore_ascii_case(&host))
            {
                Some(known) => known.ports.extend(ports),
                None => all.push(Stated {
                    category: category.clone(),
                    host,
                    ports,
                }),
            }
        }
    }
    all.sort();
    Ok(all)
}

/// What Azure names and nothing expected covers, with the ports that are not covered.
pub(super) fn missing(stated: &[Stated], expected: &[Expected]) -> Vec<Stated> {
    let mut found = Vec::new();
    for stated in stated {
        let covering: Vec<&Expected> = expected
            .iter()
            .filter(|expected| covers(&expected.host, &stated.host))
            .collect();
        let ports: BTreeSet<u16> = stated
            .ports
            .iter()
            .copied()
            .filter(|port| !covering.iter().any(|expected| has_port(&expected.ports, *port)))
            .collect();
        if covering.is_empty() || !ports.is_empty() {
            found.push(Stated {
                ports,
                ..stated.clone()
            });
        }
    }
    found
}

/// What is expected and Azure does not name, with the ports that it does not name.
pub(super) fn surplus(stated: &[Stated], expected: &[Expected]) -> Vec<Expected> {
    let mut found = Vec::new();
    for expected in expected {
        let meeting: Vec<&Stated> = stated
            .iter()
            .filter(|stated| covers(&expected.host, &stated.host) || covers(&stated.host, &expected.host))
            .collect();
        let named = |text: &String| {
            let range = text.parse::<PortRange>().ok();
            meeting.iter().any(|stated| {
                let within = |port: &u16| range.is_none_or(|range| (range.first()..=range.last()).contains(port));
                stated.ports.is_empty() || stated.ports.iter().any(within)
            })
        };
        let ports: BTreeSet<String> = expected.ports.iter().filter(|text| !named(text)).cloned().collect();
        if meeting.is_empty() || !ports.is_empty() {
            found.push(Expected {
                ports,
                ..expected.clone()
            });
        }
    }
    found
}

/// Whether every name that `narrow` stands for is one that `wide` stands for. `*.x.com` is not `x.com`.
fn covers(wide: &str, narrow: &str) -> bool {
    let (wide, narrow) = (wide.to_lowercase(), narrow.to_lowercase());
    match wide.strip_prefix('*') {
        Some(tail) => narrow.len() > tail.len() && narrow.ends_with(tail),
        None => wide == narrow,
    }
}

fn has_port(ports: &BTreeSet<String>, port: u16) -> bool {
    let holds = |range: PortRange| (range.first()..=range.last()).contains(&port);
    ports
        .iter()
        .any(|text| text == "*" || text.parse::<PortRange>().is_ok_and(holds))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn expected(host: &str, ports: &[&str]) -> Expected {
        Expected {
            host: host.to_owned(),
            ports: ports.iter().map(|port| (*port).to_owned()).collect(),
            requirement_ids: BTreeSet::new(),
        }
    }

    fn azure(hosts: &[(&str, &[u16])]) -> Vec<Stated> {
        let endpoint = |(host, ports): &(&str, &[u16])| {
            let details: Vec<Json> = ports.iter().map(|port| json!({ "port": port })).collect();
            json!({ "domainName": host, "endpointDetails": details })
        };
        let endpoints: Vec<Json> = hosts.iter().map(endpoint).collect();
        stated(&json!({ "value": [{ "properties": { "category": "c", "endpoints": endpoints } }] })).unwrap()
    }

    #[test]
    fn an_asterisk_covers_what_is_below_it_and_nothing_else() {
        assert!(covers("*.blob.core.windows.net", "a.blob.core.windows.net"));
        assert!(covers("*.windows.net", "*.blob.core.windows.net"));
        assert!(!covers("*.blob.core.windows.net", "blob.core.windows.net"));
        assert!(!covers("a.blob.core.windows.net", "*.blob.core.windows.net"));
        assert!(covers("Login.microsoftonline.com", "login.microsoftonline.com"));
    }

    #[test]
    fn each_side_shows_what_the_other_lacks_down_to_the_port() {
        let stated = azure(&[
            ("login.microsoftonline.com", &[80, 443]),
            ("a.b.com", &[443]),
            ("new.com", &[443]),
        ]);
        let expected = [
            expected("login.microsoftonline.com", &["443"]),
            expected("*.b.com", &["443", "8787"]),
            expected("old.com", &["443"]),
        ];
        let missing: Vec<(String, Vec<u16>)> = missing(&stated, &expected)
            .into_iter()
            .map(|s| (s.host, s.ports.into_iter().collect()))
            .collect();
        assert_eq!(
            missing,
            [
                ("login.microsoftonline.com".to_owned(), vec![80]),
                ("new.com".to_owned(), vec![443])
            ]
        );
        let surplus: Vec<(String, Vec<String>)> = surplus(&stated, &expected)
            .into_iter()
            .map(|s| (s.host, s.ports.into_iter().collect()))
            .collect();
        assert_eq!(
            surplus,
            [
                ("*.b.com".to_owned(), vec!["8787".to_owned()]),
                ("old.com".to_owned(), vec!["443".to_owned()])
            ]
        );
    }

    #[test]
    fn a_host_without_ports_is_asked_for_by_name_only() {
        let stated = azure(&[("a.com", &[]), ("b.com", &[])]);
        assert_eq!(missing(&stated, &[expected("a.com", &["443"])]).len(), 1);
        assert!(surplus(&stated, &[expected("a.com", &["443"])]).is_empty());
    }

    #[test]
    fn half_an_answer_is_none() {
        for wrong in [
            json!({}),
            json!({ "value": [{}] }),
            json!({ "value": [{ "properties": { "category": "c", "endpoints": [{}] } }] }),
        ] {
            stated(&wrong).unwrap_err();
        }
    }
}
