//! Standard output and error while the screen is up: a pipe, so that nothing printed by a library
//! writes over the screen.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, PipeReader};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};

use crossbeam_channel::Sender;

/// Lines are cut at this many bytes.
const MAX_LINE: usize = 4096;

/// The redirection; dropping it undoes it.
#[derive(Debug)]
pub struct Capture {
    stdout: OwnedFd,
    stderr: OwnedFd,
}

impl Capture {
    /// Redirects both, and sends every line printed from now on. Gives the terminal to draw to.
    ///
    /// # Errors
    /// If the system gives no pipe or no thread.
    pub fn start(lines: Sender<String>) -> io::Result<(Self, File)> {
        let stdout = io::stdout().as_fd().try_clone_to_owned()?;
        let stderr = io::stderr().as_fd().try_clone_to_owned()?;
        let terminal = File::from(stdout.try_clone()?);
        let (reader, writer) = io::pipe()?;
        // Ends when the last end for writing is closed, at the latest with the process.
        std::thread::Builder::new()
            .name("output".to_owned())
            .spawn(move || read(reader, &lines))?;
        let capture = Self { stdout, stderr };
        replace(&writer, libc::STDOUT_FILENO)?;
        replace(&writer, libc::STDERR_FILENO)?;
        Ok((capture, terminal))
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        let _gone = replace(&self.stdout, libc::STDOUT_FILENO);
        let _gone = replace(&self.stderr, libc::STDERR_FILENO);
    }
}

#[expect(unsafe_code, reason = "one system call on descriptors we own")]
fn replace(source: &impl std::os::fd::AsFd, target: i32) -> io::Result<()> {
    // SAFETY: both are open descriptors; 1 and 2 belong to the process as a whole and are never
    // owned by a Rust value that would close them.
    let result = unsafe { libc::dup2(source.as_fd().as_raw_fd(), target) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

fn read(reader: PipeReader, lines: &Sender<String>) {
    let mut reader = BufReader::new(reader);
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        match reader.read_until(b'\n', &mut bytes) {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                bytes.truncate(MAX_LINE);
                let line = String::from_utf8_lossy(&bytes);
                if lines.send(line.trim_end().to_owned()).is_err() {
                    return;
                }
            }
        }
    }
}
