//! The allocator of the binary, and its bounds.

use std::process::Command;

#[test]
fn the_allocator_has_its_bounds() {
    let output = Command::new(env!("CARGO_BIN_EXE_shihyo"))
        .arg("--version")
        .env("_RJEM_MALLOC_CONF", "stats_print:true")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    for option in ["opt.dirty_decay_ms: 1000 ", "opt.narenas: 2\n", "opt.background_thread: true "] {
        assert!(text.contains(option), "`{option}` is missing; see .cargo/config.toml: {text}");
    }
}
