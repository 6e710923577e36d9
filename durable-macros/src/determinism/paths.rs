//! The functions that a rule knows by their paths.
//!
//! A path in a group is compared in full and by its last two segments. `=` before it: in full only,
//! since its last two segments may well be the user's own. `::*` behind it: every function below.
//! `*::` before it: whatever stands before. `core` and `alloc` count as `std`.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::rules::Rule;

/// Paths of one rule, with the fix for them.
struct Group {
    rule: Rule,
    /// In place of the rule's own help, where the case asks for other words.
    help: Option<&'static str>,
    paths: &'static [&'static str],
}

/// What a path was found to be.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub(super) rule: Rule,
    pub(super) help: Option<&'static str>,
}

const GROUPS: &[Group] = &[
    Group {
        rule: Rule::Clock,
        help: None,
        paths: &[
            "std::time::Instant::now",
            "std::time::SystemTime::now",
            "tokio::time::Instant::now",
            "web_time::SystemTime::now",
            "quanta::Clock::now",
            "quanta::Instant::recent",
            "coarsetime::Clock::now_since_epoch",
            "minstant::Instant::now",
            "chrono::Utc::now",
            "chrono::Utc::today",
            "chrono::offset::Utc::now",
            "chrono::Local::now",
            "chrono::Local::today",
            "chrono::offset::Local::now",
            "jiff::Zoned::now",
            "jiff::Timestamp::now",
            "jiff::tz::TimeZone::system",
            "jiff::tz::TimeZone::try_system",
            "time::OffsetDateTime::now_utc",
            "time::OffsetDateTime::now_local",
            "time::UtcDateTime::now",
            "time::UtcOffset::current_local_offset",
        ],
    },
    Group {
        rule: Rule::Sleep,
        help: None,
        paths: &[
            "std::thread::sleep",
            "std::thread::park_timeout",
            "tokio::time::sleep",
            "async_std::task::sleep",
            "async_io::Timer::after",
            "smol::Timer::after",
            "futures_timer::Delay::new",
            "gloo_timers::future::sleep",
            "embassy_time::Timer::after",
        ],
    },
    Group {
        rule: Rule::Sleep,
        help: Some("use `{ctx}.sleep_until(due).await`, and compute `due` from `{ctx}.now()`"),
        paths: &[
            "std::thread::sleep_until",
            "tokio::time::sleep_until",
            "smol::Timer::at",
        ],
    },
    Group {
        rule: Rule::Sleep,
        help: Some(
            "use `{second}.timeout({first}).await` for a call, or `select!` with \
             `{ctx}.sleep({first})` for anything else",
        ),
        paths: &["tokio::time::timeout", "async_std::future::timeout"],
    },
    Group {
        rule: Rule::Sleep,
        help: Some(
            "use `select!` with `{ctx}.sleep_until(due)`, and compute `due` from `{ctx}.now()`",
        ),
        paths: &["tokio::time::timeout_at"],
    },
    Group {
        rule: Rule::Sleep,
        help: Some("use a loop with `{ctx}.sleep({first}).await`, which survives restarts"),
        paths: &[
            "tokio::time::interval",
            "async_std::stream::interval",
            "smol::Timer::interval",
        ],
    },
    Group {
        rule: Rule::Sleep,
        help: Some("use a loop with `{ctx}.sleep({second}).await`, which survives restarts"),
        paths: &["tokio::time::interval_at", "smol::Timer::interval_at"],
    },
    Group {
        rule: Rule::Polled,
        help: None,
        paths: &[
            "futures::future::poll_immediate",
            "futures::stream::poll_immediate",
            "futures::FutureExt::now_or_never",
            "futures::FutureExt::poll_unpin",
            "std::future::Future::poll",
        ],
    },
    Group {
        rule: Rule::Random,
        help: None,
        paths: &[
            "rand::random",
            "rand::random_range",
            "rand::random_bool",
            "rand::random_iter",
            "rand::random_ratio",
            "rand::fill",
            "rand::rng",
            "rand::thread_rng",
            "rand::make_rng",
            "rand::rngs::OsRng",
            "=rand_core::OsRng",
            "*::from_os_rng",
            "*::try_from_os_rng",
            "*::from_entropy",
            "rand::rngs::ThreadRng::default",
            "fastrand::*",
            "oorandom::Rand32::from_entropy",
            "getrandom::*",
            "std::random::random",
            "std::hash::RandomState::new",
            "std::collections::hash_map::RandomState::new",
            "ring::rand::SystemRandom::new",
        ],
    },
    Group {
        rule: Rule::NewId,
        help: None,
        paths: &[
            "uuid::Uuid::new_v4",
            "uuid::Uuid::now_v1",
            "uuid::Uuid::now_v6",
            "uuid::Uuid::now_v7",
        ],
    },
    Group {
        rule: Rule::NewId,
        help: Some(
            "use `{ctx}.new_uuid()`, which gives the same id on replay, or make the id in an \
             `#[activity]`",
        ),
        paths: &[
            "ulid::Ulid::new",
            "ulid::Ulid::generate",
            "ulid::Ulid::from_datetime",
            "=ulid::Generator::new",
            "=nanoid::nanoid",
            "=nanoid::format",
            "cuid::*",
            "cuid2::*",
            "xid::new",
            "ksuid::Ksuid::generate",
            "svix_ksuid::Ksuid::new",
            "bson::oid::ObjectId::new",
            "mongodb::bson::oid::ObjectId::new",
            "rusty_ulid::*",
        ],
    },
    Group {
        rule: Rule::Environment,
        help: None,
        paths: &[
            "std::env::*",
            "env::var",
            "env::vars",
            "env::var_os",
            "env::vars_os",
            "env::args",
            "env::args_os",
            "env::current_dir",
            "env::current_exe",
            "env::temp_dir",
            "env::home_dir",
            "env::set_var",
            "env::remove_var",
            "env::set_current_dir",
            "dotenvy::*",
            "dotenv::*",
            "envy::*",
            "=gethostname::gethostname",
            "=hostname::get",
            "num_cpus::*",
            "std::thread::available_parallelism",
            "sys_info::*",
            "whoami::*",
        ],
    },
    Group {
        rule: Rule::File,
        help: None,
        paths: &[
            "std::fs::*",
            "tokio::fs::*",
            "async_std::fs::*",
            "async_fs::*",
            "smol::fs::*",
            "fs_err::*",
            "tempfile::*",
            "memmap2::*",
            "std::fs::File::open",
            "std::fs::File::create",
            "std::fs::File::create_new",
            "std::fs::File::options",
            "std::fs::OpenOptions::new",
            "fs::read",
            "fs::read_to_string",
            "fs::read_dir",
            "fs::write",
            "fs::copy",
            "fs::rename",
            "fs::remove_file",
            "fs::remove_dir",
            "fs::remove_dir_all",
            "fs::create_dir",
            "fs::create_dir_all",
            "fs::metadata",
            "fs::exists",
            "fs::canonicalize",
            "fs::hard_link",
            "std::io::stdin",
            "std::io::stdout",
            "std::io::stderr",
            "std::io::read_to_string",
            "tokio::io::stdin",
            "tokio::io::stdout",
            "tokio::io::stderr",
        ],
    },
    Group {
        rule: Rule::Network,
        help: None,
        paths: &[
            "std::net::TcpStream::connect",
            "std::net::TcpStream::connect_timeout",
            "std::net::TcpListener::bind",
            "std::net::UdpSocket::bind",
            "std::os::unix::net::UnixStream::connect",
            "std::os::unix::net::UnixListener::bind",
            "std::os::unix::net::UnixDatagram::bind",
            "tokio::net::*",
            "async_std::net::*",
            "async_net::*",
            "net::lookup_host",
            "reqwest::*",
            "ureq::*",
            "hyper::*",
            "hyper_util::*",
            "isahc::*",
            "surf::*",
            "curl::*",
            "awc::*",
            "attohttpc::*",
            "minreq::*",
            "tonic::transport::*",
            "tokio_tungstenite::*",
            "tungstenite::*",
            "quinn::*",
            "lettre::*",
            "redis::*",
            "sqlx::*",
            "tokio_postgres::*",
            "postgres::*",
            "mysql::*",
            "mysql_async::*",
            "rusqlite::*",
            "diesel::*",
            "mongodb::*",
            "sea_orm::Database::connect",
            "deadpool::*",
            "deadpool_postgres::*",
            "bb8::*",
            "lapin::*",
            "rdkafka::*",
            "async_nats::*",
            "aws_config::*",
            "aws_sdk_s3::*",
            "aws_sdk_sqs::*",
            "aws_sdk_dynamodb::*",
            "object_store::*",
        ],
    },
    Group {
        rule: Rule::Process,
        help: None,
        paths: &[
            "std::process::*",
            "tokio::process::*",
            "async_process::*",
            "process::exit",
            "process::abort",
            "process::id",
            "*::process::Command::new",
            "tokio::signal::*",
            "signal::ctrl_c",
        ],
    },
    Group {
        rule: Rule::Thread,
        help: None,
        paths: &[
            "std::thread::spawn",
            "std::thread::scope",
            "*::thread::Builder::new",
            "std::thread::current",
            "std::thread::park",
            "std::thread::yield_now",
            "rayon::*",
            "crossbeam::scope",
            "crossbeam::thread::scope",
            "crossbeam_utils::thread::scope",
            "threadpool::ThreadPool::new",
        ],
    },
    Group {
        rule: Rule::Task,
        help: None,
        paths: &[
            "tokio::spawn",
            "tokio::task::spawn",
            "tokio::task::spawn_local",
            "tokio::task::JoinSet::new",
            "tokio::task::LocalSet::new",
            "tokio_util::task::TaskTracker::new",
            "async_std::task::spawn",
            "async_std::task::spawn_local",
            "smol::spawn",
            "async_global_executor::spawn",
            "actix_rt::spawn",
            "actix_web::rt::spawn",
            "wasm_bindgen_futures::spawn_local",
        ],
    },
    Group {
        rule: Rule::Task,
        help: Some("move the work into an `#[activity(blocking)]`, and await the activity"),
        paths: &[
            "tokio::task::spawn_blocking",
            "async_std::task::spawn_blocking",
            "smol::unblock",
            "blocking::unblock",
        ],
    },
    Group {
        rule: Rule::BlockOn,
        help: None,
        paths: &[
            "futures::executor::block_on",
            "futures_executor::block_on",
            "futures_lite::future::block_on",
            "tokio::task::block_in_place",
            "async_std::task::block_on",
            "async_io::block_on",
            "smol::block_on",
            "smol::future::block_on",
            "pollster::block_on",
            "spin_on::spin_on",
        ],
    },
    Group {
        rule: Rule::BlockOn,
        help: Some("use `.await`; move anything that is not durable into an `#[activity]`"),
        paths: &[
            "tokio::runtime::Handle::current",
            "tokio::runtime::Handle::try_current",
            "*::runtime::Runtime::new",
            "*::runtime::Builder::new_multi_thread",
            "*::runtime::Builder::new_current_thread",
            "futures::executor::ThreadPool::new",
        ],
    },
    Group {
        rule: Rule::LockOrChannel,
        help: None,
        paths: &[
            "std::sync::Mutex::new",
            "std::sync::Mutex::default",
            "std::sync::RwLock::new",
            "std::sync::RwLock::default",
            "std::sync::Condvar::new",
            "std::sync::mpsc::channel",
            "std::sync::mpsc::sync_channel",
            "std::sync::mpmc::channel",
            "tokio::sync::*",
            "async_lock::*",
            "parking_lot::*",
            "spin::*",
            "crossbeam_channel::*",
            "crossbeam::channel::*",
            "flume::*",
            "kanal::*",
            "async_channel::*",
            "async_broadcast::*",
            "futures::channel::*",
            "futures::lock::*",
            "futures_channel::*",
            "mpsc::unbounded_channel",
            "mpsc::unbounded",
            "oneshot::channel",
            "broadcast::channel",
            "watch::channel",
            "*::sync::Semaphore::new",
            "*::sync::Notify::new",
            "*::sync::Barrier::new",
        ],
    },
    Group {
        rule: Rule::SharedState,
        help: None,
        paths: &[
            "std::sync::atomic::*",
            "*::atomic::fence",
            "AtomicBool::new",
            "AtomicPtr::new",
            "AtomicI8::new",
            "AtomicI16::new",
            "AtomicI32::new",
            "AtomicI64::new",
            "AtomicIsize::new",
            "AtomicU8::new",
            "AtomicU16::new",
            "AtomicU32::new",
            "AtomicU64::new",
            "AtomicUsize::new",
            "AtomicBool::default",
            "AtomicI32::default",
            "AtomicI64::default",
            "AtomicU32::default",
            "AtomicU64::default",
            "AtomicUsize::default",
        ],
    },
];

