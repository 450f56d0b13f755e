//! Permissions: the twelve bits, and the two ways to write a change of them.
//!
//! ```text
//!   07000 special      00700 owner      00070 group      00007 others
//!   4 setuid           4 read  r
//!   2 setgid           2 write w
//!   1 sticky           1 execute, or enter a directory, x
//! ```

use crate::{Error, Result};

const DIRECTORY: u32 = 0o040_000;
const KIND: u32 = 0o170_000;
const BITS: u32 = 0o7777;

/// The mode after `chmod change`: octal (`"755"`) or clauses (`"u+x,go-w"`, `"a=rX"`, `"g=u"`).
///
/// `current` may hold the bits of the file's kind, as `st_mode` does: they stay, and they tell a
/// directory, for which `X` means `x` and a mode that does not name setuid and setgid keeps them.
/// `umask` is what a clause without any of `ugoa` leaves alone: under `0o022`, `+w` gives write
/// permission to the owner only. The rules are those of GNU `chmod`.
///
/// # Errors
/// [`Error::Parameter`] for a change that is neither.
///
/// ```
/// use mlnotes::engineering::shell::apply_mode;
/// assert_eq!(apply_mode(0o644, "u+x", 0o022)?, 0o744);
/// assert_eq!(apply_mode(0o644, "755", 0o022)?, 0o755);
/// assert_eq!(apply_mode(0o600, "+w,o=u", 0o022)?, 0o606);
/// assert!(apply_mode(0o644, "u+q", 0o022).is_err());
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn apply_mode(current: u32, change: &str, umask: u32) -> Result<u32> {
    let directory = current & KIND == DIRECTORY;
    let bits = if change.starts_with(|c: char| c.is_ascii_digit()) {
        octal(current, change, directory)?
    } else {
        let mut bits = current & BITS;
        for clause in change.split(',') {
            bits = apply_clause(bits, clause, umask & 0o777, directory)
                .ok_or_else(|| wrong(change))?;
        }
        bits
    };
    Ok(current & !BITS | bits)
}

fn wrong(change: &str) -> Error {
    Error::Parameter {
        estimator: "apply_mode",
        name: "change",
        rule: "octal up to 07777, or clauses such as `u+x,go-w`, `a=rX`, `g=u`",
        got: format!("`{change}`"),
    }
}

fn octal(current: u32, change: &str, directory: bool) -> Result<u32> {
    let value = u32::from_str_radix(change, 8).ok().filter(|&value| value <= BITS);
    let value = value.ok_or_else(|| wrong(change))?;
    // On a directory setuid and setgid are inherited: only five digits say that they are to go.
    let kept = if directory && change.len() < 5 { current & 0o6000 } else { 0 };
    Ok(value | kept)
}

/// `[ugoa]* ( [+-=] perms )+`
fn apply_clause(mut bits: u32, clause: &str, umask: u32, directory: bool) -> Option<u32> {
    let (who, mut rest) = clause.split_at(clause.find(['+', '-', '='])?);
    let affected = who.chars().try_fold(0, |mask, c| Some(mask | class(c)?))?;
    while let Some(operator) = rest.chars().next() {
        let end = rest[1..].find(['+', '-', '=']).map_or(rest.len(), |i| i + 1);
        let perms = &rest[1..end];
        rest = &rest[end..];
        let asked = permissions(bits, perms, directory)?;
        // On a directory setuid and setgid change only when the clause names them.
        let untouched = if directory { 0o6000 & !named_special(affected, perms) } else { 0 };
        let value = asked & if who.is_empty() { !umask } else { affected } & !untouched;
        bits = match operator {
            '+' => bits | value,
            '-' => bits & !value,
            _ => {
                let kept = if who.is_empty() { 0 } else { BITS & !affected } | untouched;
                bits & kept | value
            }
        };
    }
    Some(bits)
}

fn class(who: char) -> Option<u32> {
    match who {
        'u' => Some(0o4700),
        'g' => Some(0o2070),
        'o' => Some(0o1007),
        'a' => Some(BITS),
        _ => None,
    }
}

