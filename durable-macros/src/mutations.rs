//! Whatever stands under an attribute, its macro does not panic, and says what is wrong.
//!
//! Functions and types of the programs under `tests/ui` are changed at random: tokens are taken
//! out, doubled, swapped, replaced and put in. `DURABLE_LONG=1` tries ten times as many, and
//! `DURABLE_TEST_SEED=…` one of them.

use std::fs;
use std::path::Path;

use proc_macro2::Group;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;
use quote::ToTokens;
use syn::Attribute;
use syn::ImplItem;
use syn::Item;
use syn::Meta;
use syn::Stmt;

use crate::activity;
use crate::entity;
use crate::event;
use crate::fuzzing::Expand;
use crate::fuzzing::Outcome;
use crate::fuzzing::outcome;
use crate::orchestrator;

const USUALLY: u64 = 10_000;
const LONG: u64 = 100_000;

/// What a macro is given.
#[derive(Clone)]
struct Input {
    expand: Expand,
    options: TokenStream,
    item: TokenStream,
}

#[test]
fn whatever_is_given_is_expanded_or_refused_with_a_place() {
    let inputs = inputs();
    assert!(inputs.len() > 200, "{} are too few", inputs.len());
    let pool = pool(&inputs);
    let long = std::env::var("DURABLE_LONG").is_ok_and(|long| long == "1");
    let seeds = match std::env::var("DURABLE_TEST_SEED") {
        Ok(seed) => {
            let seed: u64 = seed.parse().unwrap();
            seed..seed + 1
        }
        Err(_) if long => 0..LONG,
        Err(_) => 0..USUALLY,
    };
    let (mut right, mut refused) = (0, 0);
    for seed in seeds {
        let input = mutated(&inputs, &pool, &mut Random(seed));
        match outcome(input.expand, input.options.clone(), &input.item) {
            Ok(Outcome::Right) => right += 1,
            Ok(Outcome::Refused) => refused += 1,
            Err(problem) => {
                let (options, item) = (input.options, input.item);
                panic!("DURABLE_TEST_SEED={seed}: {problem}\noptions: {options}\nitem: {item}");
            }
        }
    }
    println!("{right} were expanded, {refused} refused");
}

/// A generator of random numbers, the same for each run (`SplitMix64`).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap()
    }
}

fn mutated(inputs: &[Input], pool: &[TokenTree], random: &mut Random) -> Input {
    // The first numbers of neighbouring seeds resemble each other.
    random.next();
    let mut input = inputs[random.below(inputs.len())].clone();
    for _ in 0..=random.below(3) {
        let in_options = !input.options.is_empty() && random.below(4) == 0;
        let tokens = if in_options {
            &mut input.options
        } else {
            &mut input.item
        };
        let position = random.below(count(tokens) + 1);
        *tokens = change(tokens, &mut { position }, pool, random);
    }
    // The compiler gives a macro an item, whatever is in it.
    if input.item.is_empty() {
        input.item.extend(pool.first().cloned());
    }
    input
}

/// How many tokens there are at all depths.
fn count(tokens: &TokenStream) -> usize {
    let each = tokens.clone().into_iter().map(|token| match token {
        TokenTree::Group(group) => 1 + count(&group.stream()),
        _ => 1,
    });
    each.sum()
}

/// Changes something at the token of that number.
fn change(
    tokens: &TokenStream,
    position: &mut usize,
    pool: &[TokenTree],
    random: &mut Random,
) -> TokenStream {
    let mut changed: Vec<TokenTree> = Vec::new();
    let mut rest = tokens.clone().into_iter();
    while let Some(token) = rest.next() {
        if *position == 0 {
            *position = usize::MAX;
            let other = pool[random.below(pool.len())].clone();
            match random.below(5) {
                0 => {}
                1 => changed.extend([token.clone(), token]),
                2 => {
                    changed.extend(rest.next());
                    changed.push(token);
                }
                3 => changed.extend([other, token]),
                _ => changed.push(other),
            }
            changed.extend(rest);
            return changed.into_iter().collect();
        }
        *position = position.saturating_sub(usize::from(*position != usize::MAX));
        changed.push(match token {
            TokenTree::Group(group) if *position != usize::MAX => {
                let inner = change(&group.stream(), position, pool, random);
                let mut inner = Group::new(group.delimiter(), inner);
                inner.set_span(group.span());
                TokenTree::Group(inner)
            }
            other => other,
        });
    }
    changed.into_iter().collect()
}

