//! Work in a process of its own: this program again, with a hidden first argument. Memory is then that of one engine alone,
//! and the process can be killed.

use std::path::Path;
use std::process::{Command, Stdio};

use sutra_benches::Outcome;

use crate::engines::{ALL, Kind};
use crate::workloads::ROLES;

/// The hidden argument. After it come the role, the engine, the store's folder and the role's numbers.
pub(crate) const FLAG: &str = "--child";

/// Its name and what a child in it does with an engine, in a folder, told some numbers.
pub(crate) type Role = (&'static str, fn(Kind, &Path, &[usize]) -> Outcome);

/// A child that is not yet started.
pub(crate) fn command(role: &str, kind: Kind, folder: &Path, numbers: &[usize]) -> Outcome<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args([FLAG, role, kind.name]).arg(folder).args(numbers.iter().map(usize::to_string));
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    Ok(command)
}

/// What a child prints until it ends: a number a line, as many as are asked for.
pub(crate) fn numbers<const N: usize>(role: &str, kind: Kind, folder: &Path, told: &[usize]) -> Outcome<[f64; N]> {
    let output = command(role, kind, folder, told)?.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("{} in a process of its own: {}", kind.name, output.status).into());
    }
    let text = String::from_utf8(output.stdout)?;
    let said = text.lines().map(str::parse).collect::<Result<Vec<f64>, _>>()?;
    said.try_into().map_err(|said| format!("{} said {said:?}", kind.name).into())
}

/// Does what a parent wants: the arguments after the hidden one.
pub(crate) fn run(args: &[String]) -> Outcome {
    let [role, engine, folder, numbers @ ..] = args else { return Err("a role, an engine and a folder".into()) };
    let (_, run) = ROLES.iter().find(|(known, _)| known == role).ok_or_else(|| format!("no role `{role}`"))?;
    let kind = ALL.iter().find(|kind| kind.name == engine).ok_or_else(|| format!("no engine `{engine}`"))?;
    let numbers = numbers.iter().map(|number| number.parse()).collect::<Result<Vec<usize>, _>>()?;
    run(*kind, Path::new(folder), &numbers)
}
