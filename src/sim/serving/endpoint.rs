//! The endpoints of a simulator by name: for counting calls and for aiming faults.

use crate::sim::switches::Setting;

/// The endpoints of one simulator.
pub trait Kind: Copy + PartialEq + Send + 'static {
    /// All of them.
    fn all() -> &'static [Self];
    /// The name for switches and reports.
    fn name(self) -> &'static str;
    /// A page for people, not the interface.
    fn is_portal(self) -> bool;
}

macro_rules! endpoints {
    ($( #[$what:meta] $variant:ident = $name:literal, )* portal: $($portal:ident),+;) => {
        /// One endpoint of the simulated service.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Endpoint { $( #[$what] $variant, )* }

        impl Endpoint {
            /// All of them.
            pub const ALL: &'static [Endpoint] = &[ $( Endpoint::$variant, )* ];

            /// The name for switches and reports.
            pub fn name(self) -> &'static str {
                match self { $( Endpoint::$variant => $name, )* }
            }

            /// A page for people, not the interface.
            pub fn is_portal(self) -> bool {
                matches!(self, $( Endpoint::$portal )|+)
            }
        }

        impl $crate::sim::serving::Kind for Endpoint {
            fn all() -> &'static [Endpoint] {
                Endpoint::ALL
            }

            fn name(self) -> &'static str {
                Endpoint::name(self)
            }

            fn is_portal(self) -> bool {
                Endpoint::is_portal(self)
            }
        }
    };
}
pub(in crate::sim) use endpoints;

/// Which answers a fault touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<K> {
    /// All.
    Everything,
    /// The interface, not the pages for people.
    Api,
    /// The pages for people, not the interface.
    Portal,
    /// One endpoint.
    Only(K),
}

impl<K: Kind> Scope<K> {
    /// Whether the fault touches this endpoint.
    pub fn covers(self, endpoint: K) -> bool {
        match self {
            Scope::Everything => true,
            Scope::Api => !endpoint.is_portal(),
            Scope::Portal => endpoint.is_portal(),
            Scope::Only(one) => one == endpoint,
        }
    }
}

impl<K: Kind> Setting for Scope<K> {
    fn read(text: &str) -> Option<Scope<K>> {
        match text {
            "everything" => Some(Scope::Everything),
            "api" => Some(Scope::Api),
            "portal" => Some(Scope::Portal),
            one => K::all().iter().find(|endpoint| endpoint.name() == one).map(|one| Scope::Only(*one)),
        }
    }

    fn show(&self) -> String {
        match self {
            Scope::Everything => "everything",
            Scope::Api => "api",
            Scope::Portal => "portal",
            Scope::Only(one) => one.name(),
        }
        .to_owned()
    }

    fn values() -> String {
        let endpoints = K::all().iter().map(|endpoint| endpoint.name()).collect::<Vec<_>>().join(" | ");
        format!("everything | api | portal | {endpoints}")
    }
}
