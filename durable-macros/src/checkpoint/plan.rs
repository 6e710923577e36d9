//! Which bindings a checkpoint at each loop holds.

use proc_macro2::Ident;
use syn::Expr;
use syn::Pat;
use syn::Stmt;
use syn::Type;

use super::bindings::Origin;
use super::bindings::bound;
use super::bindings::origin;
use super::lower::Piece;
use super::lower::last_loop;
use super::mentions::Mention;
use crate::diagnostics::Diagnostics;

/// A binding that is made before the last loop.
pub(super) struct Binding {
    pub(super) name: Ident,
    /// The name it is saved under.
    pub(super) shown: String,
    pub(super) mutable: bool,
    /// The type, where it is declared without a value.
    pub(super) ty: Option<Type>,
    /// The text that its value is.
    pub(super) text: Option<Expr>,
    origin: Origin,
    /// The piece that makes it; `None` for a parameter.
    piece: Option<usize>,
    /// For each loop, whether it must be there.
    carried: Vec<bool>,
    kept: bool,
}

impl Binding {
    pub(super) fn is_parameter(&self) -> bool {
        self.piece.is_none()
    }

    /// Whether it is not used any more and lives on.
    pub(super) fn is_kept(&self) -> bool {
        self.kept
    }
}

/// All bindings, with what becomes of them at each loop.
pub(super) struct Plan {
    pub(super) bindings: Vec<Binding>,
    /// The pieces that are loops.
    loops: Vec<usize>,
}

impl Plan {
    /// Plans the bindings of `pieces`, which are called `names` in this order.
    pub(super) fn of(pieces: &[Piece], names: Vec<(Ident, String)>, parameters: &[Pat]) -> Self {
        let loops = pieces.iter().enumerate();
        let loops: Vec<_> = loops
            .filter_map(|(at, piece)| piece.number.map(|_| at))
            .collect();
        let mut bindings = changing_parameters(parameters);
        let mut names = names.into_iter();
        for (at, piece) in pieces[..last_loop(pieces)].iter().enumerate() {
            bindings.extend(made_by(at, piece, &mut names));
        }
        for binding in &mut bindings {
            binding.plan(pieces, &loops);
        }
        Self { bindings, loops }
    }

    /// The bindings that a checkpoint at loop `number` must hold.
    pub(super) fn carried(&self, number: usize) -> impl Iterator<Item = &Binding> {
        let bindings = self.bindings.iter();
        bindings.filter(move |binding| binding.carried[number] && binding.text.is_none())
    }

    /// The bindings that are there at loop `number` and need not be saved.
    pub(super) fn constants(&self, number: usize) -> impl Iterator<Item = &Binding> {
        let bindings = self.bindings.iter();
        bindings.filter(move |binding| binding.carried[number] && binding.text.is_some())
    }

    /// The bindings that live on at loop `number` without being used.
    pub(super) fn kept(&self, number: usize) -> impl Iterator<Item = &Binding> {
        let (at, bindings) = (self.loops[number], self.bindings.iter());
        bindings.filter(move |b| b.kept && b.piece.is_some_and(|piece| piece < at))
    }

    /// Those of them that were made since the loop before.
    pub(super) fn kept_since(&self, number: usize) -> impl Iterator<Item = &Binding> {
        let before = number.checked_sub(1).map(|before| self.loops[before]);
        self.kept(number).filter(move |b| b.piece >= before)
    }

    /// Whether `name` is declared before everything else.
    pub(super) fn is_outside(&self, name: &Ident) -> bool {
        let mut bindings = self.bindings.iter();
        bindings.any(|b| b.name == *name && !b.kept && !b.is_parameter())
    }

    /// Reports what cannot be carried; whether all can.
    pub(super) fn check(&self, diagnostics: &mut Diagnostics) -> bool {
        let mut sound = true;
        for binding in &self.bindings {
            if binding.carried.contains(&true) {
                sound &= binding.check(diagnostics);
            }
        }
        sound
    }
}

