//! One writer per object and its parents.
//!
//! Azure refuses or cancels concurrent writes below one parent, so ours wait here, where the queue is fair, can be left, and costs no
//! requests. Writers in other processes are met with `If-Match` and retries instead.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use super::{
    call::{Call, Interruption},
    resource_id::ResourceId,
};

/// The locks of one client.
#[derive(Debug, Default)]
pub struct Locks {
    by_key: Mutex<HashMap<String, Weak<AsyncMutex<()>>>>,
}

/// Locks that are held until this is dropped.
#[derive(Debug, Default)]
pub struct Held {
    guards: BTreeMap<Key, OwnedMutexGuard<()>>,
}

/// Orders ids as everybody takes them. Two writers that take the same locks in different orders wait for each other forever.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    rank: usize,
    id: String,
}

/// The order between kinds; what is not listed comes last. Azure's own order of dependence, and azurerm's.
const ORDER: [&str; 8] = [
    "networksecuritygroups",
    "routetables",
    "virtualnetworks",
    "virtualnetworks/subnets",
    "firewallpolicies",
    "firewallpolicies/rulecollectiongroups",
    "azurefirewalls",
    "virtualnetworks/virtualnetworkpeerings",
];

impl Key {
    fn of(id: &ResourceId) -> Key {
        let kind = id.kind_key();
        Key {
            rank: ORDER.iter().position(|known| *known == kind).unwrap_or(ORDER.len()),
            id: id.key(),
        }
    }
}

impl Locks {
    /// Waits for all the locks, in the one order. Time in the queue does not count against the call's.
    pub(super) async fn acquire(&self, call: &Call, ids: &[ResourceId]) -> Result<Held, Interruption> {
        let mut keys: Vec<Key> = ids.iter().map(Key::of).collect();
        keys.sort();
        keys.dedup();
        let mut held = Held::default();
        for key in keys {
            let guard = call.queue(self.lock_of(&key).lock_owned()).await?;
            held.guards.insert(key, guard);
        }
        Ok(held)
    }

    /// Adds locks to those held, if all of them are free this moment. Waiting for them here would break the order.
    pub(super) fn try_extend(&self, held: &mut Held, ids: &[ResourceId]) -> bool {
        for key in ids.iter().map(Key::of) {
            if held.guards.contains_key(&key) {
                continue;
            }
            match self.lock_of(&key).try_lock_owned() {
                Ok(guard) => held.guards.insert(key, guard),
                Err(_) => return false,
            };
        }
        true
    }

    fn lock_of(&self, key: &Key) -> Arc<AsyncMutex<()>> {
        // Nothing between lock and unlock panics; a poisoned map would be whole all the same.
        let mut by_key = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = by_key.get(&key.id).and_then(Weak::upgrade) {
            return lock;
        }
        by_key.retain(|_, lock| lock.strong_count() > 0);
        let lock = Arc::new(AsyncMutex::new(()));
        by_key.insert(key.id.clone(), Arc::downgrade(&lock));
        lock
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio_util::sync::CancellationToken;

    use super::*;

    const GROUP: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network";

    fn id(path: &str) -> ResourceId {
        format!("{GROUP}/{path}").parse().unwrap()
    }

    fn call() -> Call {
        Call::new(Duration::from_secs(60), CancellationToken::new())
    }

    #[test]
    fn whoever_takes_locks_takes_them_in_the_one_order() {
        let mut keys: Vec<Key> = [
            "firewallPolicies/a",
            "virtualNetworks/b/subnets/a",
            "virtualNetworks/b",
            "routeTables/z",
            "networkSecurityGroups/Z",
            "networkSecurityGroups/a",
        ]
        .iter()
        .map(|path| Key::of(&id(path)))
        .collect();
        keys.sort();
        let order: Vec<&str> = keys
            .iter()
            .filter_map(|key| key.id.strip_prefix(&GROUP.to_lowercase()))
            .collect();
        assert_eq!(
            order,
            [
                "/networksecuritygroups/a",
                "/networksecuritygroups/z",
                "/routetables/z",
                "/virtualnetworks/b",
                "/virtualnetworks/b/subnets/a",
                "/firewallpolicies/a"
            ]
        );
    }

    #[tokio::test]
    async fn one_object_has_one_writer_in_whatever_case_its_id_is_written() {
        let locks = Locks::default();
        let held = locks
            .acquire(&call(), &[id("networkSecurityGroups/NSG")])
            .await
            .unwrap();
        let cancel = CancellationToken::new();
        let second = Call::new(Duration::from_secs(60), cancel.clone());
        let nsg = [id("networkSecurityGroups/nsg")];
        let waiting = locks.acquire(&second, &nsg);
        tokio::pin!(waiting);
        tokio::select! {
            biased;
            _ = &mut waiting => panic!("two writers"),
            () = tokio::task::yield_now() => {}
        }
        drop(held);
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn a_stopped_writer_leaves_the_queue_and_holds_nothing() {
        let locks = Locks::default();
        let held = locks.acquire(&call(), &[id("virtualNetworks/v")]).await.unwrap();
        let cancel = CancellationToken::new();
        cancel.cancel();
        let stopped = Call::new(Duration::from_secs(60), cancel);
        let ids = [id("networkSecurityGroups/n"), id("virtualNetworks/v")];
        assert_eq!(locks.acquire(&stopped, &ids).await.err(), Some(Interruption::Cancelled));
        drop(held);
        locks.acquire(&call(), &ids).await.unwrap();
    }

    #[tokio::test]
    async fn extending_never_waits() {
        let locks = Locks::default();
        let nsg = [id("networkSecurityGroups/n")];
        let other = locks.acquire(&call(), &nsg).await.unwrap();
        let mut held = locks.acquire(&call(), &[id("virtualNetworks/v")]).await.unwrap();
        assert!(!locks.try_extend(&mut held, &nsg));
        drop(other);
        assert!(locks.try_extend(&mut held, &nsg));
        assert!(locks.try_extend(&mut held, &nsg), "what is held already is no obstacle");
    }
}
