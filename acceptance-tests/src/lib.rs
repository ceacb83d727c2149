//! Acceptance tests of the provider: an Azure Resource Manager to talk to, and a real Terraform to talk through.
//!
//! | module | gives |
//! |---|---|
//! | [`emulator`] | Azure Resource Manager in memory, with its refusals, its slowness and its accidents |
//! | [`fixtures`] | states that versions of the provider have left behind |
//! | [`python_client`] | Microsoft's own Python client, as a witness that knows nothing of us |
//! | [`terraform`] | Terraform's commands step by step, with the checks every step deserves |

pub mod emulator;
pub mod fixtures;
pub mod python_client;
pub mod terraform;
