//! A place that events are posted to.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::Bits;

/// A registration, bound to the key that made it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Sorts by when it was made.
    pub id: Uuid,
    /// The caller that made it: what is told is told to it.
    pub owner: String,
    /// Where events are posted.
    pub url: String,
    /// The least bits that are told.
    pub least: Bits,
    /// What posts are signed with.
    pub secret: String,
    /// When it was made.
    pub created: Timestamp,
    /// The key of the call that made it.
    #[serde(default)]
    pub key: Option<String>,
}

/// Prints neither the secret nor the address, which may hold one too.
impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("id", &self.id).field("owner", &self.owner).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let webhook = Webhook {
            id: Uuid::nil(),
            owner: "key:1".to_owned(),
            url: "https://example.org/?token=hidden".to_owned(),
            least: Bits::ZERO,
            secret: "whsec_hidden".to_owned(),
            created: Timestamp::UNIX_EPOCH,
            key: None,
        };
        assert!(!format!("{webhook:?}").contains("hidden"), "{webhook:?}");
    }
}
