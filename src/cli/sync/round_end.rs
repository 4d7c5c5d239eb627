//! What a round came to.

use super::edge_document::EdgeDocument;

/// What is said where the rules of all buckets are the same.
pub(super) const REST: &str = "the rules are the same, and the rest of the document differs";

/// What a round came to.
pub(super) enum RoundEnd {
    /// What the edge has is what the stores say.
    Same(EdgeDocument),
    Differs(EdgeDocument),
    /// It is not safe, or not known enough.
    Withheld(String),
    /// The edge would not take it.
    Refused(Vec<String>),
}
