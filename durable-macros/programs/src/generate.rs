//! Random orchestrators: branches, loops, `?`, shadowing, moves, guards, items in the body, names
//! captured in text.

use std::fmt::Write as _;

/// A small generator of random numbers (xorshift64*), the same everywhere.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..4 {
            random.below(2);
        }
        random
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) % end
    }

    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        let at = usize::try_from(self.below(choices.len() as u64)).unwrap_or(0);
        choices[at]
    }
}

/// The programs with these seeds, and the list of them.
pub(crate) fn batch(first: u64, count: u64) -> String {
    let mut text = String::new();
    let mut list = String::new();
    for seed in first..first + count {
        let body = Program::new(seed).body();
        // Writing to a `String` cannot fail.
        let _ = write!(
            text,
            "mod program_{seed} {{\n    use crate::world::*;\n\n    #[orchestrator(checkpoint = 1, events(Poke))]\n    \
             pub async fn saved(ctx: &OrchestrationContext, {PARAMETERS}) -> Result<String, Stop> {{\n{body}    }}\n\n    \
             #[orchestrator(events(Poke))]\n    \
             pub async fn plain(ctx: &OrchestrationContext, {PARAMETERS}) -> Result<String, Stop> {{\n{body}    }}\n}}\n"
        );
        let _ = write!(list, "    program!({seed}, program_{seed}),\n");
    }
    format!("{text}\npub const PROGRAMS: &[Program] = &[\n{list}];\n")
}

const PARAMETERS: &str = "seed: u64, mut budget: u64, words: Vec<String>";

/// A program that is being written.
struct Program {
    random: Random,
    text: String,
    indent: usize,
    /// Names of numbers in scope, and whether they can be changed.
    numbers: Vec<(String, bool)>,
    /// Names of texts in scope.
    texts: Vec<String>,
    /// Names of lists of numbers in scope that can be changed.
    lists: Vec<String>,
    /// Names of guards that must be used later.
    guards: Vec<String>,
    next: u64,
}

