//! Acceptance tests of the provider: an Azure Resource Manager to talk to, and a real Terraform to talk through.
//!
//! | module | gives |
//! |---|---|
//! | [`emulator`] | Azure Resource Manager in memory, with its refusals, its slowness and its accidents |
//! | [`python_client`] | Microsoft's own Python client, as a witness that knows nothing of us |
//! | [`terraform`] | Terraform's commands step by step, with the checks every step deserves |

pub mod emulator;
pub mod python_client;
pub mod terraform;
