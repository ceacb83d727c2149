//! What `terraform show -json` says about the state.

use serde_json::Value;

use super::fail;

/// The state after the last command.
#[derive(Debug)]
pub struct State {
    json: Value,
}

impl State {
    pub(super) fn new(json: Value) -> Self {
        Self { json }
    }

    /// The whole document of `terraform show -json`.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// The values of one resource or data source, by address. Fails the test if the state does not hold it.
    #[track_caller]
    pub fn resource(&self, address: &str) -> &Value {
        let entry = self.entries().into_iter().find(|entry| address_of(entry) == address);
        match entry.and_then(|entry| entry.get("values")) {
            Some(values) => values,
            None => fail(format!(
                "The state has no `{address}`. It holds: {:?}",
                self.addresses()
            )),
        }
    }

    /// The addresses of everything in the state.
    pub fn addresses(&self) -> Vec<&str> {
        self.entries().into_iter().map(address_of).collect()
    }

    /// The value of one output of the root module; null if there is no such output.
    pub fn output(&self, name: &str) -> &Value {
        self.json
            .pointer(&format!("/values/outputs/{name}/value"))
            .unwrap_or(&Value::Null)
    }

    /// Resources and data sources of the root module and all modules below it.
    fn entries(&self) -> Vec<&Value> {
        let mut entries = Vec::new();
        let mut modules: Vec<&Value> = self.json.pointer("/values/root_module").into_iter().collect();
        while let Some(module) = modules.pop() {
            entries.extend(list(module, "resources"));
            modules.extend(list(module, "child_modules"));
        }
        entries
    }
}

fn list<'a>(module: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    module.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn address_of(entry: &Value) -> &str {
    entry.get("address").and_then(Value::as_str).unwrap_or_default()
}
