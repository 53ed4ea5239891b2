//! Tests of the role engine.
