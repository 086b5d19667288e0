//! The allocator of the binary: its bounds, and that C libraries use it too.

use std::process::Command;

#[test]
fn the_allocator_has_its_bounds_and_serves_the_c_libraries_too() {
    // It reads this variable, whose name has no prefix, because its functions have none: SQLite and librdkafka call them.
    let output = Command::new(env!("CARGO_BIN_EXE_shihyo"))
        .arg("--version")
        .env("MALLOC_CONF", "stats_print:true")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    for option in ["opt.dirty_decay_ms: 1000 ", "opt.narenas: 2\n", "opt.background_thread: true "] {
        assert!(text.contains(option), "`{option}` is missing; see .cargo/config.toml: {text}");
    }
}
