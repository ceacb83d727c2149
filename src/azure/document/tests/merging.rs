//! Updates: one read, one write, one read, and what others do in between.

use super::*;

#[tokio::test]
async fn an_update_is_one_read_one_write_and_one_read_and_keeps_what_it_does_not_know() {
    let script = Script::new([
        read("W/1", "old"),
        accepted(200),
        running(),
        succeeded(),
        read("W/2", "new"),
    ]);
    let document = update(&script, "new").await.unwrap();
    assert_eq!(document.etag.as_deref(), Some("W/2"));
    assert_eq!(
        script.lines(),
        [
            "GET /networkSecurityGroups/nsg",
            "PUT /networkSecurityGroups/nsg",
            OPERATION,
            OPERATION,
            "GET /networkSecurityGroups/nsg"
        ]
    );
    let put = &script.seen()[1];
    assert_eq!(put.if_match.as_deref(), Some("W/1"));
    assert_eq!(
        put.body,
        json!({ "id": id(NSG).to_string(), "name": "nsg", "location": "westeurope", "properties": { "notInvented": { "yet": 1 },
            "securityRules": [{ "name": "r", "properties": { "description": "new" } }] } })
    );
}

#[tokio::test]
async fn nothing_is_written_if_nothing_changes() {
    let script = Script::new([read("W/1", "same")]);
    update(&script, "same").await.unwrap();
    script.assert_played_out();
}

#[tokio::test]
async fn an_object_that_failed_is_written_again_although_it_looks_right() {
    let failed = Answer::json(200, nsg("W/1", "Failed", "same"));
    let script = Script::new([failed, accepted(200), succeeded(), read("W/2", "same")]);
    update(&script, "same").await.unwrap();
    script.assert_played_out();
}

#[tokio::test]
async fn who_was_slower_reads_and_merges_again() {
    let stale = Answer::error(412, "PreconditionFailed", "Precondition failed.");
    let script = Script::new([
        read("W/1", "old"),
        stale,
        read("W/2", "theirs"),
        accepted(200),
        succeeded(),
        read("W/3", "new"),
    ]);
    update(&script, "new").await.unwrap();
    let etags: Vec<_> = script.seen().into_iter().filter_map(|seen| seen.if_match).collect();
    assert_eq!(etags, ["W/1", "W/2"]);
}

#[tokio::test]
async fn a_superseded_write_is_merged_into_what_superseded_it() {
    let script = Script::new([
        read("W/1", "old"),
        accepted(200),
        superseded(),
        read("W/2", "theirs"),
        accepted(200),
        succeeded(),
        read("W/3", "new"),
    ]);
    update(&script, "new").await.unwrap();
    script.assert_played_out();
}

#[tokio::test]
async fn somebody_who_is_always_faster_ends_it_after_some_rounds() {
    let round = || [read("W/1", "old"), Answer::error(412, "PreconditionFailed", "")];
    let script = Script::new((0..4).flat_map(|_| round()));
    let error = update(&script, "new").await.unwrap_err();
    assert!(matches!(error, ArmError::Contended { rounds: 4, .. }), "{error:?}");
    assert!(!error.may_have_written());
}

#[tokio::test]
async fn a_write_waits_for_the_operation_of_somebody_else() {
    let busy = Answer::json(200, nsg("W/1", "Updating", "theirs"));
    let script = Script::new([
        busy,
        read("W/2", "theirs"),
        accepted(200),
        succeeded(),
        read("W/3", "new"),
    ]);
    update(&script, "new").await.unwrap();
    assert_eq!(script.seen()[2].if_match.as_deref(), Some("W/2"));
}

#[tokio::test]
async fn busy_is_waited_out_with_the_same_write() {
    let busy = || Answer::error(409, "AnotherOperationInProgress", "Another operation is in progress.");
    let throttled = Answer::error(429, "TooManyRequests", "").header("retry-after", "3600");
    let script = Script::new([
        read("W/1", "old"),
        busy(),
        busy(),
        throttled,
        accepted(200),
        succeeded(),
        read("W/2", "new"),
    ]);
    update(&script, "new").await.unwrap();
    script.assert_played_out();
}

#[tokio::test]
async fn after_a_broken_connection_the_object_is_read_before_it_is_written_again() {
    let reset = || Answer::failure(ErrorKind::Io, "connection reset by peer");
    // Carried out: the read shows it, and no second write follows.
    let script = Script::new([read("W/1", "old"), reset(), read("W/2", "new")]);
    update(&script, "new").await.unwrap();
    script.assert_played_out();
    // Not carried out.
    let script = Script::new([
        read("W/1", "old"),
        reset(),
        read("W/1", "old"),
        accepted(200),
        succeeded(),
        read("W/2", "new"),
    ]);
    update(&script, "new").await.unwrap();
    script.assert_played_out();
}
