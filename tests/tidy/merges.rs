//! No file holds what a merge left behind, the documents neither: no compiler reads those.

use super::root;

/// Ends of the names of files that people read or programs run.
const TEXTS: [&str; 11] = ["md", "rs", "toml", "yml", "yaml", "sh", "txt", "html", "css", "json", "py"];

#[test]
fn no_file_holds_what_a_merge_left_behind() {
    let (mut folders, mut looked_at) = (vec![root().to_owned()], 0);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                if !matches!(name.as_str(), ".git" | "target" | "node_modules" | "data") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|end| TEXTS.iter().any(|text| end == *text)) {
                looked_at += 1;
                let left = |line: &&str| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ");
                // Some samples are not UTF-8.
                let bytes = std::fs::read(&path).unwrap();
                assert_eq!(String::from_utf8_lossy(&bytes).lines().find(left), None, "{}", path.display());
            }
        }
    }
    assert!(looked_at > 500, "{looked_at}");
}
