//! The macros as modules of this crate: a crate of macros gives nothing else out.

use std::env;
use std::fs;
use std::path::Path;

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").unwrap();
    let src = Path::new(&root).join("../../durable-macros/src");
    let src = src.canonicalize().unwrap();
    println!("cargo::rerun-if-changed={}", src.display());
    let lib = fs::read_to_string(src.join("lib.rs")).unwrap();
    let mut modules = String::new();
    let mut before = "";
    for line in lib.lines() {
        let name = line
            .strip_prefix("mod ")
            .and_then(|rest| rest.strip_suffix(';'));
        if let Some(name) = name.filter(|name| before != "#[cfg(test)]" || *name == "fuzzing") {
            let file = [format!("{name}.rs"), format!("{name}/mod.rs")].map(|file| src.join(file));
            let file = file.iter().find(|file| file.exists()).unwrap();
            modules += &format!("#[path = {file:?}]\nmod {name};\n");
        }
        before = line;
    }
    let out = Path::new(&env::var("OUT_DIR").unwrap()).join("modules.rs");
    fs::write(out, modules).unwrap();
}
