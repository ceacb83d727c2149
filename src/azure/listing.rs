//! Answers that come in pages.

use std::collections::HashSet;

use azure_core::http::{Method, Url};
use serde_json::Value;

use super::{
    call::Call,
    client::{Address, ArmClient, Condition, Outgoing},
    error::{ArmError, Operation},
};

impl ArmClient {
    /// Reads what is no resource itself, by the parts of its path, and every further page of its list `items`.
    pub(super) async fn read_all(
        &self,
        path: &[&str],
        api_version: &str,
        items: &str,
        call: &Call,
    ) -> Result<Value, ArmError> {
        let operation = Operation::at("GET", path);
        let mut answer = self.look(&operation, Address::Below(path, api_version), call).await?;
        let mut next = next_page(&operation, &answer, items)?;
        let mut seen = HashSet::new();
        while let Some(link) = next {
            // A list that leads back to itself would be read for ever.
            if !seen.insert(link.clone()) {
                return Err(ArmError::Unintelligible {
                    operation,
                    cause: format!("its `nextLink` leads back to `{}`", link.path()),
                });
            }
            // Only its path and query: a token must go to the configured host and to no other.
            let address = Address::Operation(link.path(), link.query());
            let mut page = self.look(&operation, address, call).await?;
            next = next_page(&operation, &page, items)?;
            let more = page.get_mut(items).and_then(Value::as_array_mut).map(std::mem::take);
            if let (Some(all), Some(more)) = (answer.get_mut(items).and_then(Value::as_array_mut), more) {
                all.extend(more);
            }
        }
        Ok(answer)
    }

    async fn look(&self, operation: &Operation, address: Address<'_>, call: &Call) -> Result<Value, ArmError> {
        let outgoing = Outgoing {
            method: Method::Get,
            address,
            operation,
            body: None,
            condition: Condition::None,
            secret: None,
        };
        Ok(self.send(&outgoing, call).await?.body)
    }
}

/// Where the list goes on. A page that cannot be understood is an error: half a list of what must be reachable looks like a whole one.
fn next_page(operation: &Operation, page: &Value, items: &str) -> Result<Option<Url>, ArmError> {
    let refuse = |cause: String| ArmError::Unintelligible {
        operation: operation.clone(),
        cause,
    };
    if !page.get(items).is_some_and(Value::is_array) {
        return Err(refuse(format!("it has no list `{items}`")));
    }
    match page.get("nextLink") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(link)) if link.is_empty() => Ok(None),
        Some(link) => {
            let url = link.as_str().and_then(|link| Url::parse(link).ok());
            url.map(Some)
                .ok_or_else(|| refuse("its `nextLink` is no address".to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::azure::scripted::{Answer, Script, call, id};

    async fn tags(script: &Script) -> Result<Value, ArmError> {
        script.client().service_tags("s", "westeurope", &call()).await
    }

    #[tokio::test]
    async fn all_pages_make_one_list_and_only_the_configured_host_is_asked() {
        let next = "https://elsewhere.example/subscriptions/s/providers/Microsoft.Network/locations/westeurope/serviceTags?page=2";
        let script = Script::new([
            Answer::json(200, json!({ "cloud": "Public", "values": [1, 2], "nextLink": next })),
            Answer::json(200, json!({ "values": [3], "nextLink": "" })),
        ]);
        let all = tags(&script).await.unwrap();
        assert_eq!((&all["values"], &all["cloud"]), (&json!([1, 2, 3]), &json!("Public")));
        let line = "GET /subscriptions/s/providers/Microsoft.Network/locations/westeurope/serviceTags";
        assert_eq!(script.lines(), [line, line]);
    }

    #[tokio::test]
    async fn half_a_list_is_no_answer() {
        for pages in [
            vec![json!({ "values": [1], "nextLink": "page two" })],
            vec![json!({ "values": [1], "nextLink": 2 })],
            vec![json!({ "cloud": "Public" })],
            vec![
                json!({ "values": [1], "nextLink": "https://arm.example/two" }),
                json!({}),
            ],
        ] {
            let script = Script::new(pages.iter().map(|page| Answer::json(200, page.clone())));
            let result = tags(&script).await;
            assert!(
                matches!(result, Err(ArmError::Unintelligible { .. })),
                "{pages:?}: {result:?}"
            );
            script.assert_played_out();
        }
    }

    #[tokio::test]
    async fn a_list_that_leads_back_to_itself_ends() {
        let page = |link: &str| {
            Answer::json(
                200,
                json!({ "values": [1], "nextLink": format!("https://arm.example/{link}") }),
            )
        };
        for pages in [vec!["two", "two"], vec!["two", "three", "two"]] {
            let script = Script::new(pages.iter().map(|link| page(link)));
            let result = tags(&script).await;
            assert!(
                matches!(result, Err(ArmError::Unintelligible { .. })),
                "{pages:?}: {result:?}"
            );
            script.assert_played_out();
        }
    }

    #[tokio::test]
    async fn a_workspace_is_asked_for_the_hosts_it_needs() {
        let script = Script::new([Answer::json(
            200,
            json!({ "value": [{ "properties": { "category": "Azure Storage" } }] }),
        )]);
        let workspace = id("networkSecurityGroups/x").in_resource_group("rg", "workspaces", "ml");
        let hosts = script
            .client()
            .outbound_network_dependencies(&workspace, &call())
            .await
            .unwrap();
        assert_eq!(hosts["value"][0]["properties"]["category"], "Azure Storage");
        assert_eq!(
            script.lines(),
            ["GET /workspaces/ml/outboundNetworkDependenciesEndpoints"]
        );
    }
}
