//! The program while it runs, and requests to it.

use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::process::Child;
use std::process::ChildStdout;
use std::process::Command;
use std::process::Stdio;

use crate::program::Program;

/// The program, listening on a port of its own. Dropping it kills it.
pub(super) struct Service {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// Where it listens.
    pub(super) address: String,
}

/// A response.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
}

/// The program in a fresh folder.
pub(super) fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_async_http_api"))
}

impl Service {
    /// Starts it and waits until it is ready.
    pub(super) fn start(program: &Program) -> Self {
        Self::run(program.command(Self::ARGUMENTS))
    }

    /// Its arguments: it listens where nobody else does.
    pub(super) const ARGUMENTS: [&str; 2] = ["--listen", "127.0.0.1:0"];

    /// Starts it by a command and waits until it is ready.
    pub(super) fn run(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on ");
        let address = address.unwrap_or_else(|| panic!("it says {line:?}"));
        Self {
            child,
            stdout,
            address: address.to_owned(),
        }
    }

    /// Tells it to stop and waits for its end.
    pub(super) fn stop(mut self) {
        let told = Command::new("kill")
            .args(["-TERM", &self.pid()])
            .status()
            .unwrap();
        assert!(told.success());
        let ended = self.child.wait().unwrap();
        assert_eq!(ended.code(), Some(0));
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
    }

    /// The number of its process.
    pub(super) fn pid(&self) -> String {
        self.child.id().to_string()
    }

    pub(super) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, "")
    }

    pub(super) fn post(&self, path: &str, json: &str) -> Reply {
        self.send("POST", path, json)
    }

    fn send(&self, method: &str, path: &str, json: &str) -> Reply {
        let mut stream = self.connect();
        let length = json.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{json}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap();
        Reply {
            status: status.parse().unwrap(),
            body: body.to_owned(),
        }
    }

    pub(super) fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It has ended already where a test has stopped it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