/// Parameters that the body may change. The others are what the input says.
fn changing_parameters(parameters: &[Pat]) -> Vec<Binding> {
    let bound = parameters.iter().flat_map(bound);
    let changing = bound.filter(|bound| bound.mutable);
    changing
        .map(|bound| Binding {
            shown: bound.name.to_string(),
            name: bound.name,
            mutable: true,
            ty: None,
            text: None,
            origin: Origin::Value,
            piece: None,
            carried: Vec::new(),
            kept: false,
        })
        .collect()
}

fn made_by(
    at: usize,
    piece: &Piece,
    names: &mut impl Iterator<Item = (Ident, String)>,
) -> Vec<Binding> {
    let Stmt::Local(local) = &piece.statement else {
        return Vec::new();
    };
    let source = origin(local);
    let bound = bound(&local.pat).into_iter();
    let binding = |bound: super::bindings::Bound| {
        let shown = match &piece.sequence {
            Some(sequence) => Some(sequence.to_string()),
            None => names.next().map(|(_, shown)| shown),
        };
        let origin = match source {
            _ if bound.by_reference => Origin::Borrowed,
            _ if piece.sequence.is_some() => Origin::Value,
            source => source,
        };
        let init = local.init.as_ref().map(|init| (*init.expr).clone());
        let text = (origin == Origin::Text && !bound.mutable)
            .then_some(init)
            .flatten();
        let ty = match &local.pat {
            Pat::Type(typed) if origin == Origin::Nothing => Some((*typed.ty).clone()),
            _ => None,
        };
        Binding {
            shown: shown.unwrap_or_else(|| bound.name.to_string()),
            name: bound.name,
            mutable: bound.mutable,
            ty,
            text,
            origin,
            piece: Some(at),
            carried: Vec::new(),
            kept: false,
        }
    };
    bound.map(binding).collect()
}

impl Binding {
    fn plan(&mut self, pieces: &[Piece], loops: &[usize]) {
        let name = self.name.to_string();
        let from = self.piece.map_or(0, |piece| piece + 1);
        let how = |pieces: &[Piece]| {
            let mentions = pieces.iter().map(|piece| piece.mentions.of(&name));
            mentions.max().flatten()
        };
        for at in loops {
            let there = *at >= from;
            let later = there && how(&pieces[*at..]).is_some();
            let perhaps_gone = there && how(&pieces[from..*at]) == Some(Mention::PerhapsMoved);
            let was_carried = self.carried.contains(&true) && !self.is_parameter();
            let first = there && self.piece.is_some() && !self.kept && !was_carried;
            if first && !later && !perhaps_gone && self.origin == Origin::Owned {
                self.kept = self.carried.iter().all(|carried| !carried)
                    && loops.iter().all(|other| other >= at || *other < from);
            }
            self.carried
                .push(later || (was_carried && there && !perhaps_gone));
        }
    }

    fn check(&self, diagnostics: &mut Diagnostics) -> bool {
        let name = &self.name;
        let lives = format!(
            "`{}` is used in or after a loop that has a checkpoint",
            self.shown
        );
        match self.origin {
            Origin::Borrowed => diagnostics.help(
                name,
                format_args!("{lives}, but a checkpoint cannot save a borrow"),
                "use an owned value (`.clone()`, `.to_owned()`), or borrow inside the loop",
            ),
            Origin::Closure => diagnostics.help(
                name,
                format_args!("{lives}, but a checkpoint cannot save a closure"),
                "create the closure inside the loop, or write a function",
            ),
            Origin::Text if self.text.is_none() => diagnostics.help(
                name,
                format_args!("{lives}, but a checkpoint cannot save borrowed text"),
                "use owned text: `\"…\".to_owned()`",
            ),
            _ => return true,
        }
        false
    }
}
