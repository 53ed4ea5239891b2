//! The line in front of the sign-in: who cannot be let in at once waits for a turn, and everybody has one.
//!
//! The store keeps the order for every gateway; each takes a snapshot of it once a second and answers from memory. What a browser
//! brought from the AMS stays with the browser (`place_cookie`) and is exchanged only when its turn has come. Kept out: the exchange
//! itself (`flows::sign_in`), and the order (`domain::waiting`).

mod asking;
mod gathering;
mod place_cookie;
mod room;
mod snapshot;
#[cfg(test)]
mod tests;
mod turn;

pub use self::asking::{JoinError, LineFull, PlaceAnswer};
pub use self::gathering::WaitingView;
pub use self::place_cookie::{Brought, PlaceCookies, PlaceSecret};
pub use self::room::{WaitingParts, WaitingRoom};
pub use self::turn::PlaceTurn;
