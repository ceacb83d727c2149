//! One object, and an Azure whose answers a test writes down.

mod creating;
mod deleting;
mod endings;
mod merging;
mod neighbours;
mod operations;
mod refusals;

use azure_core::error::ErrorKind;
use serde_json::json;

use super::*;
use crate::azure::{
    call::Call,
    error::TransportFailure,
    scripted::{Answer, Script, call, id},
};

const NSG: &str = "networkSecurityGroups/nsg";
const SUBNET: &str = "virtualNetworks/hub/subnets/compute";
const STATUS: &str = "https://westeurope.network.example/subscriptions/s/providers/Microsoft.Network/locations/w/operations/1?api-version=1&s=x";

fn nsg(etag: &str, state: &str, description: &str) -> serde_json::Value {
    json!({ "id": id(NSG).to_string(), "name": "nsg", "etag": etag, "location": "westeurope",
        "properties": { "provisioningState": state, "resourceGuid": "g", "defaultSecurityRules": [{}], "subnets": [{ "id": "x" }],
            "notInvented": { "yet": 1 },
            "securityRules": [{ "name": "r", "etag": etag, "properties": { "provisioningState": state, "description": description } }] } })
}

fn read(etag: &str, description: &str) -> Answer {
    Answer::json(200, nsg(etag, "Succeeded", description)).header("etag", etag)
}

fn accepted(status: u16) -> Answer {
    Answer::json(status, nsg("W/put", "Updating", ""))
        .header("azure-asyncoperation", STATUS)
        .header("retry-after", "10")
}

fn running() -> Answer {
    Answer::json(200, json!({ "status": "InProgress" }))
}

fn succeeded() -> Answer {
    Answer::json(200, json!({ "status": "Succeeded" }))
}

fn failed(code: &str) -> Answer {
    Answer::json(
        200,
        json!({ "status": "Failed", "error": { "code": code, "message": "no", "details": [] } }),
    )
}

fn superseded() -> Answer {
    let details = [json!({ "code": "CanceledAndSupersededDueToAnotherOperation", "message": "…" })];
    Answer::json(
        200,
        json!({ "status": "Canceled", "error": { "code": "Canceled", "message": "no", "details": details } }),
    )
}

fn absent() -> Answer {
    Answer::error(404, "ResourceNotFound", "The Resource was not found.")
}

fn describe(text: &'static str) -> impl FnMut(&mut serde_json::Value) + Send {
    move |body| body["properties"]["securityRules"][0]["properties"]["description"] = json!(text)
}

async fn update(script: &Script, text: &'static str) -> Result<Document, ArmError> {
    script
        .client()
        .network_security_groups()
        .update(&id(NSG), &call(), describe(text))
        .await
}

async fn create(script: &Script) -> Result<Document, ArmError> {
    let body = json!({ "location": "westeurope", "properties": { "securityRules": [] } });
    script
        .client()
        .network_security_groups()
        .create(&id(NSG), body, &call())
        .await
}

const OPERATION: &str = "GET /subscriptions/s/providers/Microsoft.Network/locations/w/operations/1";
