//! How the process that runs cells is started.

use crate::engine::output::Channels;
use crate::engine::wire;
use crate::environment;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// How evcxr starts the process that runs cells, now and after each crash.
pub(super) fn child_command(channels: &Channels) -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    let libraries = environment::rust_libraries()?;
    let variable = if cfg!(target_os = "macos") { "DYLD_LIBRARY_PATH" } else { "LD_LIBRARY_PATH" };
    let mut paths = vec![libraries];
    if let Some(old) = std::env::var_os(variable) {
        paths.extend(std::env::split_paths(&old));
    }
    let paths = std::env::join_paths(paths).map_err(std::io::Error::other)?;
    command
        .arg("cells")
        .env(variable, paths)
        .env(wire::DISPLAY_VARIABLE, wire::DISPLAY_FD.to_string())
        .env_remove("RUST_SRC_PATH")
        .env_remove("EVCXR_TMPDIR")
        .env_remove("EVCXR_CONFIG_DIR");
    let [out, err, events, displays] = channels.child_ends();
    // SAFETY: between fork and exec only `fcntl`, `open` and `dup2` are called, which are
    // async-signal-safe, on descriptors that live as long as the kernel.
    unsafe {
        command.pre_exec(move || {
            let copies = [
                (0, wire::PROTOCOL_IN_FD),
                (1, wire::PROTOCOL_OUT_FD),
                (events, wire::EVENT_FD),
                (displays, wire::DISPLAY_FD),
                (out, 1),
                (err, 2),
            ];
            for (from, to) in copies {
                if libc::dup2(from, to) < 0 {
                    return Err(std::io::Error::last_os_error());
                }
            }
            let nothing = libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY);
            if nothing < 0 || libc::dup2(nothing, 0) < 0 {
                return Err(std::io::Error::last_os_error());
            }
            libc::close(nothing);
            Ok(())
        });
    }
    Ok(command)
}
