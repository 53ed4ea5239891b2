//! `membergate sim`: a simulated association management system or community alone, for trying things out.

mod growthzone;
mod higher_logic;
mod novi;
mod options;
mod remembers;

use std::io::Write;

use clap::Subcommand;

use super::shared::CommandFailure;

/// Which system.
#[derive(Debug, Subcommand)]
pub enum Simulated {
    /// A re:Members that speaks HTTP: handshake, login pages, records. Production at the root, staging under `/staging`.
    #[command(after_help = remembers::after_help())]
    Remembers(options::SimulatorOptions),
    /// A Novi that speaks HTTP: OpenID Connect, login pages, interface, hooks. Production and staging are two addresses.
    #[command(after_help = novi::after_help())]
    Novi(novi::NoviOptions),
    /// A GrowthZone that speaks HTTP: the Info Hub's login, OpenID Connect, interface.
    #[command(name = "growthzone", after_help = growthzone::after_help())]
    GrowthZone(growthzone::GrowthZoneOptions),
    /// A Higher Logic that speaks HTTP: both push interfaces, the read side, community and administration, sign-in.
    #[command(name = "higherlogic", after_help = higher_logic::after_help())]
    HigherLogic(higher_logic::HigherLogicOptions),
}

/// Runs a simulator until it is told to end.
pub fn run(simulated: Simulated, out: &mut dyn Write) -> Result<(), CommandFailure> {
    match simulated {
        Simulated::Remembers(asked) => remembers::run(asked, out),
        Simulated::Novi(asked) => novi::run(asked, out),
        Simulated::GrowthZone(asked) => growthzone::run(asked, out),
        Simulated::HigherLogic(asked) => higher_logic::run(asked, out),
    }
}
