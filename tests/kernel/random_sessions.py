"""Sessions at random: a type is defined, a value kept, the type edited, the value used.

Each part is a few lines of Rust with a hole for the session's own number, so that one kernel can run
many. `{T}` is the type, `{N}` the number.
"""

from dataclasses import dataclass
from itertools import zip_longest

# What a field can be: its type, a value, and how that value reads.
FIELDS = [
    ("u64", "8", "8"),
    ("String", 'String::from("eight")', '"eight"'),
    ("Vec<u8>", "vec![8, 8]", "[8, 8]"),
    ("[u64; 3]", "[8; 3]", "[8, 8, 8]"),
    ("Option<Box<u64>>", "Some(Box::new(8))", "Some(8)"),
    ("(u8, f64)", "(8, 8.5)", "(8, 8.5)"),
]

# How a type gets the field `n`: the cells that define it, and which of them an edit runs again. The
# last cell always makes `fn make{N}() -> {T}`.
DEFINITIONS = {
    "plain": ["#[derive(Debug, Clone)] struct {T} { n: {F} }\nfn make{N}() -> {T} { {T} { n: {V} } }"],
    "alone": ["#[derive(Debug, Clone)] struct {T} { n: {F} }", "fn make{N}() -> {T} { {T} { n: {V} } }"],
    "inner": ["#[derive(Debug, Clone)] struct In{N}({F});",
              "#[derive(Debug, Clone)] struct {T} { n: In{N} }\n"
              "fn make{N}() -> {T} { {T} { n: In{N}({V}) } }"],
    "module": ["mod m{N} { #[derive(Debug, Clone)] pub struct P { pub n: {F} } }",
               "use m{N}::P as {T};\nfn make{N}() -> {T} { {T} { n: {V} } }"],
    "glob": ["mod m{N} { #[derive(Debug, Clone)] pub struct {T} { pub n: {F} } }",
             "use m{N}::*;", "fn make{N}() -> {T} { {T} { n: {V} } }"],
    "alias": ["type A{N} = {F};", "#[derive(Debug, Clone)] struct {T} { n: A{N} }",
              "fn make{N}() -> {T} { {T} { n: {V} } }"],
    "associated": ["trait S{N} { type Item; }\nstruct K{N};", "impl S{N} for K{N} { type Item = {F}; }",
                   "#[derive(Debug, Clone)] struct {T} { n: <K{N} as S{N}>::Item }",
                   "fn make{N}() -> {T} { {T} { n: {V} } }"],
    "iterator": ["#[derive(Debug, Clone)] struct It{N};",
                 "impl Iterator for It{N} { type Item = {F}; fn next(&mut self) -> Option<{F}> "
                 "{ Some({V}) } }",
                 "#[derive(Debug, Clone)] struct {T} { n: std::iter::Peekable<It{N}> }",
                 "fn make{N}() -> {T} { let mut n = It{N}.peekable(); n.peek(); {T} { n } }"],
    "macro": ["macro_rules! mk{N} { ($name:ident) => { #[derive(Debug, Clone)] struct $name "
              "{ n: {F} } } }", "mk{N}!({T});", "fn make{N}() -> {T} { {T} { n: {V} } }"],
    "generic": ["#[derive(Debug, Clone)] struct In{N} { n: {F} }",
                "#[derive(Debug, Clone)] struct G{N}<X> { n: X }\ntype {T} = G{N}<In{N}>;",
                "fn make{N}() -> {T} { G{N} { n: In{N} { n: {V} } } }"],
    "enum": ["#[derive(Debug, Clone)] enum E{N} { One({F}), Two }\nuse E{N}::*;",
             "#[derive(Debug, Clone)] struct {T} { n: E{N} }",
             "fn make{N}() -> {T} { {T} { n: E{N}::One({V}) } }"],
    "constant": ["const C{N}: usize = {L};", "const D{N}: usize = C{N} * 2;",
                 "#[derive(Debug, Clone)] struct {T} { n: [u8; D{N}] }",
                 "fn make{N}() -> {T} { {T} { n: [8; D{N}] } }"],
}

