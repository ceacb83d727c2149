//! Arguments and outputs.

use tfplugin_rs::{
    schema::{Attribute, Schema},
    value::Type,
};

use crate::provider::azure_readers;

/// The schema of `lockeddown_service_tag`.
pub(super) fn schema() -> Schema {
    let texts = || Type::set(Type::String);
    let prefixes = || Type::list(Type::String);
    let tag = Type::object([
        ("name", Type::String),
        ("region", Type::String),
        ("network_features", texts()),
        ("ipv4_prefixes", prefixes()),
        ("ipv6_prefixes", prefixes()),
    ]);
    Schema::new(
        "Addresses behind Azure service tags, from the *Service Tags* file that Microsoft publishes for each cloud, or with `source = \
         \"api\"` from the Service Tag Discovery API, whose answer has the same shape. A file is read without credentials and without a \
         connection; file and answer are read once per run, however many data sources name them.\n\nMicrosoft publishes weekly and does not use \
         new addresses for at least one week. The API may be weeks behind the file, and regional entries of `AzureMachineLearning` are in \
         the file only.",
    )
    .attribute(
        "source",
        Attribute::optional(
            Type::String,
            "Where the tags are from: `file`, or `api`, which needs credentials and the right to read `Microsoft.Network/locations/serviceTags`. \
             Defaults to `file`.",
        )
        .default_value("file"),
    )
    .attribute(
        "path",
        Attribute::optional(
            Type::String,
            "The file: `ServiceTags_Public_….json`, or that of another cloud. Required where `source` is `file`.",
        ),
    )
    .attribute(
        "subscription_id",
        Attribute::optional(
            Type::String,
            "Subscription in which the API is asked; every one of a cloud is told the same. Defaults to the provider's.",
        ),
    )
    .attribute("timeouts", azure_readers::timeouts())
    .attribute(
        "tags",
        Attribute::required(texts(), "Service tags in any case: `Storage`, or a regional form such as `Storage.WestEurope`."),
    )
    .attribute(
        "location",
        Attribute::optional(
            Type::String,
            "Location whose regional form replaces each tag of the whole cloud (`AzureCloud.norwaye` for `norwayeast`).",
        ),
    )
    .attribute(
        "environment",
        Attribute::optional(
            Type::String,
            "Cloud that the file must be of: `public`, `usgovernment` or `china`. Defaults to the provider's; where neither is \
             set, the file of any cloud will do. The API answers for the provider's only.",
        ),
    )
    .attribute(
        "aggregate",
        Attribute::optional(
            Type::Bool,
            "Whether to give the fewest prefixes that hold exactly the same addresses, instead of those of the file. Defaults to \
             `true`.",
        )
        .default_value(true),
    )
    .attribute(
        "strict",
        Attribute::optional(
            Type::Bool,
            "Whether a tag that the file does not have, and a location that has no form of it, are errors. Otherwise they are \
             warnings: the tag has no addresses then, or those of the whole cloud. Defaults to `true`.",
        )
        .default_value(true),
    )
    .attribute(
        "required_network_features",
        Attribute::optional(
            texts(),
            "Where the tags are to be used by name: `NSG`, `UDR` (routes), `FW` (Azure Firewall), `VSE` (service endpoints), `API`. \
             A tag whose entry does not announce one of them is a warning.",
        ),
    )
    .attribute(
        "previous_file",
        Attribute::optional(Type::String, "An earlier file of the same cloud, to be told what changed since."),
    )
    .attribute("change_number", Attribute::computed(Type::Number, "Number of the publication."))
    .attribute(
        "previous_change_number",
        Attribute::computed(Type::Number, "Number of the earlier publication; null without `previous_file`."),
    )
    .attribute("cloud", Attribute::computed(Type::String, "Cloud of the file, in the words of `environment`."))
    .attribute(
        "ipv4_prefixes",
        Attribute::computed(prefixes(), "IPv4 prefixes of all tags together, in the order of the addresses."),
    )
    .attribute(
        "ipv6_prefixes",
        Attribute::computed(prefixes(), "IPv6 prefixes of all tags together, in the order of the addresses."),
    )
    .attribute(
        "by_tag",
        Attribute::computed(
            Type::map(tag),
            "Each tag by its name in `tags`: `name` in the file's spelling (null if the file does not have it), `region` (null for \
             the whole cloud), `network_features`, `ipv4_prefixes`, `ipv6_prefixes`.",
        ),
    )
    .attribute(
        "added",
        Attribute::computed(
            Type::map(prefixes()),
            "Prefixes that are new since `previous_file`, for the tags that have any. Null without `previous_file`.",
        ),
    )
    .attribute(
        "removed",
        Attribute::computed(
            Type::map(prefixes()),
            "Prefixes that are gone since `previous_file`, for the tags that have any. Null without `previous_file`.",
        ),
    )
}
