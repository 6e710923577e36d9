//! Whether the rules have no gaps: each has a page, a program that breaks it with the message that
//! it gets, and one that keeps it. `DURABLE_RULES=update` writes the list of the pages.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Item;
use syn::Meta;

use super::rules::Entry;
use super::rules::FoundBy;
use super::rules::RULES;

#[test]
fn the_table_is_sorted_by_code() {
    for (position, entry) in RULES.iter().enumerate() {
        assert_eq!(entry.rule as usize, position);
    }
}

#[test]
fn every_rule_has_a_page_a_message_and_programs() {
    let (messages, kept) = (messages(), kept());
    // There the code of the pages is compiled.
    let compiled = fs::read_to_string(crates().join("examples/src/lib.rs")).unwrap();
    let mut gaps = Vec::new();
    for entry in RULES {
        let code = entry.rule.code();
        let mut gap = |is_there: bool, what: &str| {
            if !is_there {
                gaps.push(format!("{code}: {what}"));
            }
        };
        let page = fs::read_to_string(page(entry)).unwrap_or_default();
        let title = format!("# {code}: {}\n", entry.title);
        gap(page.starts_with(&title), "no page, or another title");
        gap(page.contains("\n## Why\n"), "the page does not say why");
        gap(
            page.contains("\n## Instead\n"),
            "the page does not say what instead",
        );
        gap(
            page.matches("```rust").count() == 2,
            "the page does not show both",
        );
        gap(
            compiled.contains(&format!("rules/{code}.md")),
            "the page is not compiled",
        );
        gap(messages.contains_key(&code), "no program breaks it");
        gap(kept.contains(&code), "no program keeps it");
    }
    let known: BTreeSet<String> = RULES.iter().map(|entry| entry.rule.code()).collect();
    let named = messages.keys().chain(&kept).cloned();
    for code in named.chain(codes_in_the_pages()) {
        if !known.contains(&code) {
            gaps.push(format!("{code}: no such rule"));
        }
    }
    assert!(gaps.is_empty(), "{}", gaps.join("\n"));
}

#[test]
fn what_a_page_calls_wrong_is_refused() {
    let by_macro = |entry: &&Entry| matches!(entry.found_by, FoundBy::Body | FoundBy::Macro);
    for entry in RULES.iter().filter(by_macro) {
        let code = entry.rule.code();
        let page = fs::read_to_string(page(entry)).unwrap();
        let wrong = page.split("```rust,compile_fail\n").nth(1).unwrap();
        let wrong = wrong.split("```").next().unwrap().lines();
        // What the page does not show is code, too.
        let wrong: Vec<_> = wrong
            .map(|line| line.strip_prefix("# ").unwrap_or(line))
            .collect();
        let wrong = syn::parse_file(&wrong.join("\n")).unwrap();
        let expansions: String = wrong.items.iter().map(expanded).collect();
        assert!(
            expansions.contains(&format!("[{code}]")),
            "{code}: {expansions}"
        );
    }
}

#[test]
fn the_list_of_pages_is_up_to_date() {
    let messages = messages();
    let mut list = String::from(
        "# Rules\n\nCode that breaks one of these rules does not compile, or the runtime does not start with\n\
         it. The message ends with the code of the rule. When the program runs, `durable` catches\n\
         [what a macro cannot see](limits.md). Another page compares these rules with\n\
         [the analyzers of Durable Functions](durable_functions.md).\n\n\
         | Code | Rule | Found by | Message |\n|---|---|---|---|\n",
    );
    for entry in RULES {
        let code = entry.rule.code();
        let found_by = match entry.found_by {
            FoundBy::Body => "the macro, in the body",
            FoundBy::Macro => "the macro",
            FoundBy::Bound => "the compiler",
            FoundBy::Start => "the registry, at the start",
        };
        let message = messages.get(&code).map(String::as_str).unwrap_or_default();
        let title = entry.title;
        writeln!(
            list,
            "| [{code}]({code}.md) | {title} | {found_by} | {message} |"
        )
        .unwrap();
    }
    let file = pages().join("README.md");
    if std::env::var("DURABLE_RULES").is_ok_and(|update| update == "update") {
        fs::write(&file, &list).unwrap();
    }
    let there = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        there == list,
        "the list is out of date: run with DURABLE_RULES=update"
    );
}

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn pages() -> PathBuf {
    crates().join("durable-runtime/docs/rules")
}