/// Functions below a `::*` that are plain computation.
const HARMLESS: &[&str] = &[
    "reqwest::Url",
    "reqwest::StatusCode",
    "reqwest::Method",
    "reqwest::header",
    "hyper::StatusCode",
    "hyper::Method",
    "hyper::header",
    "hyper::Uri",
    "sqlx::types",
    "mongodb::bson",
    "fastrand::Rng::with_seed",
    "getrandom::Error",
    "lettre::Address",
    "lettre::message",
    "lettre::Message",
    "lapin::types",
    "tokio::fs::File::from_std",
    "std::process::ExitCode",
    "diesel::dsl",
    "object_store::path",
];

/// Which of a group's paths.
struct Pattern {
    segments: Vec<&'static str>,
    known: Known,
    form: Form,
}

#[derive(PartialEq, Eq)]
enum Form {
    /// In full, or by the last two segments.
    Usual,
    InFull,
    /// Everything below.
    Below,
    /// Whatever stands before.
    Behind,
}

impl Pattern {
    fn read(text: &'static str, known: Known) -> Self {
        let (text, form) = if let Some(rest) = text.strip_prefix('=') {
            (rest, Form::InFull)
        } else if let Some(rest) = text.strip_suffix("::*") {
            (rest, Form::Below)
        } else if let Some(rest) = text.strip_prefix("*::") {
            (rest, Form::Behind)
        } else {
            (text, Form::Usual)
        };
        Self {
            segments: text.split("::").collect(),
            known,
            form,
        }
    }

