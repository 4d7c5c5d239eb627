//! The shell that Envoy loads into its own process, as a dynamic module: the same core without a VM around it.
//!
//! What the sandbox gives the other shell is kept by hand here. Each hook catches panics and fails the request closed
//! ([`hooks`]); what Envoy owns is borrowed for one call only, so that the compiler sees to it that no header is read
//! after a change ([`host`]); and what workers share ([`config::Config`]) never changes.

mod abi;
mod changes;
mod config;
#[cfg(feature = "faults")]
mod faults;
mod grpc;
mod handle;
mod hooks;
mod host;
mod log;
mod shelf;
mod stream;
mod worker;
