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

    /// Runs a line of a shell in its folder, whatever comes of it.
    #[cfg(unix)]
    pub(crate) fn shell(&self, script: &str) {
        let mut shell = Command::new("bash");
        shell.args(["-c", script]).current_dir(self.path());
        shell.output().unwrap();
    }

    /// The files that `SQLite` has beside databases that are not closed, or not whole.
    pub(crate) fn logs(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.path()).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let is_log = |name: &String| name.ends_with("-wal") || name.ends_with("-shm");
        names.filter(is_log).collect()
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

    /// What runs it with no file of its own above `kib` KiB, until that is lifted: a disk that is full.
    #[cfg(target_os = "linux")]
    pub(crate) fn limited<A: AsRef<OsStr>>(
        &self,
        kib: u32,
        arguments: impl IntoIterator<Item = A>,
    ) -> Command {
        let limit = format!("trap '' XFSZ; ulimit -S -f {kib}; exec \"$@\"");
        let mut command = Command::new("bash");
        command.args(["-c", &limit, "bash", self.executable]);
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
        assert_eq!(program.logs(), [""; 0], "the {time} time");
    }
}
