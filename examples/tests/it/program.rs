//! Runs a program in a folder of its own.

use std::ffi::OsStr;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use tempfile::TempDir;

/// A program and the folder it works in.
pub(crate) struct Program {
    executable: &'static str,
    folder: TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Run {
    /// The exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    /// In a fresh folder.
    pub(crate) fn new(executable: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { executable, folder }
    }

    /// A file in its folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file in its folder.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.file(name), content).unwrap();
    }

    /// Runs it to its end.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Run {
        let output = self.command(arguments).output().unwrap();
        Run {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Starts it; what it prints is lost.
    pub(crate) fn spawn<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    }

    /// What runs it, for what is not done with it above.
    pub(crate) fn command<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Command {
        let mut command = Command::new(self.executable);
        command.args(arguments).current_dir(self.path());
        command
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Runs a program without options twice: the second time it finds its database and says the same.
#[track_caller]
pub(crate) fn says_the_same_twice(executable: &'static str, expected: &str) {
    let program = Program::new(executable);
    for time in ["first", "second"] {
        let run = program.run::<&str>([]);
        assert_eq!(run.code, Some(0), "the {time} time: {}", run.stderr);
        assert_eq!(run.stdout, expected, "the {time} time");
    }
}
