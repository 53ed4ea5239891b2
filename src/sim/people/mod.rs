//! Who is on file in the simulated association, the cast that the demo shows, and people from a file or a seed.

mod cast;
mod file;
mod generator;
mod model;
mod profile;

pub use cast::cast;
pub use file::{PeopleError, PeopleFile, SeenKeys, from_file, from_json, relative_dates};
pub use generator::generate;
pub use model::{
    Certification, Committee, CustomField, Environment, Event, EventSession, Membership, Organization,
    PASSWORD, People, Person, Purchase, Registration, Relationship, Seat, User,
};
pub use profile::{Address, Link, OtherEmail, Phone, Profile};
