//! One page of many.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Some of many, and where the next ones begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// These.
    pub data: Vec<T>,
    /// To be given back for the ones after them; `null` when there are none.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}
