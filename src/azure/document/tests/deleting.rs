//! What goes, and who still reads it.

use super::*;

#[tokio::test]
async fn a_delete_follows_the_operation_and_what_is_gone_is_fine() {
    let location = "https://arm.example/subscriptions/s/operationResults/1";
    let deleting = || {
        Answer::empty(202)
            .header("azure-asyncoperation", STATUS)
            .header("location", location)
    };
    let nsgs = |script: &Script| script.client();
    let script = Script::new([deleting(), running(), succeeded()]);
    nsgs(&script)
        .network_security_groups()
        .delete(&id(NSG), &call())
        .await
        .unwrap();
    script.assert_played_out();
    for gone in [Answer::empty(204), absent()] {
        let script = Script::new([gone]);
        nsgs(&script)
            .network_security_groups()
            .delete(&id(NSG), &call())
            .await
            .unwrap();
    }
    // Location alone.
    let script = Script::new([
        Answer::empty(202).header("location", location),
        Answer::empty(202),
        Answer::empty(204),
    ]);
    nsgs(&script)
        .network_security_groups()
        .delete(&id(NSG), &call())
        .await
        .unwrap();
    assert_eq!(script.lines()[1], "GET /subscriptions/s/operationResults/1");
    // The operation is lost, the resource is gone.
    let lost = || Answer::error(404, "NotFound", "");
    let script = Script::new([deleting(), lost(), lost(), lost(), absent()]);
    nsgs(&script)
        .network_security_groups()
        .delete(&id(NSG), &call())
        .await
        .unwrap();
    script.assert_played_out();
}

/// A read that began before a delete ended is not shared with those who ask after it, even if the answer to the delete got lost.
#[tokio::test]
async fn nobody_is_told_what_was_read_before_a_delete() {
    let script = Script::new([Answer::failure(ErrorKind::Io, "connection reset by peer"), absent()]);
    let (client, nsg, call) = (script.client(), id(NSG), call());
    let (end, ended) = tokio::sync::oneshot::channel();
    let found = || Document {
        id: id(NSG),
        body: json!({}),
        etag: None,
    };
    let slow = async {
        _ = ended.await;
        Ok(Some(found()))
    };
    let before = client.reads().share(&nsg, slow);
    let after = async {
        client.network_security_groups().delete(&nsg, &call).await.unwrap();
        let asked = client.reads().share(&nsg, async { Ok(None) });
        let told = tokio::time::timeout(std::time::Duration::from_secs(5), asked).await;
        _ = end.send(());
        told.unwrap()
    };
    let (before, after) = tokio::join!(before, after);
    assert!(before.unwrap().is_some());
    assert_eq!(after.unwrap(), None);
    script.assert_played_out();
}

#[tokio::test]
async fn a_delete_waits_for_the_index_of_who_uses_what() {
    let in_use = || Answer::error(400, "InUseNetworkSecurityGroupCannotBeDeleted", "in use by");
    let script = Script::new([in_use(), Answer::empty(204)]);
    script
        .client()
        .network_security_groups()
        .delete(&id(NSG), &call())
        .await
        .unwrap();
    let script = Script::new([in_use(), in_use(), in_use()]);
    let error = script
        .client()
        .network_security_groups()
        .delete(&id(NSG), &call())
        .await
        .unwrap_err();
    assert!(error.to_diagnostic().contains("Remove what uses it first."), "{error}");
}
