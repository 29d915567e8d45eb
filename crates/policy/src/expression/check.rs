//! What can be known of an expression before it is evaluated: that all it names exists, and that it is not too deep.
//! On the way the charges are put in.

use cel::IdedExpr;
use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, SelectExpr, SourceInfo, operators,
};
use sealcheck_verify::Result;

use super::functions::{CHARGE, CHARGE_PATTERN};
use super::invalid;
use crate::input::Input;
use crate::limits::CEL_DEPTH;

/// Takes the operands of the outermost `&&` apart.
pub(super) fn conjuncts(tree: IdedExpr, out: &mut Vec<IdedExpr>) {
    match tree.expr {
        Expr::Call(CallExpr {
            func_name,
            target: None,
            args,
        }) if func_name == operators::LOGICAL_AND => {
            for operand in args {
                conjuncts(operand, out);
            }
        }
        expr => out.push(IdedExpr { id: tree.id, expr }),
    }
}

/// Checks a tree and puts the charges in.
pub(super) fn prepare(
    name: &str,
    source: &str,
    positions: &SourceInfo,
    mut tree: IdedExpr,
) -> Result<IdedExpr> {
    let mut walk = Walk {
        name,
        source,
        positions,
        bound: Vec::new(),
    };
    walk.visit(&mut tree, 0)?;
    Ok(tree)
}

/// The offset, in characters, at which a tree begins in the text.
pub(super) fn first_offset(tree: &IdedExpr, positions: &SourceInfo) -> u32 {
    let own = positions.offset_for(tree.id).map(|(start, _)| start);
    let mut first = own.unwrap_or(u32::MAX);
    let mut look = |child: &IdedExpr| first = first.min(first_offset(child, positions));
    match &tree.expr {
        Expr::Call(call) => {
            call.target.iter().for_each(|target| look(target));
            call.args.iter().for_each(&mut look);
        }
        Expr::Comprehension(comprehension) => look(&comprehension.iter_range),
        Expr::Select(select) => look(&select.operand),
        Expr::List(list) => list.elements.iter().for_each(&mut look),
        _ => {}
    }
    first
}

/// Line and column, from 1, of an offset in characters.
pub(super) fn position(source: &str, offset: u32) -> (usize, usize) {
    let (mut line, mut column) = (1, 1);
    let before = usize::try_from(offset).unwrap_or_default();
    for character in source.chars().take(before.min(source.len())) {
        match character {
            '\n' => (line, column) = (line + 1, 1),
            _ => column += 1,
        }
    }
    (line, column)
}

struct Walk<'w> {
    name: &'w str,
    source: &'w str,
    positions: &'w SourceInfo,
    /// The variables of the macros around, the innermost last.
    bound: Vec<String>,
}

impl Walk<'_> {
    fn visit(&mut self, tree: &mut IdedExpr, depth: usize) -> Result<()> {
        if depth > CEL_DEPTH.max {
            return Err(invalid(&self.place(tree.id)).expected(format!(
                "operators and fields at most {} deep ({})",
                CEL_DEPTH.max, CEL_DEPTH.name
            )));
        }
        let depth = depth + 1;
        let id = tree.id;
        match &mut tree.expr {
            Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => self.variable(id, name),
            Expr::Select(SelectExpr { operand, .. }) => self.visit(operand, depth),
            Expr::Call(call) => {
                self.call(id, call, depth)?;
                // These copy what they find.
                if [operators::OPT_SELECT, operators::OPT_INDEX].contains(&&*call.func_name) {
                    wrap(tree, CHARGE);
                }
                Ok(())
            }
            Expr::List(list) => list.elements.iter_mut().try_for_each(|element| {
                self.visit(element, depth)?;
                charge(element, CHARGE);
                Ok(())
            }),
            Expr::Map(map) => map
                .entries
                .iter_mut()
                .try_for_each(|entry| match &mut entry.expr {
                    EntryExpr::MapEntry(entry) => {
                        self.visit(&mut entry.key, depth)?;
                        self.visit(&mut entry.value, depth)?;
                        charge(&mut entry.value, CHARGE);
                        Ok(())
                    }
                    EntryExpr::StructField(_) => Err(self.no_messages(id)),
                }),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension, depth),
            Expr::Struct(_) => Err(self.no_messages(id)),
            Expr::Unspecified => {
                Err(invalid(&self.place(id)).detail("the expression is incomplete"))
            }
        }
    }

    fn variable(&self, id: u64, name: &str) -> Result<()> {
        // A name with @ is a macro's own.
        let known = name.starts_with('@')
            || self.bound.iter().any(|bound| bound == name)
            || Input::NAMES.contains(&name)
            || TYPES.contains(&name);
        match known {
            true => Ok(()),
            false => Err(invalid(&self.place(id))
                .detail(format!("there is no variable `{name}`"))
                .expected(Input::NAMES.join(", "))),
        }
    }

    fn call(&mut self, id: u64, call: &mut CallExpr, depth: usize) -> Result<()> {
        let optional = matches!(
            call.target.as_deref(),
            Some(IdedExpr { expr: Expr::Ident(name), .. }) if name == "optional"
        );
        let name = call.func_name.as_str();
        let known = match (&call.target, optional) {
            (Some(_), true) => OPTIONAL_FUNCTIONS.contains(&name),
            (Some(_), false) => METHODS.contains(&name),
            (None, _) => FUNCTIONS.contains(&name) || OPERATORS.contains(&name),
        };
        if !known {
            return Err(invalid(&self.place(id)).detail(format!("there is no function `{name}`")));
        }
        if let Some(target) = call.target.as_mut().filter(|_| !optional) {
            self.visit(target, depth)?;
        }
        call.args
            .iter_mut()
            .try_for_each(|argument| self.visit(argument, depth))?;
        let function = match call.func_name.as_str() {
            name if FREE.contains(&name) => return Ok(()),
            "matches" => CHARGE_PATTERN,
            _ => CHARGE,
        };
        if let Some(target) = call.target.as_mut().filter(|_| !optional) {
            charge(target, function);
        }
        for argument in &mut call.args {
            charge(argument, function);
        }
        Ok(())
    }

    fn comprehension(&mut self, loops: &mut ComprehensionExpr, depth: usize) -> Result<()> {
        self.visit(&mut loops.iter_range, depth)?;
        charge(&mut loops.iter_range, CHARGE);
        self.visit(&mut loops.accu_init, depth)?;
        let outer = self.bound.len();
        self.bound.push(loops.iter_var.clone());
        self.bound.extend(loops.iter_var2.clone());
        self.bound.push(loops.accu_var.clone());
        let inner = [
            &mut loops.loop_cond,
            &mut loops.loop_step,
            &mut loops.result,
        ];
        let visited = inner
            .into_iter()
            .try_for_each(|part| self.visit(part, depth));
        self.bound.truncate(outer);
        show_append(&mut loops.loop_step);
        visited
    }

    fn place(&self, id: u64) -> String {
        match self.positions.offset_for(id) {
            Some((start, _)) => {
                let (line, column) = position(self.source, start);
                format!("{}:{line}:{column}", self.name)
            }
            None => self.name.to_owned(),
        }
    }

    fn no_messages(&self, id: u64) -> sealcheck_verify::Failure {
        invalid(&self.place(id)).detail("there are no message types")
    }
}