/// Tokens that are seldom in programs.
const SELDOM: &str = r#"
async await move loop while for in match if else return break continue as dyn impl fn mut ref
static const unsafe extern crate self super Self where let |x| => -> .. ..= ... :: # ! ? & * @
'a 'durable 1 1.5 "text" b"x" 'c' () [] {} ; , $ _ join select try_join allow_nondeterminism
D001 D109 inline checkpoint version events init migrate_from r#fn r#type #[doc = "x"] #[allow_nondeterminism(D001)]
#[read_only] &self &mut self EntityContext State signal_it at
"#;

/// The tokens of all inputs, and some that are seldom.
fn pool(inputs: &[Input]) -> Vec<TokenTree> {
    // From a text, so that the tokens have places.
    let more: TokenStream = SELDOM.parse().unwrap();
    let mut pool = Vec::new();
    let mut add = |tokens: &TokenStream| pool.extend(tokens.clone());
    add(&more);
    for input in inputs {
        add(&input.options);
        add(&input.item);
        if let Some(TokenTree::Group(body)) = input.item.clone().into_iter().last() {
            add(&body.stream());
        }
    }
    pool
}

/// What the programs under `tests/ui` give to the macros; orchestrators also as helpers and with
/// checkpoints.
fn inputs() -> Vec<Input> {
    let mut inputs = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui");
    for file in rust_files(&root) {
        // A program with a broken body has none.
        if let Ok(file) = syn::parse_file(&fs::read_to_string(file).unwrap()) {
            file.items
                .iter()
                .for_each(|item| collect(item, &mut inputs));
        }
    }
    inputs
}

fn rust_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn collect(item: &Item, inputs: &mut Vec<Input>) {
    match item {
        Item::Fn(function) => {
            add(&function.attrs, item, inputs);
            for statement in &function.block.stmts {
                if let Stmt::Item(item) = statement {
                    collect(item, inputs);
                }
            }
        }
        Item::Struct(item) => add(&item.attrs, item, inputs),
        Item::Enum(item) => add(&item.attrs, item, inputs),
        Item::Mod(module) => {
            let items = module.content.iter().flat_map(|(_, items)| items);
            items.for_each(|item| collect(item, inputs));
        }
        Item::Impl(methods) => {
            add(&methods.attrs, methods, inputs);
            add(&methods.attrs, &without_bodies(methods), inputs);
            for item in &methods.items {
                if let ImplItem::Fn(method) = item {
                    add(&method.attrs, method, inputs);
                }
            }
        }
        _ => {}
    }
}

fn add(attributes: &[Attribute], item: &impl ToTokens, inputs: &mut Vec<Input>) {
    for attribute in attributes {
        let Some(name) = attribute.path().segments.last() else {
            continue;
        };
        let options = match &attribute.meta {
            Meta::List(list) => list.tokens.clone(),
            _ => TokenStream::new(),
        };
        let mut input = |expand: Expand, options| {
            let item = without_ours(item.to_token_stream());
            inputs.push(Input {
                expand,
                options,
                item,
            });
        };
        match name.ident.to_string().as_str() {
            "activity" => input(activity::expand, options),
            "entity" => input(entity::expand, options),
            "orchestrator" => {
                input(orchestrator::expand, options.clone());
                let checkpoint: TokenStream = "checkpoint,".parse().unwrap();
                let with_checkpoint = checkpoint.into_iter().chain(options).collect();
                input(orchestrator::expand, with_checkpoint);
                input(orchestrator::expand, "inline".parse().unwrap());
            }
            "derive" if options.to_string().contains("Event") => {
                input(|_, item| event::expand(item.clone()), TokenStream::new());
            }
            _ => {}
        }
    }
}

/// The same block with empty bodies, so that what is changed is in the signatures.
fn without_bodies(methods: &syn::ItemImpl) -> syn::ItemImpl {
    let mut emptied = methods.clone();
    for item in &mut emptied.items {
        if let ImplItem::Fn(method) = item {
            method.block.stmts.clear();
        }
    }
    emptied
}

/// The compiler takes the attribute away that it expands.
fn without_ours(item: TokenStream) -> TokenStream {
    let mut kept: Vec<TokenTree> = Vec::new();
    for token in item {
        let ours = match &token {
            TokenTree::Group(group) => ["activity", "orchestrator", "entity", "derive"]
                .iter()
                .any(|name| group.stream().to_string().starts_with(name)),
            _ => false,
        };
        let behind_hash =
            matches!(kept.last(), Some(TokenTree::Punct(hash)) if hash.as_char() == '#');
        if ours && behind_hash {
            kept.pop();
        } else {
            kept.push(token);
        }
    }
    kept.into_iter().collect()
}
