//! Chance that is the same on every machine, and the names of invented people.

use jiff::ToSpan;
use jiff::civil::Date;

pub(super) const FIRST_NAMES: &[&str] = &[
    "Aino", "Bashir", "Carmen", "Dmitri", "Elif", "Farid", "Greta", "Hanako", "Ivo", "Joana", "Kwame",
    "Linnea", "Mateo", "Nadia", "Oskar", "Pilar", "Quentin", "Rosa", "Stellan", "Tariq", "Ulla", "Viggo",
    "Wanda", "Yusuf",
];
pub(super) const LAST_NAMES: &[&str] = &[
    "Abara",
    "Birk",
    "Castell",
    "Dahl",
    "Engström",
    "Fuentes",
    "Grieg",
    "Hollis",
    "Ivanov",
    "Jarvi",
    "Kimura",
    "Lund",
    "Mbeki",
    "Novak",
    "O'Dell",
    "Paredes",
    "Quist",
    "Rossi",
    "Sato",
    "Thorne",
    "Ueda",
    "Varga",
    "Wren",
    "Zhou",
];

/// SplitMix64: small, fast, and the same on every machine. Not for secrets.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64, place: u64) -> Dice {
        let mut dice = Dice(seed ^ place.wrapping_mul(0xd134_2543_de82_ef95));
        dice.roll();
        dice
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.roll().checked_rem(limit).unwrap_or(0)
    }

    /// True once in `n` times when `rare`, and all the other times when not.
    pub(super) fn once_in(&mut self, n: u64, rare: bool) -> bool {
        (self.below(n) == 0) == rare
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T], otherwise: T) -> T {
        let place = self.below(from.len() as u64) as usize;
        from.get(place).copied().unwrap_or(otherwise)
    }

    pub(super) fn bytes(&mut self) -> [u8; 16] {
        (u128::from(self.roll()) << 64 | u128::from(self.roll())).to_be_bytes()
    }

    /// A day between two offsets from today, at midnight.
    pub(super) fn day(&mut self, today: Date, from: i32, to: i32) -> String {
        let span = u64::from(to.abs_diff(from)) + 1;
        midnight(today, from + self.below(span) as i32)
    }

    /// A moment with zero to seven digits after the second, as .NET prints it.
    pub(super) fn moment(&mut self, today: Date, from: i32, to: i32) -> String {
        let day = self.day(today, from, to);
        let day = day.split('T').next().unwrap_or_default();
        let (hour, minute, second) = (self.below(24), self.below(60), self.below(60));
        let digits = self.below(8);
        let fraction: String = (0..digits).map(|_| char::from(b'1' + self.below(9) as u8)).collect();
        let dot = if fraction.is_empty() { "" } else { "." };
        format!("{day}T{hour:02}:{minute:02}:{second:02}{dot}{fraction}")
    }
}

/// A day as text, so many days after another.
pub(super) fn midnight(today: Date, days: i32) -> String {
    format!("{}T00:00:00", today.saturating_add(days.days()))
}
