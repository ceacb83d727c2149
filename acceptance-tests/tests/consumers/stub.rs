//! A provider with the documented schema of `azurerm` 4 and 5 for what takes our outputs, and nothing behind it: whether a value fits a
//! schema is Terraform's to decide.

use std::process::ExitCode;
use std::sync::Arc;

use tfplugin_rs::diagnostic::Diagnostics;
use tfplugin_rs::provider::{Call, Change, Configuration, ErasedResource, Plan, Private, Provider, Resource, resource};
use tfplugin_rs::schema::{Attribute, Block, BlockNesting, NestedBlock, Schema};
use tfplugin_rs::serve;
use tfplugin_rs::service::Service;
use tfplugin_rs::value::{Type, Value};

struct Stub;

#[async_trait::async_trait]
impl Provider for Stub {
    fn schema(&self) -> Schema {
        let features = NestedBlock {
            nesting: BlockNesting::List,
            block: Block::default(),
            min_items: 1,
            max_items: 1,
            description: String::new(),
        };
        Schema::new("azurerm's schema").block("features", features)
    }

    async fn configure(&self, _configuration: Configuration, _diagnostics: &mut Diagnostics) {}

    fn resources(&self) -> Vec<Arc<ErasedResource>> {
        let made = [
            ("azurerm_network_security_group", network_security_group()),
            ("azurerm_route_table", route_table()),
            ("azurerm_virtual_network", virtual_network()),
            ("azurerm_firewall_policy_rule_collection_group", rule_collection_group()),
            ("azurerm_subnet", subnet()),
            (
                "azurerm_subnet_network_security_group_association",
                association("network_security_group_id"),
            ),
            ("azurerm_subnet_route_table_association", association("route_table_id")),
        ];
        made.map(|(name, schema)| resource(Echo { name, schema })).into()
    }
}

/// Keeps what it is given.
struct Echo {
    name: &'static str,
    schema: Schema,
}

#[async_trait::async_trait]
impl Resource for Echo {
    type State = Value;

    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    async fn plan(&self, _plan: &mut Plan, _call: &Call, _diagnostics: &mut Diagnostics) {}

    async fn create(&self, change: &mut Change<Value>, _call: &Call, _diagnostics: &mut Diagnostics) -> Option<Value> {
        let mut state = change.planned.clone();
        state.set_attribute("id", self.name.into());
        Some(state)
    }

    async fn read(
        &self,
        state: Value,
        _private: &mut Private,
        _call: &Call,
        _diagnostics: &mut Diagnostics,
    ) -> Option<Value> {
        Some(state)
    }

    async fn update(&self, change: &mut Change<Value>, _call: &Call, _diagnostics: &mut Diagnostics) -> Option<Value> {
        Some(change.planned.clone())
    }

    async fn delete(&self, _state: Value, _private: &Private, _call: &Call, _diagnostics: &mut Diagnostics) {}
}

fn named(description: &str) -> Schema {
    Schema::new(description)
        .attribute("id", Attribute::computed(Type::String, ""))
        .attribute("name", Attribute::required(Type::String, ""))
}

fn located(description: &str) -> Schema {
    named(description)
        .attribute("resource_group_name", Attribute::required(Type::String, ""))
        .attribute("location", Attribute::required(Type::String, ""))
}

/// `security_rule` is one of azurerm's attributes that may be written as blocks: on the wire a set of objects.
fn network_security_group() -> Schema {
    let text = |name: &'static str| (name, Type::String);
    let texts = |name: &'static str| (name, Type::set(Type::String));
    let rule = Type::object([
        text("name"),
        text("description"),
        ("priority", Type::Number),
        text("direction"),
        text("access"),
        text("protocol"),
        text("source_port_range"),
        texts("source_port_ranges"),
        text("destination_port_range"),
        texts("destination_port_ranges"),
        text("source_address_prefix"),
        texts("source_address_prefixes"),
        texts("source_application_security_group_ids"),
        text("destination_address_prefix"),
        texts("destination_address_prefixes"),
        texts("destination_application_security_group_ids"),
    ]);
    located("network security group").attribute("security_rule", Attribute::optional_computed(Type::set(rule), ""))
}

