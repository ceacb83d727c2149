//! What goes wrong.

use acceptance_tests::emulator::{Effect, Failed, Fault, Refused};

use crate::method;

/// What passes: whoever asks again, or looks, gets through. With what is on its way there is nothing to tell the user.
pub(crate) fn passing(verb: &str, path: &str) -> Vec<(&'static str, Fault)> {
    let happens = |times: u32, effect: Effect| Fault::new(method(verb), path, effect).times(times);
    let mut accidents = vec![
        ("busy", happens(2, refused(409, "AnotherOperationInProgress"))),
        ("busy in other words", happens(2, refused(429, "RetryableError"))),
        ("throttled", happens(1, refused(429, "TooManyRequests")).retry_after(1)),
        ("ill", happens(1, refused(500, "InternalServerError"))),
        ("bad gateway", happens(1, refused(502, "BadGateway"))),
        ("overloaded", happens(2, refused(503, "ServerTimeout"))),
        ("gateway timed out", happens(1, refused(504, "GatewayTimeout"))),
        ("reset before it happens", happens(1, Effect::ResetBefore)),
        ("reset after it has happened", happens(1, Effect::ResetAfter)),
        ("slow", happens(1, Effect::Delay(50))),
        ("busy after it has happened", happens(1, belied(503, "RetryableError"))),
    ];
    if verb != "delete" {
        // The answer to a deletion has no body that could break off.
        accidents.push(("half an answer", happens(1, Effect::Truncate)));
    }
    if verb != "read" {
        let ends = |code: &str| happens(1, Effect::FailOperation(failed(code)));
        accidents.push(("operation without address", happens(1, Effect::LoseOperation)));
        accidents.push(("operation gives way", ends("AnotherOperationInProgress")));
        accidents.push((
            "operation is superseded",
            ends("CanceledAndSupersededDueToAnotherOperation"),
        ));
        let look = |effect: Effect| Fault::new("GET", "operations/*", effect);
        accidents.push(("look interrupted", look(Effect::ResetBefore)));
        accidents.push(("half a look", look(Effect::Truncate)));
        accidents.push(("look refused", look(refused(502, "BadGateway")).times(2)));
        accidents.push(("look too early", look(refused(404, "OperationNotFound"))));
    }
    if verb == "create" || verb == "update" {
        accidents.push(("somebody was faster", happens(1, refused(412, "PreconditionFailed"))));
    }
    if verb == "create" {
        accidents.push(("read too early", happens(1, Effect::HideAfterCreate(2))));
    }
    accidents
}

/// What stays: only a person can help.
pub(crate) fn lasting(verb: &str) -> Vec<(&'static str, Effect)> {
    let mut accidents = vec![
        ("AuthorizationFailed", refused(403, "AuthorizationFailed")),
        ("RequestDisallowedByPolicy", refused(403, "RequestDisallowedByPolicy")),
        ("InvalidSomething", refused(400, "InvalidSomething")),
    ];
    if verb != "read" {
        accidents.push(("ScopeLocked", refused(409, "ScopeLocked")));
        accidents.push(("LinkedAuthorizationFailed", refused(403, "LinkedAuthorizationFailed")));
    }
    accidents
}

pub(crate) fn refused(status: u16, code: &str) -> Effect {
    Effect::Refuse(scripted(status, code))
}

fn belied(status: u16, code: &str) -> Effect {
    Effect::Belie(scripted(status, code))
}

fn scripted(status: u16, code: &str) -> Refused {
    Refused {
        status,
        code: code.to_owned(),
        message: "As scripted.".to_owned(),
        retry_after: None,
    }
}

pub(crate) fn failed(code: &str) -> Failed {
    Failed {
        code: code.to_owned(),
        message: "As scripted.".to_owned(),
    }
}
