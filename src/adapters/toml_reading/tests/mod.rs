//! References of what files may say, made of the comments of their keys.

pub(crate) mod reference;
pub(crate) mod schema;
