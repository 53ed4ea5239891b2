//! The annotated samples that `membergate check --print-sample` prints.
//!
//! They are the files in `config/`, compiled in, so that print and file cannot differ.

/// A configuration with every key.
pub const CONFIGURATION: &str = include_str!("../../config/membergate.toml");

/// A role mapping with every kind of condition.
pub const RULES: &str = include_str!("../../config/rules.toml");

/// The JSON Schema of the configuration, for editors.
pub const SCHEMA: &str = include_str!("../../config/membergate.schema.json");
