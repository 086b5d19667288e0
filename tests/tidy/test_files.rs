//! No file of tests is left out where one executable names its modules.

use super::{read, root};

#[test]
fn every_file_of_tests_runs() {
    for (tests, manifest) in [("tests", "Cargo.toml"), ("aggregator/tests", "aggregator/Cargo.toml")] {
        let together = read(&root().join(tests).join("integration.rs"));
        let manifest = read(&root().join(manifest));
        let mut looked_at = 0;
        for entry in std::fs::read_dir(root().join(tests)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|end| end != "rs") {
                continue;
            }
            looked_at += 1;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let of_its_own = manifest.contains(&format!("[[test]]\nname = \"{name}\"\n"));
            let beside_others = together.lines().any(|line| line == format!("mod {name};"));
            assert!(
                of_its_own != beside_others,
                "{} must be named once, in integration.rs or the manifest",
                path.display()
            );
        }
        assert!(looked_at > 20, "{tests}: {looked_at}");
    }
}
