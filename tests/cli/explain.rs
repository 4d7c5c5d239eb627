//! `bucket-cors explain`.
