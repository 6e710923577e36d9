//! What names mean in a body: items that it defines, and what it imports.

use std::collections::HashMap;

use syn::Block;
use syn::Item;
use syn::Path;
use syn::Stmt;
use syn::UseTree;
use syn::ext::IdentExt;

use super::hash_order::Order;

/// The blocks around a place, the innermost last.
#[derive(Default)]
pub(super) struct Scope {
    frames: Vec<Frame>,
}

/// What one block, or one closure or arm, adds.
#[derive(Default)]
struct Frame {
    items: HashMap<String, Meaning>,
    globs: Vec<Vec<String>>,
    bindings: HashMap<String, Order>,
}

/// What an item's name stands for.
#[derive(Clone, PartialEq, Eq)]
enum Meaning {
    /// Something that the body defines.
    Own(Own),
    /// What `use` says.
    Import(Vec<String>),
}

/// What the body defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Own {
    AsyncFunction,
    Other,
}

/// A path, resolved.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Resolved {
    /// The body or the crate defines it.
    Own(Own),
    /// The path in full, as far as the body shows; several after imports of everything.
    Foreign(Vec<Vec<String>>),
}

/// How many imports a name is followed through.
const MOST_IMPORTS: usize = 4;

impl Scope {
    /// Enters a block with items of its own.
    pub(super) fn enter_block(&mut self, block: &Block) {
        let mut frame = Frame::default();
        for statement in &block.stmts {
            if let Stmt::Item(item) = statement {
                frame.define(item);
            }
        }
        self.frames.push(frame);
    }

    /// Enters something that only binds variables.
    pub(super) fn enter(&mut self) {
        self.frames.push(Frame::default());
    }

    pub(super) fn leave(&mut self) {
        self.frames.pop();
    }

    /// Says that `name` is a variable from here on.
    pub(super) fn bind(&mut self, name: String, order: Order) {
        if let Some(frame) = self.frames.last_mut() {
            frame.bindings.insert(name, order);
        }
    }

    /// What is known of the variable `name`.
    pub(super) fn variable(&self, name: &str) -> Option<Order> {
        let mut frames = self.frames.iter().rev();
        frames.find_map(|frame| frame.bindings.get(name).copied())
    }

    /// What `path` means.
    pub(super) fn resolve(&self, path: &Path) -> Resolved {
        let mut words = words(path);
        if path.leading_colon.is_some() {
            return Resolved::Foreign(vec![words]);
        }
        // An import may go through another: `use std::time; use time::Instant;`.
        for _ in 0..MOST_IMPORTS {
            let Some((first, rest)) = words.split_first() else {
                break;
            };
            if is_anchor(first) {
                return Resolved::Own(Own::Other);
            }
            match self.meaning(first) {
                Some(Meaning::Own(own)) if rest.is_empty() => return Resolved::Own(*own),
                Some(Meaning::Own(_)) => return Resolved::Own(Own::Other),
                Some(Meaning::Import(full)) => {
                    let settled = full.first() == Some(first);
                    words = [full.as_slice(), rest].concat();
                    if settled {
                        break;
                    }
                }
                None => break,
            }
        }
        let globs = self.frames.iter().flat_map(|frame| &frame.globs);
        let below: Vec<_> = globs
            .map(|glob| [glob.as_slice(), &words].concat())
            .collect();
        Resolved::Foreign([vec![words], below].concat())
    }

    fn meaning(&self, name: &str) -> Option<&Meaning> {
        let mut frames = self.frames.iter().rev();
        frames.find_map(|frame| frame.items.get(name))
    }

    /// Whether the body defines a macro of that name.
    pub(super) fn is_own_macro(&self, name: &str) -> bool {
        matches!(self.meaning(&macro_key(name)), Some(Meaning::Own(_)))
    }
}

impl Frame {
    fn define(&mut self, item: &Item) {
        let (name, own) = match item {
            Item::Use(import) => return self.import(&[], &import.tree),
            Item::Fn(function) if function.sig.asyncness.is_some() && !is_durable(item) => {
                (&function.sig.ident, Own::AsyncFunction)
            }
            Item::Fn(function) => (&function.sig.ident, Own::Other),
            Item::Struct(item) => (&item.ident, Own::Other),
            Item::Enum(item) => (&item.ident, Own::Other),
            Item::Union(item) => (&item.ident, Own::Other),
            Item::Trait(item) => (&item.ident, Own::Other),
            Item::Type(item) => (&item.ident, Own::Other),
            Item::Mod(item) => (&item.ident, Own::Other),
            Item::Const(item) => (&item.ident, Own::Other),
            Item::Static(item) => (&item.ident, Own::Other),
            Item::Macro(item) => {
                if let Some(name) = &item.ident {
                    let key = macro_key(&name.to_string());
                    self.items.insert(key, Meaning::Own(Own::Other));
                }
                return;
            }
            _ => return,
        };
        self.items
            .insert(name.unraw().to_string(), Meaning::Own(own));
    }

    fn import(&mut self, prefix: &[String], tree: &UseTree) {
        let extended = |name: &syn::Ident| {
            let mut path = prefix.to_vec();
            path.push(name.unraw().to_string());
            path
        };
        match tree {
            UseTree::Path(path) => self.import(&extended(&path.ident), &path.tree),
            UseTree::Name(name) if name.ident == "self" => {
                if let Some(last) = prefix.last() {
                    self.add(last.clone(), prefix.to_vec());
                }
            }
            UseTree::Name(name) => self.add(name.ident.unraw().to_string(), extended(&name.ident)),
            UseTree::Rename(rename) => {
                let path = if rename.ident == "self" {
                    prefix.to_vec()
                } else {
                    extended(&rename.ident)
                };
                self.add(rename.rename.unraw().to_string(), path);
            }
            UseTree::Glob(_) => self.globs.push(prefix.to_vec()),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(prefix, tree);
                }
            }
        }
    }

    fn add(&mut self, name: String, path: Vec<String>) {
        let Some(first) = path.first() else { return };
        let meaning = if is_anchor(first) {
            Meaning::Own(Own::Other)
        } else {
            Meaning::Import(path)
        };
        self.items.insert(name, meaning);
    }
}

/// Macros have names of their own.
fn macro_key(name: &str) -> String {
    format!("{name}!")
}

/// What begins there is the user's own.
fn is_anchor(word: &str) -> bool {
    ["crate", "self", "super", "Self"].contains(&word)
}

/// Whether the item has an attribute of ours, and so is no ordinary function.
fn is_durable(item: &Item) -> bool {
    let Item::Fn(function) = item else {
        return false;
    };
    let mut attributes = function.attrs.iter();
    attributes.any(|attribute| is_ours(attribute.path()))
}

/// `#[activity]` and the like, under whatever path.
pub(super) fn is_ours(path: &Path) -> bool {
    let last = path.segments.last();
    last.is_some_and(|last| {
        ["activity", "orchestrator", "entity"]
            .iter()
            .any(|ours| last.ident == ours)
    })
}

/// The segments of a path as text, without generic arguments.
pub(super) fn words(path: &Path) -> Vec<String> {
    let segments = path.segments.iter();
    segments
        .map(|segment| segment.ident.unraw().to_string())
        .collect()
}
