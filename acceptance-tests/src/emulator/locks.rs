//! Management locks, `Microsoft.Authorization/locks`: what is below a locked scope cannot be deleted, or not be written either.

use serde_json::{Value, json};

use super::answer::Answer;
use super::azure::Azure;
use super::refusal::Refusal;
use super::request::Request;

const PART: &str = "/providers/microsoft.authorization/locks/";

/// A lock.
#[derive(Debug, Clone)]
pub(super) struct Lock {
    name: String,
    scope: String,
    level: LockLevel,
}

/// What a lock forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockLevel {
    /// Deleting.
    CanNotDelete,
    /// Deleting and writing.
    ReadOnly,
}

impl Lock {
    /// What [`shown`](Self::shown) has written.
    pub(super) fn read(shown: &Value) -> Option<Self> {
        let id = shown.get("id")?.as_str()?;
        let (scope, name) = id.split_once("/providers/Microsoft.Authorization/locks/")?;
        let level = match shown.get("properties")?.get("level")?.as_str()? {
            "ReadOnly" => LockLevel::ReadOnly,
            _ => LockLevel::CanNotDelete,
        };
        Some(Self {
            name: name.to_owned(),
            scope: scope.to_owned(),
            level,
        })
    }

    pub(super) fn shown(&self) -> Value {
        let level = match self.level {
            LockLevel::CanNotDelete => "CanNotDelete",
            LockLevel::ReadOnly => "ReadOnly",
        };
        json!({
            "id": format!("{}/providers/Microsoft.Authorization/locks/{}", self.scope, self.name),
            "name": self.name,
            "type": "Microsoft.Authorization/locks",
            "properties": { "level": level },
        })
    }

    /// Whether `path` is the locked scope or in it.
    fn covers(&self, path: &str) -> bool {
        is_in(&self.scope, path)
    }
}

/// Whether `inner` is `outer` or below it; ids ignore case.
fn is_in(outer: &str, inner: &str) -> bool {
    let (outer, inner) = (outer.to_lowercase(), inner.to_lowercase());
    inner
        .strip_prefix(&outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Azure {
    /// Locks a subscription, a resource group or a resource with all that is in it, as people do in the portal.
    pub fn lock(&mut self, scope: &str, level: LockLevel) {
        self.revision += 1;
        self.locks.push(Lock {
            name: "lock".to_owned(),
            scope: scope.to_owned(),
            level,
        });
    }

    /// Takes all locks off a scope.
    pub fn unlock(&mut self, scope: &str) {
        self.revision += 1;
        self.locks.retain(|lock| !lock.scope.eq_ignore_ascii_case(scope));
    }

    /// Answers a request on a lock; `None` if it is about something else.
    pub(super) fn answer_lock(&mut self, request: &Request) -> Option<Result<Answer, Refusal>> {
        let at = request.path.to_ascii_lowercase().find(PART)?;
        let (scope, name) = (request.path.get(..at)?, request.path.get(at + PART.len()..)?);
        Some(self.on_lock(request, scope, name.trim_end_matches('/')))
    }

    fn on_lock(&mut self, request: &Request, scope: &str, name: &str) -> Result<Answer, Refusal> {
        let is = |lock: &Lock| lock.scope.eq_ignore_ascii_case(scope) && lock.name.eq_ignore_ascii_case(name);
        let position = self.locks.iter().position(is);
        match request.method.as_str() {
            "GET" => match position.and_then(|position| self.locks.get(position)) {
                Some(lock) => Ok(Answer::json(200, lock.shown())),
                None => Err(Refusal::gateway(
                    404,
                    "LockNotFound",
                    format!("The lock '{name}' could not be found."),
                )),
            },
            "PUT" => {
                let body = request.object()?;
                let level = body.get("properties").and_then(|properties| properties.get("level"));
                let level = match level.and_then(Value::as_str) {
                    Some("CanNotDelete") => LockLevel::CanNotDelete,
                    Some("ReadOnly") => LockLevel::ReadOnly,
                    _ => {
                        return Err(Refusal::gateway(
                            400,
                            "LockPropertiesInvalid",
                            "The level of a lock is 'CanNotDelete' or 'ReadOnly'.",
                        ));
                    }
                };
                let lock = Lock {
                    name: name.to_owned(),
                    scope: scope.to_owned(),
                    level,
                };
                let shown = lock.shown();
                self.locks.retain(|lock| !is(lock));
                self.locks.push(lock);
                self.revision += 1;
                Ok(Answer::json(if position.is_some() { 200 } else { 201 }, shown))
            }
            "DELETE" => {
                self.locks.retain(|lock| !is(lock));
                self.revision += 1;
                Ok(Answer::empty(if position.is_some() { 200 } else { 204 }))
            }
            other => Err(Refusal::method_not_allowed(other)),
        }
    }

    /// Refuses what a lock forbids: writes in a read-only scope, deletions in any locked one, and of anything with a locked one inside.
    pub(super) fn check_locks(&self, request: &Request) -> Result<(), Refusal> {
        let path = request.path.trim_end_matches('/');
        let (what, locked): (_, Vec<&Lock>) = match request.method.as_str() {
            "GET" | "HEAD" => return Ok(()),
            "DELETE" => {
                let locked = |lock: &&Lock| lock.covers(path) || is_in(path, &lock.scope);
                ("delete", self.locks.iter().filter(locked).collect())
            }
            _ => {
                let locked = |lock: &&Lock| lock.level == LockLevel::ReadOnly && lock.covers(path);
                ("write", self.locks.iter().filter(locked).collect())
            }
        };
        if locked.is_empty() {
            return Ok(());
        }
        let scopes: Vec<&str> = locked.iter().map(|lock| lock.scope.as_str()).collect();
        let scopes = scopes.join(",");
        Err(Refusal::gateway(
            409,
            "ScopeLocked",
            format!(
                "The scope '{path}' cannot perform {what} operation because following scope(s) are locked: '{scopes}'. Please remove the lock and try again."
            ),
        ))
    }
}