# How a value is kept: a cell, and a block with a `&{T}` in it as `v`, or no value, for each use.
KEEPS = {
    "variable": ("let k{N} = make{N}();", "{ let v = &k{N}; {U} }"),
    "vector": ("let k{N} = vec![make{N}()];", "{ let v = &k{N}[0]; {U} }"),
    "shared": ("let k{N} = std::rc::Rc::new(std::cell::RefCell::new(make{N}()));",
               "{ let v = &*k{N}.borrow(); {U} }"),
    "any": ("let k{N}: Box<dyn std::any::Any> = Box::new(make{N}());",
            "match k{N}.downcast_ref::<{T}>() { Some(v) => {U}, None => String::new() }"),
    "static": ("static S{N}X: std::sync::Mutex<Vec<{T}>> = std::sync::Mutex::new(Vec::new());\n"
               "S{N}X.lock().unwrap().push(make{N}());",
               "match S{N}X.lock().unwrap().first() { Some(v) => {U}, None => String::new() }"),
    "once": ("static O{N}X: std::sync::OnceLock<{T}> = std::sync::OnceLock::new();\n"
             "let _ = O{N}X.set(make{N}());",
             "match O{N}X.get() { Some(v) => {U}, None => String::new() }"),
    "thread": ("thread_local! { static L{N}X: std::cell::RefCell<Vec<{T}>> = "
               "const { std::cell::RefCell::new(Vec::new()) } }\n"
               "L{N}X.with_borrow_mut(|all| all.push(make{N}()));",
               "L{N}X.with_borrow(|all| match all.first() { Some(v) => {U}, None => String::new() })"),
    "object": ("trait Get{N} { fn get(&self) -> &{T}; }\nimpl Get{N} for {T} "
               "{ fn get(&self) -> &{T} { self } }\nlet k{N}: Box<dyn Get{N}> = Box::new(make{N}());",
               "{ let v = k{N}.get(); {U} }"),
    "pointer": ("let k{N}: fn() -> {T} = make{N};", "{ let v = &k{N}(); {U} }"),
    "closure": ("let k{N}: Box<dyn Fn() -> {T}> = { let made = make{N}(); Box::new(move || made.clone()) };",
                "{ let v = &k{N}(); {U} }"),
    "channel": ("let (t{N}, k{N}) = std::sync::mpsc::channel();\nt{N}.send(make{N}())?;",
                "match k{N}.try_recv() { Ok(v) => { let v = &v; {U} } Err(_) => String::new() }"),
    "holder": ("struct H{N} { t: Option<{T}> }\nlet k{N} = H{N} { t: Some(make{N}()) };",
               "match &k{N}.t { Some(v) => {U}, None => String::new() }"),
}

# How it is used: an expression of type String about `v`.
USES = {
    "field": 'format!("{:?}", v.n)',
    "debug": 'format!("{v:?}")',
    "clone": 'format!("{:?}", v.clone())',
    "function": '{ fn look(v: &{T}) -> String { format!("{:?}", v.n) } look(v) }',
    "size": "std::mem::size_of_val(v).to_string()",
    "drop": '{ let old = v.clone(); drop(old); format!("{:?}", v.n) }',
    "beside": 'format!("{:?}", [v.clone(), make{N}()][0].n)',
    "thread": '{ let v = v.clone(); std::thread::spawn(move || format!("{:?}", v.n)).join().unwrap() }',
    "type": '{ fn id<X: \'static>(_: &X) -> std::any::TypeId { std::any::TypeId::of::<X>() } '
            'if id(v) == std::any::TypeId::of::<{T}>() { format!("{:?}", v.n) } else { String::new() } }',
    "boxed": '{ let v: Box<dyn std::any::Any> = Box::new(v.clone()); '
             'v.downcast_ref::<{T}>().map(|v| format!("{:?}", v.n)).unwrap_or_default() }',
}


@dataclass(frozen=True)
class Plan:
    """One session: which parts, the field before and after, which cells the edit runs again."""

    definition: str
    keep: str
    use: str
    before: int
    after: int
    again: int  # how many of the definition's later cells run again after the edited one
    looks: bool  # whether the value is used before the edit too

    @staticmethod
    def draw(random):
        definition = random.choice(sorted(DEFINITIONS))
        return Plan(definition, random.choice(sorted(KEEPS)), random.choice(sorted(USES)),
                    random.randrange(len(FIELDS)), random.randrange(len(FIELDS)),
                    random.randrange(len(DEFINITIONS[definition])), random.random() < 0.3)

    def smaller(self):
        """Simpler plans that may fail in the same way."""
        choices = [("looks", False), ("again", 0), ("use", "field"), ("keep", "variable"),
                   ("definition", "plain"), ("before", 0), ("after", 1)]
        for name, value in choices:
            if getattr(self, name) != value:
                plan = Plan(**{**self.__dict__, name: value})
                yield Plan(**{**plan.__dict__, "again": min(plan.again, len(DEFINITIONS[plan.definition]) - 1)})

    def text(self, template, number, field):
        kind, value, _ = FIELDS[field]
        holes = {"{U}": USES[self.use], "{F}": kind, "{V}": value, "{L}": str(1 + field * 40),
                 "{T}": f"T{number}", "{N}": str(number)}
        for hole, text in holes.items():
            template = template.replace(hole, text)
        return template

    def cells(self, number):
        """The cells before the edit, those of the edit, and the one that uses the value."""
        definition = DEFINITIONS[self.definition]
        before = [self.text(cell, number, self.before) for cell in definition]
        before.append(self.text(KEEPS[self.keep][0], number, self.before))
        edited = 1 if self.definition in ("associated", "iterator") else 0
        edit = [self.text(cell, number, self.after)
                for cell in definition[edited: edited + 1 + self.again]]
        return before, edit, self.text(KEEPS[self.keep][1], number, self.after)


