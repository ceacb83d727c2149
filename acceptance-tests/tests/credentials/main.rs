//! Every way to say who we are, driven by a real Terraform: a token from an authority that checks what Entra checks, a write to Azure
//! Resource Manager with it, and not one secret where others could read it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod clouds;
mod failures;
mod kinds;
mod proxies;
mod refresh;
mod setting;
mod validation;
