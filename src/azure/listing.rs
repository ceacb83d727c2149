//! Answers that come in pages.

use azure_core::http::{Method, Url};
use serde_json::Value;

use super::{
    call::Call,
    client::{Address, ArmClient, Outgoing},
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
        let mut next = next_page(&answer);
        while let Some(link) = next {
            // Only its path and query: a token must go to the configured host and to no other.
            let address = Address::Operation(link.path(), link.query());
            let mut page = self.look(&operation, address, call).await?;
            next = next_page(&page);
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
            if_match: None,
        };
        Ok(self.send(&outgoing, call).await?.body)
    }
}

fn next_page(answer: &Value) -> Option<Url> {
    Url::parse(answer.get("nextLink")?.as_str()?).ok()
}
