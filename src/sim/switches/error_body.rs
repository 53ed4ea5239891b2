//! The shapes that the body of an error answer can have, in every simulator.

use super::kinds::{Setting, choice};

choice! {
    /// The body of an error answer.
    ErrorBody {
        /// A JSON string.
        JsonString = "json_string",
        /// `{"message": "…"}`.
        Object = "object",
        /// Plain text.
        Text = "text",
        /// Nothing.
        Empty = "empty",
    }
}
