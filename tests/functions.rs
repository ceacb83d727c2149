//! The provider's functions: results, and refusals that name the argument.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use lockeddown::provider::Lockeddown;
use tfplugin_rs::{
    provider::{FunctionError, Provider},
    value::Value,
};

async fn call(name: &str, arguments: &[Value]) -> Result<Value, FunctionError> {
    let functions = Lockeddown::new(|_| None).functions();
    let function = functions.into_iter().find(|function| function.name() == name).unwrap();
    let signature = function.signature();
    assert!(
        arguments.len() >= signature.parameters.len(),
        "Terraform checks the number of arguments"
    );
    function.call(arguments.to_vec()).await
}

async fn of_texts(name: &str, texts: &[&str]) -> Result<Value, FunctionError> {
    call(name, &texts.iter().map(|text| Value::from(*text)).collect::<Vec<_>>()).await
}

#[tokio::test]
async fn locations_have_one_spelling() {
    for spelling in ["West Europe", "westeurope", "WestEurope"] {
        assert_eq!(
            of_texts("normalize_location", &[spelling]).await,
            Ok("westeurope".into())
        );
    }
    assert_eq!(
        of_texts("normalize_location", &["China East 2"]).await,
        Ok("chinaeast2".into())
    );
    assert_eq!(
        of_texts("normalize_location", &["China East 2", "china"]).await,
        Ok("chinaeast2".into())
    );
}

#[tokio::test]
async fn pairs_are_not_symmetric_and_may_be_missing() {
    assert_eq!(
        of_texts("region_pair", &["Brazil South"]).await,
        Ok("southcentralus".into())
    );
    assert_eq!(
        of_texts("region_pair", &["South Central US"]).await,
        Ok("northcentralus".into())
    );
    assert_eq!(of_texts("region_pair", &["polandcentral"]).await, Ok(Value::Null));
    assert_eq!(
        of_texts("region_pair", &["usgovvirginia"]).await,
        Ok("usgovtexas".into())
    );
}

#[tokio::test]
async fn tags_exist_per_cloud_and_region() {
    for (tag, cloud, exists) in [
        ("AzureKeyVault", "public", true),
        ("Keyvault", "public", false),
        ("VirtualNetwork", "china", true),
        ("AzureFrontDoor.FirstParty", "public", true),
        ("AzureFrontDoor.FirstParty", "usgovernment", false),
        ("Storage.WestEurope", "public", true),
        ("Storage.WestEurope", "china", false),
        ("storage.westeurope", "public", true),
        ("AzureMachineLearning.WestEurope", "public", false),
        ("AzureCloud.norwayeast", "public", false),
        ("no tag at all", "public", false),
    ] {
        assert_eq!(
            of_texts("service_tag_exists", &[tag, cloud]).await,
            Ok(exists.into()),
            "{tag} in {cloud}"
        );
    }
}

#[tokio::test]
async fn prefixes_are_aggregated_to_the_fewest() {
    for (given, fewest) in [
        (
            &["10.0.1.0/24", "10.0.0.0/24", "fd00::/64", "10.0.0.7"][..],
            &["10.0.0.0/23", "fd00::/64"][..],
        ),
        (&["0.0.0.0/1", "128.0.0.0/1"], &["0.0.0.0/0"]),
        (&["10.0.0.1", "10.0.0.2"], &["10.0.0.1/32", "10.0.0.2/32"]),
        (&[], &[]),
    ] {
        let given = Value::string_list(given.iter().copied());
        assert_eq!(
            call("cidr_aggregate", &[given]).await,
            Ok(Value::string_list(fewest.iter().copied()))
        );
    }
}

#[tokio::test]
async fn a_prefix_holds_what_is_inside_it() {
    for (prefix, other, holds) in [
        ("10.0.0.0/16", "10.0.3.0/24", true),
        ("10.0.3.0/24", "10.0.0.0/16", false),
        ("10.0.0.0/24", "10.0.0.0/24", true),
        ("10.0.0.0/24", "10.0.0.255", true),
        ("0.0.0.0/0", "::1", false),
        ("fd00::/8", "fd00:db8::/32", true),
    ] {
        assert_eq!(
            of_texts("cidr_contains", &[prefix, other]).await,
            Ok(holds.into()),
            "{prefix} {other}"
        );
    }
}

#[tokio::test]
async fn refusals_name_the_argument() {
    let mut report = String::new();
    for (name, arguments) in [
        ("normalize_location", vec!["westeruope".into()]),
        ("normalize_location", vec!["chinaest2".into()]),
        ("normalize_location", vec!["atlantis".into()]),
        ("normalize_location", vec!["chinaeast2".into(), "public".into()]),
        ("normalize_location", vec!["westeurope".into(), "mars".into()]),
        (
            "normalize_location",
            vec!["westeurope".into(), "public".into(), "public".into()],
        ),
        ("region_pair", vec!["westeruope".into()]),
        ("service_tag_exists", vec!["Storage".into(), "mars".into()]),
        (
            "cidr_aggregate",
            vec![Value::string_list(["10.0.0.0/24", "10.0.1.7/24"])],
        ),
        ("cidr_aggregate", vec![Value::List(vec![Value::Null])]),
        ("cidr_contains", vec!["10.0.0.0/33".into(), "10.0.0.1".into()]),
        ("cidr_contains", vec!["10.0.0.0/8".into(), "localhost".into()]),
    ] {
        let error = call(name, &arguments).await.unwrap_err();
        report.push_str(&format!(
            "{name}, argument {:?}: {}\n",
            error.argument.unwrap(),
            error.text
        ));
    }
    insta::assert_snapshot!(report);
}

#[tokio::test]
async fn every_function_is_documented() {
    for function in Lockeddown::new(|_| None).functions() {
        let signature = function.signature();
        assert!(
            !signature.summary.is_empty() && !signature.description.is_empty(),
            "{}",
            function.name()
        );
        let parameters = signature.parameters.iter().chain(&signature.variadic);
        assert!(
            parameters
                .into_iter()
                .all(|parameter| parameter.description.ends_with('.')),
            "{}",
            function.name()
        );
    }
}