/// The bits that the letters ask for, in every class; the affected ones are cut out later.
fn permissions(bits: u32, perms: &str, directory: bool) -> Option<u32> {
    let copied = match perms {
        "u" => Some(bits >> 6 & 7),
        "g" => Some(bits >> 3 & 7),
        "o" => Some(bits & 7),
        _ => None,
    };
    if let Some(three) = copied {
        return Some(three * 0o111);
    }
    perms.chars().try_fold(0, |mask, letter| {
        Some(
            mask | match letter {
                'r' => 0o444,
                'w' => 0o222,
                'x' => 0o111,
                'X' if directory || bits & 0o111 != 0 => 0o111,
                'X' => 0,
                's' => 0o6000,
                't' => 0o1000,
                _ => return None,
            },
        )
    })
}

fn named_special(affected: u32, perms: &str) -> u32 {
    let everyone = if affected == 0 { BITS } else { affected };
    if perms.contains('s') { 0o6000 & everyone } else { 0 }
}

/// The mode as `ls -l` and `stat -c %A` write it: kind, then three letters for owner, group, others.
/// `s` and `t` stand in the place of `x`, in capitals where `x` itself is missing.
///
/// ```
/// use mlnotes::engineering::shell::format_mode;
/// assert_eq!(format_mode(0o100_644), "-rw-r--r--");
/// assert_eq!(format_mode(0o041_777), "drwxrwxrwt");
/// assert_eq!(format_mode(0o104_655), "-rwSr-xr-x");
/// ```
pub fn format_mode(mode: u32) -> String {
    let kind = match mode & KIND {
        0o040_000 => 'd',
        0o120_000 => 'l',
        0o020_000 => 'c',
        0o060_000 => 'b',
        0o010_000 => 'p',
        0o140_000 => 's',
        _ => '-',
    };
    let mut text = String::from(kind);
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let three = mode >> shift;
        text.push(if three & 4 != 0 { 'r' } else { '-' });
        text.push(if three & 2 != 0 { 'w' } else { '-' });
        text.push(match (three & 1 != 0, mode & special != 0) {
            (true, true) => letter,
            (false, true) => letter.to_ascii_uppercase(),
            (true, false) => 'x',
            (false, false) => '-',
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn by_hand() {
        for (current, change, after) in [
            (0o644, "u+x", 0o744),
            (0o777, "go-w", 0o755),
            (0o640, "g=u", 0o660),
            (0o644, "a=", 0),
            (0o644, "+w", 0o644),
            (0o444, "u=rw,go=r", 0o644),
            (0o644, "u+x-r+w", 0o344),
            (0o644, "a+X", 0o644),
            (0o100_744, "a+X", 0o100_755),
            (0o040_644, "a+X", 0o040_755),
            (0o042_755, "700", 0o042_700),
            (0o042_755, "00700", 0o040_700),
            (0o042_755, "g=rx", 0o042_755),
            (0o042_755, "g-s", 0o040_755),
            (0o755, "u+s,+t", 0o5755),
        ] {
            let got = apply_mode(current, change, 0o022).unwrap();
            assert_eq!(got, after, "{current:o} {change}: {got:o}");
        }
    }

    #[test]
    fn nonsense_is_an_error() {
        for change in ["", "x", "u", "u+rz", "8", "77777", "u+x,", ",", "z+x", "+ug", "u+ x", "0x1"]
        {
            assert!(apply_mode(0o644, change, 0).is_err(), "{change}");
        }
    }

    proptest! {
        #[test]
        fn octal_says_it_all_and_changes_settle(mode in 0u32..0o10000, to in 0u32..0o1000) {
            prop_assert_eq!(apply_mode(mode, &format!("{to:o}"), 0).unwrap(), to);
            for change in ["u+x", "go-rw", "a=rX", "+x", "u=g"] {
                let once = apply_mode(mode, change, 0o022).unwrap();
                prop_assert_eq!(apply_mode(once, change, 0o022).unwrap(), once);
            }
        }
    }
}
