//! The command line.

/// The workloads and how large each is unless told otherwise.
const WORKLOADS: [(&str, u32); 11] = [
    ("w1", 1_000),
    ("w2", 2_000),
    ("w3", 5_000),
    ("w4", 500),
    ("w5", 500),
    ("w6", 1_000),
    ("w7", 10_000),
    ("w8", 10_000),
    // All three of its turns.
    ("w9", 0),
    ("w10", 0),
    // The second half of `w7`, which that starts in a process of its own.
    ("w7-idle", 0),
];

const USAGE: &str =
    "usage: workloads <w1|w2|w3|w4|w5|w6|w7|w8|w9|w10> [--n N] [--db URL] [--repeat R]";

#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) workload: String,
    pub(crate) n: u32,
    pub(crate) db: Option<String>,
    pub(crate) repeat: u32,
}

impl Options {
    /// Reads the arguments; what cargo adds of its own is ignored.
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut chosen, mut n, mut db, mut repeat) = (None, None, None, 1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--bench" => {}
                "--n" => n = Some(number(arguments.next())?),
                "--db" => db = Some(arguments.next().ok_or(USAGE)?),
                "--repeat" => repeat = number(arguments.next())?,
                name => chosen = WORKLOADS.into_iter().find(|(known, _)| *known == name),
            }
        }
        let (workload, usual) = chosen.ok_or(USAGE)?;
        Ok(Self {
            workload: workload.to_owned(),
            n: n.unwrap_or(usual),
            db,
            repeat,
        })
    }
}

fn number(argument: Option<String>) -> Result<u32, String> {
    let number = argument.and_then(|argument| argument.parse().ok());
    number.ok_or_else(|| USAGE.to_owned())
}
