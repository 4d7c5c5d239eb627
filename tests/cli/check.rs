//! `bucket-cors check`.
