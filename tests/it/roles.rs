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

#[test]
fn the_sample_people_are_decided_by_the_sample_rules() {
    let config = |file: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(file);
    let ran = Command::new(env!("CARGO_BIN_EXE_membergate"))
        .args(["explain", "--at", "2026-11-22T12:00:00Z", "--format", "json", "--rules"])
        .arg(config("rules.toml"))
        .arg("--records")
        .arg(config("people.jsonl"))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let answers: Vec<serde_json::Value> = String::from_utf8(ran.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let said: Vec<_> = answers
        .iter()
        .map(|it| {
            format!(
                "{} {} {} {}",
                it["member"], it["membership_type"], it["membership_code"], it["membership_expires"]
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            r#"true "Corporate Gold" "CORPGOLD" "2026-12-31""#,
            r#"true "Life" "LIFE" null"#,
            "false null null null",
        ]
    );
    assert!(answers[0]["roles"].as_array().unwrap().iter().any(|role| role == "education_chair"));
    assert!(answers.iter().all(|it| it["warnings"] == serde_json::json!([])), "{answers:?}");
}
