//! Finds the lock file, from any folder of the workspace.

use std::env;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

const NAME: &str = "durable.lock";

/// The lock file of the package that `source` belongs to, as the compiler names that file: the one
/// beside its manifest, or in a folder above it that is still in the workspace. Where there is none
/// yet: beside the manifest.
pub(super) fn of_lock_file(source: &str) -> PathBuf {
    let here = env::current_dir().unwrap_or_default();
    // Set by `cargo run`.
    let told = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let package = told.or_else(|| package_of(Path::new(source), &here));
    let package = package.unwrap_or(here);
    let found = in_workspace(&package).find(|file| file.is_file());
    found.unwrap_or_else(|| package.join(NAME))
}

/// The compiler names files from the folder of the workspace.
fn package_of(source: &Path, here: &Path) -> Option<PathBuf> {
    let mut files = here.ancestors().map(|folder| folder.join(source));
    let file = files.find(|file| file.is_file())?;
    let package = file.ancestors().find(|folder| manifest(folder).is_file());
    package.map(Path::to_owned)
}

/// Where a lock file may be, from the package up to its workspace.
fn in_workspace(package: &Path) -> impl Iterator<Item = PathBuf> {
    let root = package.ancestors().find(|folder| is_workspace(folder));
    let root = root.unwrap_or(package).to_owned();
    let within = package.ancestors().map(Path::to_owned);
    let within = within.take_while(move |folder| folder.starts_with(&root));
    within
        .map(|folder| folder.join(NAME))
        .collect::<Vec<_>>()
        .into_iter()
}

fn is_workspace(folder: &Path) -> bool {
    let manifest = fs::read_to_string(manifest(folder)).unwrap_or_default();
    manifest.lines().any(|line| line.trim() == "[workspace]")
}

fn manifest(folder: &Path) -> PathBuf {
    folder.join("Cargo.toml")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::in_workspace;
    use super::package_of;

    #[test]
    fn a_package_is_found_by_its_source_from_anywhere_in_the_workspace() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let package = root.join("shop");
        fs::create_dir_all(package.join("src/bin")).unwrap();
        fs::create_dir_all(root.join("other/deep")).unwrap();
        fs::write(root.join("Cargo.toml"), "[workspace]\n").unwrap();
        fs::write(package.join("Cargo.toml"), "[package]\n").unwrap();
        fs::write(package.join("src/bin/check.rs"), "").unwrap();
        let source = Path::new("shop/src/bin/check.rs");
        for here in ["", "other/deep", "shop/src"] {
            let found = package_of(source, &root.join(here)).unwrap();
            assert_eq!(found, package);
        }
        let candidates: Vec<_> = in_workspace(&package).collect();
        let expected = [package.join("durable.lock"), root.join("durable.lock")];
        assert_eq!(candidates, expected);
    }
}