def failure(kernel, plan, number):
    """What a session answered that it must not, or None."""
    before, edit, use = plan.cells(number)
    for cell in before:
        reply = kernel.run(cell)
        if reply.status != "ok":
            return f"{cell!r}: {reply.reply['evalue']}"
    if words := look(kernel, plan, number):
        return words
    for cell in edit:
        reply = kernel.run(cell)
        if reply.status != "ok" and (plan.before == plan.after or not is_refused(reply)):
            return f"{cell!r}: {reply.reply['evalue']}"
    return answer(kernel, plan, number, use)


def together(kernel, plans):
    """Several sessions in one, by their numbers: what each answered that it must not. `None` where they
    cannot share their cells, since one of them may be refused.
    """
    parts = {number: plan.cells(number) for number, plan in plans.items()}
    definitions = [before[:-1] for before, _, _ in parts.values()]
    keeps = [before[-1:] for before, _, _ in parts.values()]
    edits = [edit for _, edit, _ in parts.values()]
    if not run_in_step(kernel, definitions) or not run_in_step(kernel, keeps):
        return None
    found = {number: look(kernel, plan, number) for number, plan in plans.items()}
    if not run_in_step(kernel, edits):
        return None
    for number, plan in plans.items():
        found[number] = found[number] or answer(kernel, plan, number, parts[number][2])
    return {number: words for number, words in found.items() if words}


def run_in_step(kernel, lists):
    """Runs the first cells of all lists as one, then the second ones, and so on; whether all went well."""
    steps = zip_longest(*lists, fillvalue="")
    return all(kernel.run("\n".join(filter(None, step))).status == "ok" for step in steps)


def look(kernel, plan, number):
    """Uses the value before the edit; a channel gives its value once."""
    if plan.looks and plan.keep != "channel":
        reply = kernel.run(plan.text(KEEPS[plan.keep][1], number, plan.before))
        if reply.status != "ok":
            return f"before the edit: {reply.reply['evalue']}"
    return None


def answer(kernel, plan, number, use):
    """What the value said after the edit that it must not say."""
    reply = kernel.run(use)
    if plan.before == plan.after:
        # Nothing was changed, so nothing is lost.
        if reply.status != "ok" or reply.result() == '""':
            return f"{use!r} after no edit: {reply.result()} {reply.reply.get('evalue')}"
    elif reply.status != "ok":
        return None if is_refused(reply) else f"{use!r}: {reply.reply['evalue']}"
    if plan.use == "size" or reply.result() == '""' or reply.result() in readings(plan, number):
        return None
    return f"{use!r}: {reply.result()}, not one of {sorted(readings(plan, number))}"


def is_refused(reply):
    """An edit may leave a cell that does not compile; nothing else may go wrong."""
    return reply.reply["ename"] == "CompileError"


def readings(plan, number):
    """How the value may read: as it was made, or as one made by the new definition."""
    texts = set()
    for field in (plan.before, plan.after):
        length = 2 * (1 + field * 40)
        value = FIELDS[field][2]
        inner = {
            "inner": f"In{number}({value})",
            "enum": f"One({value})",
            "generic": f"In{number} {{ n: {value} }}",
            "constant": str([8] * length),
            "iterator": f"Peekable {{ iter: It{number}, peeked: Some(Some({value})) }}",
        }.get(plan.definition, value)
        name = {"module": "P", "generic": f"G{number}"}.get(plan.definition, f"T{number}")
        for text in (inner, f"{name} {{ n: {inner} }}"):
            texts.add('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')
    return texts