fn page(entry: &Entry) -> PathBuf {
    pages().join(format!("{}.md", entry.rule.code()))
}

/// The files below `folder` with that extension, sorted.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|is| is == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// By code, the first message that a program gets for breaking the rule. What is found at the start
/// is in the tests of the registry.
fn messages() -> BTreeMap<String, String> {
    let mut messages = BTreeMap::new();
    let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui");
    for file in files(&ui, "stderr") {
        let text = fs::read_to_string(file).unwrap();
        let mut message = "";
        for line in text.lines() {
            let error = line
                .strip_prefix("error")
                .and_then(|rest| rest.split_once(": "));
            message = error.map_or(message, |(_, error)| error);
            for code in codes(line) {
                let told = message.trim_end_matches(&format!(" [{code}]"));
                let told = told.trim_start_matches("evaluation panicked: ");
                messages
                    .entry(code)
                    .or_insert_with(|| told.replace('|', "\\|"));
            }
        }
    }
    let registry = crates().join("durable-runtime/tests/it/registry.rs");
    for line in fs::read_to_string(registry).unwrap().lines() {
        for code in codes(line) {
            let told = line.trim().trim_start_matches("- ").split(" [D").next();
            let told = told.unwrap_or_default().to_owned();
            messages.entry(code).or_insert(told);
        }
    }
    messages
}

/// The codes of rules that programs under `pass`, or tests of the registry, say to keep.
fn kept() -> BTreeSet<String> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = files(&manifest.join("tests/ui"), "rs");
    sources.retain(|file| file.components().any(|part| part.as_os_str() == "pass"));
    sources.push(crates().join("durable-runtime/tests/it/registry.rs"));
    let texts = sources
        .into_iter()
        .map(|file| fs::read_to_string(file).unwrap());
    texts
        .flat_map(|text| {
            let lines = text.lines().filter_map(|line| {
                line.split_once("// Keeps D")
                    .or(line.split_once("//! Keeps D"))
            });
            lines
                .flat_map(|(_, rest)| words(&format!("D{rest}")))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// `[D001]` in a line.
fn codes(line: &str) -> Vec<String> {
    let parts = line.split('[').skip(1);
    let codes = parts
        .filter_map(|part| part.split_once(']'))
        .map(|(code, _)| code);
    codes
        .filter(|code| is_code(code))
        .map(str::to_owned)
        .collect()
}

/// `D001` in a text.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words
        .filter(|word| is_code(word))
        .map(str::to_owned)
        .collect()
}

fn is_code(word: &str) -> bool {
    let digits = word.strip_prefix('D').unwrap_or_default();
    digits.len() == 3 && digits.chars().all(|c| c.is_ascii_digit())
}

fn codes_in_the_pages() -> Vec<String> {
    let texts = files(&pages(), "md").into_iter();
    texts
        .flat_map(|file| {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            let mut found = words(&fs::read_to_string(&file).unwrap());
            found.extend(is_code(&name).then_some(name));
            found
        })
        .collect()
}

/// What the macro makes of an item of a page.
fn expanded(item: &Item) -> String {
    let (attributes, tokens): (_, TokenStream) = match item {
        Item::Fn(function) => {
            let mut plain = function.clone();
            plain.attrs.clear();
            (&function.attrs, plain.into_token_stream())
        }
        Item::Struct(item) => (&item.attrs, item.into_token_stream()),
        Item::Impl(item) => {
            let mut plain = item.clone();
            plain.attrs.clear();
            (&item.attrs, plain.into_token_stream())
        }
        _ => return String::new(),
    };
    let expansions = attributes.iter().map(|attribute| {
        let options = match &attribute.meta {
            Meta::List(list) => list.tokens.clone(),
            _ => TokenStream::new(),
        };
        let name = attribute.path().to_token_stream().to_string();
        match name.as_str() {
            "activity" => crate::activity::expand(options, &tokens),
            "orchestrator" => crate::orchestrator::expand(options, &tokens),
            "entity" => crate::entity::expand(options, &tokens),
            _ => TokenStream::new(),
        }
    });
    expansions.map(|expansion| expansion.to_string()).collect()
}
