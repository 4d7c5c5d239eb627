//! `bucket-cors import`.
