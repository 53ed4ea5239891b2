//! What Higher Logic is sent, and what its answers mean.
