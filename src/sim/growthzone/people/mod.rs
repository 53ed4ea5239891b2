//! Who is on file in the simulated association of GrowthZone, the cast that the demo shows, and people from a file or a seed.

mod cast;
mod file;
mod generator;
mod model;
mod profile;

pub use cast::cast;
pub use generator::generate;
pub use model::{
    Certification, Contact, ContactType, EndType, Event, Field, List, ListEntry, Login, Membership,
    MembershipType, Organization, People, Registration,
};
pub use profile::{Address, Info, Profile};