impl Program {
    fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed + 1),
            text: String::new(),
            indent: 2,
            numbers: vec![("seed".to_owned(), false), ("budget".to_owned(), true)],
            texts: Vec::new(),
            lists: Vec::new(),
            guards: Vec::new(),
            next: 0,
        }
    }

    fn body(mut self) -> String {
        if self.random.once_in(2) {
            self.line("fn twice(n: u64) -> u64 { n * 2 }");
        } else {
            self.line("use crate::world::twice;");
        }
        self.statements(2, 5);
        if self.random.once_in(3) {
            self.line("const LIMIT: u64 = 3;");
        } else {
            self.line("const LIMIT: u64 = 2;");
        }
        self.line("let _ = LIMIT;");
        let loops = 1 + self.random.below(3);
        for _ in 0..loops {
            self.top_loop();
            self.statements(0, 3);
        }
        self.end();
        self.text
    }

    fn line(&mut self, line: &str) {
        for _ in 0..=self.indent {
            self.text.push_str("    ");
        }
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn fresh(&mut self, stem: &str) -> String {
        self.next += 1;
        format!("{stem}_{}", self.next)
    }

    fn number(&mut self) -> String {
        let at = self.random.below(self.numbers.len() as u64 + 1);
        let at = usize::try_from(at).unwrap_or(0);
        match self.numbers.get(at) {
            Some((name, _)) => name.clone(),
            None => format!("{}u64", self.random.below(5)),
        }
    }

    /// A number that can be changed; not the one that ends the loops.
    fn changing(&mut self) -> Option<String> {
        let changing = self
            .numbers
            .iter()
            .filter(|(name, mutable)| *mutable && name != "budget");
        let changing: Vec<_> = changing.map(|(name, _)| name.clone()).collect();
        let count = changing.len() as u64;
        let at = (count > 0).then(|| self.random.below(count))?;
        changing.get(usize::try_from(at).ok()?).cloned()
    }

    /// A number that an expression makes.
    fn made(&mut self) -> String {
        let (a, b) = (self.number(), self.number());
        match self.random.below(9) {
            0 => format!("work({a}).await?"),
            1 => format!("work({a}).await.unwrap_or(9)"),
            2 => format!("{a} + {b} % 3"),
            3 => format!("twice({a} % 50)"),
            4 => format!("ctx.random::<u64>() % 7 + {a} % 2"),
            5 => format!("ctx.side_effect(|| 4u64).await + {a} % 3"),
            6 => format!("if {a} > {b} {{ work({b}).await? }} else {{ {b} }}"),
            7 => format!("match {a} % 3 {{ 0 => 1, 1 => work({b}).await?, other => other }}"),
            _ => format!("{{ let (x, y) = join!(work({a}), work({b})); x? + y.unwrap_or(1) }}"),
        }
    }

    fn statements(&mut self, least: u64, more: u64) {
        for _ in 0..least + self.random.below(more + 1) {
            self.statement();
        }
    }

    fn statement(&mut self) {
        match self.random.below(17) {
            0..=3 => self.make_number(),
            4 => self.make_text(),
            5 => self.make_list(),
            6..=8 => self.make_guard(),
            9 => {
                let made = self.made();
                if let Some(name) = self.changing() {
                    self.line(&format!("{name} = ({made}) % 1_000;"));
                }
            }
            10 => {
                let (a, b) = (self.number(), self.number());
                let end = self.random.pick(&[
                    "return Ok(\"early\".to_owned());",
                    "return Err(Stop::Early);",
                ]);
                self.line(&format!("if {a} == {b} + 17 {{ log(\"early\"); {end} }}"));
            }
            11 => {
                let a = self.number();
                self.line(&format!("log(format!(\"see {{}}\", {a}));"));
            }
            12 => {
                let a = self.number();
                if !a.starts_with(char::is_numeric) {
                    self.line(&format!("log(format!(\"{{{a}}} and {{{a}:>4}}\"));"));
                }
            }
            13 => {
                let (a, name) = (self.number(), self.fresh("pair"));
                self.line(&format!("let ({name}, mut {name}_b) = pair({a} % 100);"));
                self.line(&format!("{name}_b += 1;"));
                self.numbers.push((name.clone(), false));
                self.numbers.push((format!("{name}_b"), true));
            }
            14 => {
                let (a, name) = (self.number(), self.fresh("some"));
                self.line(&format!(
                    "let Some({name}) = odd({a}) else {{ log(\"even\"); return Ok(\"even\".to_owned()); }};"
                ));
                self.numbers.push((name, false));
            }
            15 => {
                let (a, name) = (self.number(), self.fresh("by"));
                self.line(&format!("let {name} = |n: u64| n + {a} % 5;"));
                self.line(&format!("log(format!(\"closed {{}}\", {name}(2)));"));
            }
            _ => {
                let (a, name) = (self.number(), self.fresh("nested"));
                self.line(&format!(
                    "let {name} = {{ let mut sum = 0; for i in 0..{a} % 3 {{ sum += work(i).await?; }} sum }};"
                ));
                self.numbers.push((name, false));
            }
        }
    }

    fn make_number(&mut self) {
        let made = self.made();
        let mutable = self.random.once_in(2);
        let shadows = self.random.once_in(3);
        let known = if shadows {
            self.number()
        } else {
            String::new()
        };
        let name = match known.chars().next() {
            Some(first) if !first.is_numeric() && known != "budget" => known,
            _ => self.fresh("n"),
        };
        let ty = self.random.pick(&["", ": u64"]);
        // A name may be that of a function, or of what is shadowed.
        let keyword = if mutable { "let mut" } else { "let" };
        self.line(&format!("{keyword} {name}{ty} = {made};"));
        if mutable {
            self.line(&format!("{name} = {name} % 997;"));
        }
        self.numbers.retain(|(other, _)| *other != name);
        self.numbers.push((name, mutable));
    }

    fn make_text(&mut self) {
        let (a, name) = (self.number(), self.fresh("text"));
        let made = match self.random.below(3) {
            0 => format!("format!(\"<{{}}>\", {a})"),
            1 => "\"a constant\"".to_owned(),
            _ => "words.join(\"+\")".to_owned(),
        };
        self.line(&format!("let {name} = {made};"));
        self.texts.push(name);
    }

    fn make_list(&mut self) {
        let (a, b, name) = (self.number(), self.number(), self.fresh("list"));
        self.line(&format!("let mut {name} = vec![{a} % 9, {b} % 9];"));
        self.line(&format!("{name}.push(3);"));
        self.lists.push(name);
    }

    fn make_guard(&mut self) {
        let n = self.next + 1;
        let name = self.fresh("guard");
        match self.random.below(6) {
            // Not mentioned again, or only looked at: it ends with the function.
            0 => self.line(&format!("let {name} = Guard::new({n});")),
            1 => {
                self.line(&format!("let {name} = Guard::new({n});"));
                self.line(&format!("look(&{name});"));
            }
            2 => {
                self.line(&format!("let {name} = Guard::new({n});"));
                self.line(&format!("let {name} = Guard::new(peek(&{name}) + 1_000);"));
                self.guards.push(name);
            }
            3 => {
                self.line(&format!("let {name} = Guard::new({n});"));
                self.line(&format!("drop({name});"));
            }
            4 => {
                self.line(&format!("let {name} = Guard::new({n});"));
                self.line(&format!("let taken_{n} = swallow({name});"));
                self.numbers.push((format!("taken_{n}"), false));
            }
            _ => {
                self.line(&format!("let mut {name} = Guard::new({n});"));
                self.line(&format!("{name}.touch();"));
                self.guards.push(name);
            }
        }
    }

    /// What happens in a loop: names made there end with it.
    fn inside(&mut self, exit: &str) {
        let known = (
            self.numbers.clone(),
            self.texts.clone(),
            self.lists.clone(),
            self.guards.clone(),
        );
        self.indent += 1;
        self.line("log(\"turn\");");
        self.line(&format!(
            "budget = budget.saturating_sub(1); if budget == 0 {{ {exit} }}"
        ));
        if let Some(guard) = self.guards.last().cloned()
            && self.random.once_in(2)
        {
            self.line(&format!("look(&{guard});"));
        }
        if let Some(list) = self.lists.last().cloned()
            && self.random.once_in(2)
        {
            let a = self.number();
            self.line(&format!("{list}.push({a} % 5);"));
        }
        if self.random.once_in(3) {
            self.line("ctx.sleep(seconds(1)).await;");
        }
        if self.random.once_in(4) {
            self.line("let _poke = select! { poke = ctx.wait_for::<Poke>() => poke.0, _ = ctx.sleep(seconds(2)) => 0 };");
        }
        self.statements(1, 3);
        if self.random.once_in(3) {
            let a = self.number();
            self.line(&format!("if {a} % 4 == 1 {{ continue; }}"));
        }
        if self.random.once_in(3) {
            let a = self.number();
            self.line(&format!("if {a} % 5 == 2 {{ {exit} }}"));
        }
        self.statements(0, 2);
        self.indent -= 1;
        (self.numbers, self.texts, self.lists, self.guards) = known;
    }

    fn top_loop(&mut self) {
        self.line("budget = budget % 3 + 4;");
        match self.random.below(8) {
            0 | 1 => {
                self.line("loop {");
                self.inside("break;");
                self.line("}");
            }
            2 => {
                let name = self.fresh("value");
                self.line(&format!("let {name} = loop {{"));
                self.inside("break budget + 3;");
                self.line("};");
                self.numbers.push((name, false));
            }
            3 => {
                self.line("while budget > 1 {");
                self.inside("break;");
                self.line("}");
            }
            4 => {
                let list = self.fresh("stack");
                self.line(&format!("let mut {list} = vec![1u64, 2, 3];"));
                self.line(&format!("while let Some(item) = {list}.pop() {{"));
                self.numbers.push(("item".to_owned(), false));
                self.inside("break;");
                self.numbers.retain(|(name, _)| name != "item");
                self.line("}");
            }
            5 => {
                let range = self.random.pick(&["0..4u64", "1..=3u64", "0u64.."]);
                self.line(&format!("'outer: for item in {range} {{"));
                self.numbers.push(("item".to_owned(), false));
                self.inside("break 'outer;");
                self.numbers.retain(|(name, _)| name != "item");
                self.line("}");
            }
            6 => {
                self.line("for (item, word) in words.clone().into_iter().enumerate() {");
                self.line("    log(format!(\"{item}{word}\"));");
                self.inside("break;");
                self.line("}");
            }
            _ => {
                let n = self.next + 1;
                self.line(&format!(
                    "for held in [Guard::new({n}01), Guard::new({n}02)] {{"
                ));
                self.line("    look(&held);");
                self.inside("break;");
                self.line("}");
            }
        }
    }

    fn end(&mut self) {
        for guard in std::mem::take(&mut self.guards) {
            self.line(&format!("look(&{guard});"));
        }
        let numbers: Vec<_> = self.numbers.iter().map(|(name, _)| name.clone()).collect();
        let mut parts = Vec::new();
        for name in numbers.iter().chain(&self.texts.clone()) {
            if self.random.once_in(2) {
                parts.push(format!("{{{name}}}"));
            }
        }
        for name in self.lists.clone() {
            if self.random.once_in(2) {
                parts.push(format!("{{{name}:?}}"));
            }
        }
        self.line(&format!("Ok(format!(\"end {}\"))", parts.join(" ")));
    }
}
