//! What a page may load.

/// A page loads its own style sheet only, and no other site may frame it.
pub(super) const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The policy of a page that was frozen with its style inside.
#[derive(Clone, Debug)]
pub(super) struct FrozenPolicy(pub(super) String);
