//! The README shows the real files.

use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join(path)).unwrap()
}

#[test]
fn the_hello_program_in_the_readme_is_the_file() {
    let readme = read("README.md");
    for path in ["examples/src/hello.rs", "examples/src/bin/hello.rs"] {
        let file = read(path);
        let code = file.split_once("\n\n").map_or(&*file, |(_, code)| code);
        assert!(
            readme.contains(code),
            "README.md does not show {path} as it is"
        );
    }
}

#[test]
fn every_program_has_a_module_a_test_and_a_row() {
    let readme = read("README.md");
    let examples = Path::new(env!("CARGO_MANIFEST_DIR"));
    for program in fs::read_dir(examples.join("src/bin")).unwrap() {
        let path = program.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let exists = |path: String| examples.join(path).exists();
        assert!(
            exists(format!("src/{name}.rs")) || exists(format!("src/{name}/mod.rs")),
            "{name}: no module"
        );
        assert!(
            exists(format!("tests/it/{name}.rs")) || exists(format!("tests/it/{name}/mod.rs")),
            "{name}: no test"
        );
        assert!(
            readme.contains(&format!("`{name}`")),
            "{name}: no row in README.md"
        );
    }
}

#[test]
fn hello_has_at_most_15_lines() {
    let program = read("examples/src/bin/hello.rs");
    assert!(program.lines().count() <= 15);
}