/// Charges for a value, except for a literal, which is as long as it is written.
fn charge(tree: &mut IdedExpr, function: &str) {
    if function != CHARGE || !matches!(tree.expr, Expr::Literal(_)) {
        wrap(tree, function);
    }
}

fn wrap(tree: &mut IdedExpr, function: &str) {
    let inner = std::mem::take(tree);
    tree.id = inner.id;
    tree.expr = Expr::Call(CallExpr {
        func_name: function.to_owned(),
        target: None,
        args: vec![inner],
    });
}

/// A macro's own `@result + [x]`, also behind a condition, is left in that shape, in which the evaluator appends in
/// place. The element is charged inside the list.
fn show_append(step: &mut IdedExpr) {
    let Expr::Call(call) = &mut step.expr else {
        return;
    };
    match call.func_name.as_str() {
        operators::CONDITIONAL => {
            if let Some(then) = call.args.get_mut(1) {
                show_append(then);
            }
        }
        operators::ADD => {
            let of_macro = matches!(
                call.args.first().and_then(charged),
                Some(IdedExpr { expr: Expr::Ident(name), .. }) if name.starts_with('@')
            );
            for argument in call.args.iter_mut().filter(|_| of_macro) {
                if let Expr::Call(charge) = &mut argument.expr
                    && charge.func_name == CHARGE
                    && let Some(inner) = charge.args.pop()
                {
                    *argument = inner;
                }
            }
        }
        _ => {}
    }
}

fn charged(tree: &IdedExpr) -> Option<&IdedExpr> {
    match &tree.expr {
        Expr::Call(call) if call.func_name == CHARGE => call.args.first(),
        _ => None,
    }
}

const TYPES: [&str; 10] = [
    "bool",
    "bytes",
    "double",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "type",
    "uint",
];
const FUNCTIONS: [&str; 11] = [
    "bool",
    "bytes",
    "double",
    "duration",
    "dyn",
    "int",
    "size",
    "string",
    "timestamp",
    "type",
    "uint",
];
const METHODS: [&str; 9] = [
    "contains",
    "endsWith",
    "hasValue",
    "matches",
    "or",
    "orValue",
    "size",
    "startsWith",
    "value",
];
const OPTIONAL_FUNCTIONS: [&str; 3] = ["none", "of", "ofNonZeroValue"];
const OPERATORS: [&str; 21] = [
    operators::CONDITIONAL,
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::LOGICAL_NOT,
    operators::SUBSTRACT,
    operators::ADD,
    operators::MULTIPLY,
    operators::DIVIDE,
    operators::MODULO,
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::GREATER_EQUALS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::LESS,
    operators::NEGATE,
    operators::INDEX,
    operators::OPT_INDEX,
    operators::OPT_SELECT,
    operators::NOT_STRICTLY_FALSE,
    operators::IN,
];
/// What looks at no more than one value.
const FREE: [&str; 10] = [
    operators::CONDITIONAL,
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::LOGICAL_NOT,
    operators::SUBSTRACT,
    operators::MULTIPLY,
    operators::DIVIDE,
    operators::MODULO,
    operators::INDEX,
    operators::NOT_STRICTLY_FALSE,
];