    /// The segment that a path must have, by which the pattern is found.
    fn key(&self) -> &'static str {
        let segment = match self.form {
            Form::Below => self.segments.first(),
            _ => self.segments.last(),
        };
        segment.copied().unwrap_or_default()
    }

    fn fits(&self, path: &[&str]) -> bool {
        let segments = self.segments.as_slice();
        match self.form {
            Form::InFull => path == segments,
            Form::Below => path.len() > segments.len() && path.starts_with(segments),
            Form::Behind => path.len() > 1 && path.ends_with(segments),
            Form::Usual => {
                let tail = &segments[segments.len().saturating_sub(2)..];
                path == segments || (path.len() > 1 && tail.len() == 2 && path.ends_with(tail))
            }
        }
    }
}

/// The patterns by the segment that they are found by.
static INDEX: LazyLock<HashMap<&'static str, Vec<Pattern>>> = LazyLock::new(|| {
    let mut index: HashMap<_, Vec<_>> = HashMap::new();
    for group in GROUPS {
        let known = Known {
            rule: group.rule,
            help: group.help,
        };
        for text in group.paths {
            let pattern = Pattern::read(text, known);
            index.entry(pattern.key()).or_default().push(pattern);
        }
    }
    index
});

/// The rule that `path`, a function's, breaks.
pub(super) fn known(path: &[String]) -> Option<Known> {
    let mut path: Vec<&str> = path.iter().map(String::as_str).collect();
    if path.len() > 1 && ["core", "alloc"].contains(&path[0]) {
        path[0] = "std";
    }
    let (first, last) = (*path.first()?, *path.last()?);
    let fit = |key: &str| INDEX.get(key)?.iter().find(|pattern| pattern.fits(&path));
    if let Some(pattern) = fit(last).filter(|pattern| pattern.form != Form::Below) {
        return Some(pattern.known);
    }
    // Types and constants below a crate do nothing by themselves.
    let does_something = last.starts_with(|c: char| c.is_lowercase());
    let below = fit(first).filter(|pattern| pattern.form == Form::Below);
    let known = below.filter(|_| does_something)?.known;
    let harmless = HARMLESS
        .iter()
        .any(|harmless| path.starts_with(&harmless.split("::").collect::<Vec<_>>()));
    (!harmless).then_some(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule_of(path: &str) -> Option<Rule> {
        let words: Vec<String> = path.split("::").map(str::to_owned).collect();
        known(&words).map(|known| known.rule)
    }

    #[test]
    fn a_path_is_known_in_full_and_by_its_last_two_segments() {
        assert_eq!(rule_of("std::time::Instant::now"), Some(Rule::Clock));
        assert_eq!(rule_of("Instant::now"), Some(Rule::Clock));
        assert_eq!(rule_of("core::hint::black_box"), None);
        assert_eq!(rule_of("now"), None);
    }

    #[test]
    fn everything_below_a_crate_is_known_but_its_data() {
        assert_eq!(rule_of("reqwest::Client::new"), Some(Rule::Network));
        assert_eq!(rule_of("reqwest::StatusCode::from_u16"), None);
        assert_eq!(rule_of("std::net::IpAddr::from"), None);
    }

    #[test]
    fn names_that_may_be_the_users_own_are_known_in_full_only() {
        assert_eq!(rule_of("std::process::Command::new"), Some(Rule::Process));
        assert_eq!(rule_of("process::Command::new"), Some(Rule::Process));
        assert_eq!(rule_of("Command::new"), None);
        assert_eq!(rule_of("Barrier::new"), None);
    }

    #[test]
    fn every_rule_of_a_group_is_found_by_the_check_of_the_body() {
        for group in GROUPS {
            let found_by = group.rule.entry().found_by;
            assert_eq!(found_by, crate::determinism::rules::FoundBy::Body);
        }
    }
}