fn virtual_network() -> Schema {
    let subnet = Type::object([("name", Type::String), ("address_prefixes", Type::list(Type::String))]);
    located("virtual network")
        .attribute("address_space", Attribute::optional(Type::set(Type::String), ""))
        .attribute("subnet", Attribute::optional_computed(Type::set(subnet), ""))
}

fn route_table() -> Schema {
    let route = Type::object(
        ["name", "address_prefix", "next_hop_type", "next_hop_in_ip_address"].map(|name| (name, Type::String)),
    );
    located("route table")
        .attribute("bgp_route_propagation_enabled", Attribute::optional(Type::Bool, ""))
        .attribute("route", Attribute::optional_computed(Type::set(route), ""))
}

/// azurerm 5 replaced the list of service endpoints by a block.
fn subnet() -> Schema {
    let schema = named("subnet")
        .attribute("resource_group_name", Attribute::required(Type::String, ""))
        .attribute("virtual_network_name", Attribute::required(Type::String, ""))
        .attribute("address_prefixes", Attribute::optional(Type::list(Type::String), ""));
    if std::env::var("AZURERM_STUB_MAJOR").as_deref() == Ok("5") {
        let service = Attribute::required(Type::String, "");
        let block = Block {
            attributes: [("service".to_owned(), service)].into(),
            ..Block::default()
        };
        schema.block("service_endpoint", list_of(block))
    } else {
        schema.attribute("service_endpoints", Attribute::optional(Type::set(Type::String), ""))
    }
}

fn association(what: &str) -> Schema {
    Schema::new("association")
        .attribute("id", Attribute::computed(Type::String, ""))
        .attribute("subnet_id", Attribute::required(Type::String, ""))
        .attribute(what, Attribute::required(Type::String, ""))
}

fn rule_collection_group() -> Schema {
    let text = |name: &str| (name.to_owned(), Attribute::optional(Type::String, ""));
    let lists = |names: &[&str]| -> Vec<(String, Attribute)> {
        names
            .iter()
            .map(|name| ((*name).to_owned(), Attribute::optional(Type::list(Type::String), "")))
            .collect()
    };
    let mut network = lists(&[
        "protocols",
        "source_addresses",
        "source_ip_groups",
        "destination_addresses",
        "destination_fqdns",
        "destination_ip_groups",
        "destination_ports",
    ]);
    network.extend([text("name"), text("description")]);
    let mut application = lists(&[
        "source_addresses",
        "source_ip_groups",
        "destination_addresses",
        "destination_fqdns",
        "destination_fqdn_tags",
        "destination_urls",
        "web_categories",
    ]);
    application.extend([text("name"), text("description")]);
    application.push(("terminate_tls".to_owned(), Attribute::optional(Type::Bool, "")));
    let protocols = Block {
        attributes: [text("type"), ("port".to_owned(), Attribute::required(Type::Number, ""))].into(),
        ..Block::default()
    };
    let rules = |attributes: Vec<(String, Attribute)>, blocks: Vec<(String, NestedBlock)>| {
        let rule = Block {
            attributes: attributes.into_iter().collect(),
            blocks: blocks.into_iter().collect(),
        };
        list_of(Block {
            attributes: [
                text("name"),
                text("action"),
                ("priority".to_owned(), Attribute::required(Type::Number, "")),
            ]
            .into(),
            blocks: [("rule".to_owned(), list_of(rule))].into(),
        })
    };
    named("rule collection group")
        .attribute("firewall_policy_id", Attribute::required(Type::String, ""))
        .attribute("priority", Attribute::required(Type::Number, ""))
        .block("network_rule_collection", rules(network, Vec::new()))
        .block(
            "application_rule_collection",
            rules(application, vec![("protocols".to_owned(), list_of(protocols))]),
        )
}

fn list_of(block: Block) -> NestedBlock {
    NestedBlock {
        nesting: BlockNesting::List,
        block,
        min_items: 0,
        max_items: 0,
        description: String::new(),
    }
}

fn main() -> ExitCode {
    let options = serve::ServeOptions {
        address: "registry.terraform.io/hashicorp/azurerm",
        binary: "terraform-provider-azurerm",
        version: env!("CARGO_PKG_VERSION"),
        log_targets: &[],
    };
    serve::run(options, std::env::args(), || Service::new(Stub))
}
