//! Long-running operations, followed to their end.
//!
//! `azure_core`'s poller waits for a status document where ARM answers with the resource, and loses the error of an operation that
//! fails. ARM names the place to look at in `Azure-AsyncOperation`, else in `Location`, else the resource's own
//! `provisioningState` tells.

use azure_core::http::{Method, Url};
use serde_json::Value;

use super::{
    call::Call,
    client::{Address, ArmClient, Condition, Outgoing, Response},
    document::is_absent,
    error::{ArmError, Operation, ServiceError},
    resource_id::ResourceId,
};

/// What a write is waiting for.
pub(super) struct Started<'a> {
    pub(super) operation: &'a Operation,
    pub(super) id: &'a ResourceId,
    pub(super) api_version: &'static str,
    /// Whether the resource shall be gone in the end.
    pub(super) deletes: bool,
}

/// Where to look.
#[derive(Debug, PartialEq, Eq)]
enum Signpost {
    /// A document with a `status`.
    AsyncOperation(Place),
    /// An address that answers 202 until it is done.
    Location(Place),
    /// The resource itself.
    ProvisioningState,
}

/// Path and query. The host is always the configured one: some answers name regional hosts, and a token must go nowhere else.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    path: String,
    query: Option<String>,
}

/// What a look showed.
enum Progress {
    Running,
    Done,
    /// The place answers 404, as it does shortly after the beginning and sometimes for good.
    Lost,
}

/// Waits until the operation that `response` began has ended well.
pub(super) async fn finish(
    client: &ArmClient,
    started: &Started<'_>,
    response: &Response,
    call: &Call,
) -> Result<(), ArmError> {
    let end = follow(client, started, response, call).await;
    client.reads().invalidate();
    end
}

async fn follow(client: &ArmClient, started: &Started<'_>, response: &Response, call: &Call) -> Result<(), ArmError> {
    let Some(mut signpost) = signpost(started, response) else {
        return Ok(());
    };
    let tuning = client.tuning();
    let mut lost = 0;
    let mut looks = 0;
    let mut delay = tuning.poll_delay(looks, response.retry_after);
    loop {
        call.pause(delay)
            .await
            .map_err(|interruption| ArmError::interrupted(interruption, started.operation, call.timeout(), None))?;
        let (progress, retry_after) = look(client, started, &signpost, call).await?;
        match progress {
            Progress::Done => return Ok(()),
            Progress::Running => lost = 0,
            Progress::Lost => {
                lost += 1;
                if lost >= tuning.lost_looks {
                    if signpost == Signpost::ProvisioningState {
                        return Err(ArmError::NotFound {
                            id: Box::new(started.id.clone()),
                        });
                    }
                    (signpost, lost) = (Signpost::ProvisioningState, 0);
                }
            }
        }
        looks += 1;
        delay = tuning.poll_delay(looks, retry_after);
    }
}

/// Where the answer to a write says to look; `None` if the work is done.
fn signpost(started: &Started<'_>, response: &Response) -> Option<Signpost> {
    let place = |header: &Option<String>| header.as_deref().and_then(Place::parse);
    if let Some(place) = place(&response.async_operation) {
        return Some(Signpost::AsyncOperation(place));
    }
    // A 201 may carry the `Location` of what it created, which is no operation.
    if response.status == 202
        && let Some(place) = place(&response.location)
    {
        return Some(Signpost::Location(place));
    }
    let settled = provisioning_state(&response.body).is_none_or(is_success);
    if response.status != 202 && (started.deletes || settled) {
        None
    } else {
        Some(Signpost::ProvisioningState)
    }
}

async fn look(
    client: &ArmClient,
    started: &Started<'_>,
    signpost: &Signpost,
    call: &Call,
) -> Result<(Progress, Option<std::time::Duration>), ArmError> {
    let address = match signpost {
        Signpost::AsyncOperation(place) | Signpost::Location(place) => {
            Address::Operation(&place.path, place.query.as_deref())
        }
        Signpost::ProvisioningState => Address::Resource(started.id, started.api_version),
    };
    let outgoing = Outgoing {
        method: Method::Get,
        address,
        operation: started.operation,
        body: None,
        condition: Condition::None,
        secret: None,
    };
    let response = match client.send(&outgoing, call).await {
        Ok(response) => response,
        Err(error) if is_lost(&error) => {
            let gone = started.deletes && *signpost == Signpost::ProvisioningState && is_absent(&error);
            return Ok((if gone { Progress::Done } else { Progress::Lost }, None));
        }
        Err(error) => return Err(error),
    };
    let progress = match signpost {
        Signpost::AsyncOperation(_) => {
            progress(started, response.body.get("status").and_then(Value::as_str), &response)?
        }
        Signpost::Location(_) if response.status == 202 => Progress::Running,
        Signpost::Location(_) => Progress::Done,
        Signpost::ProvisioningState if started.deletes => Progress::Running,
        Signpost::ProvisioningState => progress(
            started,
            provisioning_state(&response.body).or(Some("Succeeded")),
            &response,
        )?,
    };
    Ok((progress, response.retry_after))
}

fn progress(started: &Started<'_>, status: Option<&str>, response: &Response) -> Result<Progress, ArmError> {
    match status {
        Some(status) if is_success(status) => Ok(Progress::Done),
        Some(status)
            if ["Failed", "Canceled", "Cancelled"]
                .iter()
                .any(|end| end.eq_ignore_ascii_case(status)) =>
        {
            let id = response.correlation_id.clone();
            let error = ServiceError::of_operation(started.operation, status, &response.body, id);
            Err(ArmError::Service(Box::new(error)))
        }
        _ => Ok(Progress::Running),
    }
}

fn is_lost(error: &ArmError) -> bool {
    error.service().and_then(ServiceError::status) == Some(404)
}

/// The state of a resource.
pub(super) fn provisioning_state(body: &Value) -> Option<&str> {
    body.get("properties")?.get("provisioningState")?.as_str()
}

fn is_success(status: &str) -> bool {
    status.eq_ignore_ascii_case("Succeeded")
}

impl Place {
    fn parse(header: &str) -> Option<Place> {
        // Relative addresses are allowed by RFC 9110 and resolve against the host we ask anyway.
        let base = Url::parse("https://host.invalid").ok()?;
        let url = base.join(header).ok()?;
        (url.path() != "/").then(|| Place {
            path: url.path().to_owned(),
            query: url.query().map(str::to_owned),
        })
    }
}
