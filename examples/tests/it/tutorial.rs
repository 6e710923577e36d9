//! The tutorials show the real files.

use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join(path)).unwrap()
}

fn page(name: &str) -> String {
    read(&format!("durable-runtime/docs/tutorial/{name}.md"))
}

const PROGRAMS: [&str; 3] = ["agent", "nightly_report", "cart"];

/// The blocks of Rust on a page.
fn blocks(page: &str) -> Vec<&str> {
    let fenced = page.split("```").skip(1).step_by(2);
    fenced
        .filter_map(|block| block.strip_prefix("rust\n"))
        .collect()
}

#[test]
fn every_block_of_a_tutorial_stands_in_its_program_or_in_its_tests() {
    for name in PROGRAMS {
        let folders = ["src", "src/bin", "tests/it"];
        let files = folders.map(|folder| read(&format!("examples/{folder}/{name}.rs")));
        for block in blocks(&page(name)) {
            let stands = files.iter().any(|file| file.contains(block));
            assert!(stands, "{name}.md shows what its program has not:\n{block}");
        }
    }
}

#[test]
fn a_tutorial_shows_its_program_from_the_first_line_to_the_last() {
    for name in PROGRAMS {
        let page = page(name);
        let shown = blocks(&page).join("\n");
        for folder in ["src", "src/bin"] {
            let file = read(&format!("examples/{folder}/{name}.rs"));
            let code = file
                .split("\n\n")
                .skip_while(|part| part.starts_with("//!"));
            for part in code {
                assert!(shown.contains(part.trim_end()), "{name}.md lacks\n{part}");
            }
        }
    }
}
