//! Every target over its seeds, and over a few thousand changed ones; the same ones in every run.

use std::panic::catch_unwind;
use std::path::Path;

/// Pieces that mean something to one of the readers.
const PIECES: [&str; 32] = [
    "%2f",
    "%5c",
    "%25",
    "%00",
    "%0a",
    "..",
    "/./",
    "//",
    ";",
    "\\",
    "?",
    "#",
    "@",
    ":",
    "&",
    "=",
    "\"",
    "'''",
    "[[",
    "]",
    "{",
    "}",
    "\n",
    "null",
    "-1",
    "9999-12-31",
    "true",
    "\u{e9}",
    "\u{212a}",
    "membergate",
    "_gate",
    "members",
];

/// xorshift64*: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % end.max(1)
    }

    /// One of the seeds with one to eight changes.
    fn changed(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(8) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(16)).min(bytes.len());
            match self.below(6) {
                0 => drop(bytes.drain(at..end)),
                1 => bytes.insert(at, u8::try_from(self.below(256)).unwrap()),
                2 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (self.next() % 8)),
                3 => drop(bytes.splice(at..at, PIECES[self.below(PIECES.len())].bytes())),
                4 => {
                    let again = bytes[at..end].to_vec();
                    drop(bytes.splice(at..at, again));
                }
                _ => {
                    let other = &seeds[self.below(seeds.len())];
                    let from = self.below(other.len());
                    let to = (from + self.below(64)).min(other.len());
                    drop(bytes.splice(at..end, other[from..to].iter().copied()));
                }
            }
        }
        bytes
    }
}

fn run(name: &str, target: fn(&[u8]), rounds: usize) {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let folder = fuzz.join("corpus").join(name);
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let seeds: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
    assert!(seeds.len() >= 3, "{} has {} seeds", folder.display(), seeds.len());
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let changed = (0..rounds).map(|_| random.changed(&seeds)).collect::<Vec<_>>();
    for bytes in seeds.iter().chain(&changed) {
        let holds = catch_unwind(|| target(bytes)).is_ok();
        assert!(holds, "{name} fails on \"{}\"", bytes.escape_ascii());
    }
    let program = std::fs::read_to_string(fuzz.join(format!("fuzz_targets/{name}.rs"))).unwrap();
    assert!(
        program.contains(&format!("fuzzing::{name}(")),
        "cargo-fuzz runs another target under the name {name}"
    );
}

macro_rules! targets {
    ($( $name:ident: $rounds:literal, )*) => { $( #[test] fn $name() { run(stringify!($name), super::$name, $rounds); } )* };
}
targets! {
    path_and_host: 4000,
    forward_auth: 4000,
    ams_record: 4000,
    rules_file: 3000,
    configuration: 2000,
    cookies: 4000,
    return_address: 4000,
    assertion: 2000,
    authorize_request: 4000,
}
