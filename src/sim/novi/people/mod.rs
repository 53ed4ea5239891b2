//! Who is on file in the simulated association of Novi, the cast that the demo shows, and people from a file or a seed.

mod cast;
mod file;
mod generator;
mod lists;
mod model;
mod profile;

pub use cast::cast;
pub use generator::generate;
pub use lists::{Beneficiaries, Committee, Event, Group, MemberType, Product, Role, Ticket};
pub use model::{
    Account, Award, Belonging, CustomField, Customer, CustomerType, People, Purchase, Registration, Seat,
};
pub use profile::{Address, Profile};
