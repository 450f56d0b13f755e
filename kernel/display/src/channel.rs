//! The socket to the kernel, where there is one.

/// The variable in which the kernel names the channel's descriptor.
#[cfg(unix)]
const VARIABLE: &str = "MLNOTES_DISPLAY_FD";

#[cfg(unix)]
pub(crate) type Channel = std::os::unix::net::UnixStream;

/// The channel that the kernel has opened.
#[cfg(unix)]
pub(crate) fn open() -> Option<Channel> {
    let fd = std::env::var(VARIABLE).ok()?.parse::<i32>().ok()?;
    if fd > 2 { own(fd) } else { None }
}

/// A descriptor of our own for the kernel's channel: what else is in this process may use it, too.
#[cfg(unix)]
#[expect(unsafe_code, reason = "a number in a variable is the only way to hand a descriptor down")]
fn own(fd: i32) -> Option<Channel> {
    // SAFETY: the kernel opened this descriptor for displays and leaves it open while the process lives.
    let channel = unsafe { std::os::fd::BorrowedFd::borrow_raw(fd) };
    channel.try_clone_to_owned().ok().map(Channel::from)
}

/// The kernel does not run where there are no Unix sockets.
#[cfg(not(unix))]
pub(crate) enum Channel {}

#[cfg(not(unix))]
pub(crate) fn open() -> Option<Channel> {
    None
}

#[cfg(not(unix))]
impl std::io::Read for Channel {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        match *self {}
    }
}

#[cfg(not(unix))]
impl std::io::Write for Channel {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        match *self {}
    }
    fn flush(&mut self) -> std::io::Result<()> {
        match *self {}
    }
}
