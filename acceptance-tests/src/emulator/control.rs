//! The control endpoint, `/__emulator/…`: what tests in Rust do by method calls, for every other program. No token needed.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::answer::Answer;
use super::azure::{Azure, merge};
use super::faults::Fault;
use super::refusal::Refusal;
use super::request::Request;

/// Where the control endpoint begins.
pub(super) const PREFIX: &str = "/__emulator/";

/// Answers a request to the control endpoint.
pub(super) fn answer(azure: &mut Azure, request: &Request) -> Answer {
    perform(azure, request).unwrap_or_else(Answer::from)
}

fn perform(azure: &mut Azure, request: &Request) -> Result<Answer, Refusal> {
    let what = request.path.strip_prefix(PREFIX).unwrap_or_default();
    let id = || {
        let id = request.parameter("id");
        id.ok_or_else(|| Refusal::bad("MissingId", "The query parameter `id` names the resource."))
    };
    match (request.method.as_str(), what) {
        ("GET", "requests") => Ok(Answer::json(200, json!(azure.log))),
        ("DELETE", "requests") => {
            azure.log.clear();
            Ok(Answer::empty(204))
        }
        ("POST", "faults") => {
            azure.faults.0.extend(match read::<Fault>(&request.body) {
                Ok(fault) => vec![fault],
                Err(refusal) => read::<Vec<Fault>>(&request.body).map_err(|_| refusal)?,
            });
            Ok(Answer::empty(204))
        }
        ("DELETE", "faults") => {
            azure.clear_faults();
            Ok(Answer::empty(204))
        }
        ("GET", "resources") => Ok(Answer::json(200, json!(azure.ids()))),
        ("GET", "resource") => {
            let id = id()?;
            let found = azure.get(id).ok_or_else(|| Refusal::child_not_found(id))?;
            Ok(Answer::json(200, found))
        }
        ("PUT", "resource") => Ok(Answer::json(200, azure.try_put(id()?, read(&request.body)?)?)),
        ("PATCH", "resource") => {
            let patch: Value = read(&request.body)?;
            azure.try_edit(id()?, |resource| merge(resource, &patch))?;
            Ok(Answer::empty(204))
        }
        ("DELETE", "resource") => {
            azure.remove(id()?);
            Ok(Answer::empty(204))
        }
        ("PUT", "role") => {
            azure.role = read(&request.body)?;
            Ok(Answer::empty(204))
        }
        ("PUT", "service-tags") => {
            azure.publish_service_tags(read(&request.body)?);
            Ok(Answer::empty(204))
        }
        ("PUT", "outbound-dependencies") => {
            azure.publish_outbound_dependencies(id()?, read(&request.body)?);
            Ok(Answer::empty(204))
        }
        ("PUT", "intent-policy") => {
            azure.apply_intent_policy(id()?);
            Ok(Answer::empty(204))
        }
        ("PUT", "occupants") => {
            let subnet = id()?;
            azure.vacate_subnet(subnet);
            for ip_configuration in read::<Vec<String>>(&request.body)? {
                azure.occupy_subnet(subnet, &ip_configuration);
            }
            Ok(Answer::empty(204))
        }
        _ => Err(Refusal::new(
            404,
            "NoSuchControl",
            "Known: GET and DELETE requests, POST and DELETE faults, GET resources, GET, PUT, PATCH and DELETE resource?id=, PUT occupants?id=, PUT intent-policy?id=, PUT role, PUT service-tags, PUT outbound-dependencies?id=.",
        )),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::bad("InvalidControl", error.to_string()))
}
