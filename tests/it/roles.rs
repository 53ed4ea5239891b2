//! The roles that the program decides, and those that a second implementation of docs/roles.md decides.

use std::path::Path;
use std::process::Command;

/// `MEMBERGATE_ORACLE_RECORDS`: how many records for each seed.
#[test]
fn a_second_implementation_decides_every_record_alike() {
    let count = std::env::var_os("MEMBERGATE_ORACLE_RECORDS")
        .map_or("2000".into(), |count| count.into_string().unwrap());
    for seed in [1, 2] {
        let oracle = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/roles/oracle.py");
        let ran = Command::new("python3")
            .arg(oracle)
            .args([
                "--binary",
                env!("CARGO_BIN_EXE_membergate"),
                "--count",
                &count,
                "--seed",
                &seed.to_string(),
            ])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stdout);
        assert!(ran.status.success(), "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
        assert!(said.contains(&format!("{count} records, seed {seed}: 0 differ")), "{said}");
    }
}

/// What `explain` says of config/records.sample.jsonl by config/rules.toml, one answer for each line.
fn sample_answers(at: &str) -> Vec<serde_json::Value> {
    let config = |file: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(file);
    let ran = Command::new(env!("CARGO_BIN_EXE_membergate"))
        .args(["explain", "--at", at, "--format", "json", "--rules"])
        .arg(config("rules.toml"))
        .arg("--records")
        .arg(config("records.sample.jsonl"))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let said = String::from_utf8(ran.stdout).unwrap();
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_sample_people_are_decided_by_the_sample_rules() {
    let answers = sample_answers("2026-11-22T12:00:00Z");
    let said: Vec<_> = answers
        .iter()
        .map(|it| {
            format!(
                "{} {} {} {} {}",
                it["admitted"],
                it["member"],
                it["membership_type"],
                it["membership_code"],
                it["membership_expires"]
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            r#"true true "Corporate Gold" "CORPGOLD" "2026-12-31""#,
            r#"true true "Life" "LIFE" null"#,
            "true false null null null",
            "false false null null null",
            r#"true true "Individual" "INDIV" "2026-12-31""#,
            "true false null null null",
        ]
    );
    assert!(answers[0]["roles"].as_array().unwrap().iter().any(|role| role == "education_chair"));
    assert_eq!(answers[3]["roles"], serde_json::json!([]), "who is not admitted has no roles");
    let warnings = |at: usize| answers[at]["warnings"].as_array().unwrap().len();
    assert_eq!([0, 1, 2, 3, 4, 5].map(warnings), [0, 0, 0, 0, 1, 0], "{answers:?}");
}

/// While the annual meeting counts, somebody in the sample has each role of the sample rules, and somebody has it not.
#[test]
fn the_sample_people_show_every_sample_rule() {
    let answers = sample_answers("2026-06-15T12:00:00Z");
    let rules =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/rules.toml")).unwrap();
    let roles: Vec<&str> =
        rules.lines().filter_map(|line| line.strip_prefix("role = \"")?.strip_suffix('"')).collect();
    assert!(!roles.is_empty());
    // `chapter_{code}` stands for many.
    let is = |has: &serde_json::Value, role: &str| match role.split_once("{code}") {
        Some((before, after)) => has.as_str().is_some_and(|it| it.starts_with(before) && it.ends_with(after)),
        None => has == role,
    };
    for role in roles {
        let has = answers
            .iter()
            .filter(|it| it["roles"].as_array().unwrap().iter().any(|has| is(has, role)))
            .count();
        assert!((1..answers.len()).contains(&has), "{role}: {has} of {}", answers.len());
    }
}
