//! The terminal: taken, drawn to, and always given back.
//!
//! In: buffers of cells. Out: bytes to the terminal, only for cells that changed, in one write and as
//! one frame. While it is up, whatever this process prints goes to a pipe instead of the screen.

mod background;

mod capture;

mod zone;

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use crossterm::cursor::{Hide, MoveTo, SetCursorStyle, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::queue;
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::backend::{Backend as _, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

pub use background::{Background, ask as ask_background};
pub use capture::Capture;
pub use zone::local as local_zone;

/// Bytes on their way to the terminal.
#[derive(Debug, Clone, Default)]
struct Frame(Rc<RefCell<Vec<u8>>>);

impl Write for Frame {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The taken terminal.
#[derive(Debug)]
pub struct Screen<W: Write> {
    out: W,
    frame: Frame,
    backend: CrosstermBackend<Frame>,
    shown: Buffer,
    cursor: Option<(Position, bool)>,
    has_mouse: bool,
    is_up: bool,
}

impl<W: Write> Screen<W> {
    /// Takes the terminal behind `out`.
    ///
    /// # Errors
    /// If it is no terminal or cannot be written to.
    pub fn take(out: W, has_mouse: bool) -> io::Result<Self> {
        let mut screen = Self::new(out, has_mouse);
        screen.enter()?;
        Ok(screen)
    }

    /// A screen over `out` that has not taken any terminal: for frames that only have to be encoded.
    pub fn new(out: W, has_mouse: bool) -> Self {
        let frame = Frame::default();
        Self {
            out,
            backend: CrosstermBackend::new(frame.clone()),
            frame,
            shown: Buffer::empty(Rect::ZERO),
            cursor: None,
            has_mouse,
            is_up: false,
        }
    }

    /// Takes the terminal again after [`Self::leave`].
    ///
    /// # Errors
    /// If it cannot be written to.
    pub fn enter(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        self.is_up = true;
        queue!(
            self.frame,
            EnterAlternateScreen,
            EnableBracketedPaste,
            Hide,
            SetCursorStyle::SteadyBar
        )?;
        if self.has_mouse {
            queue!(self.frame, EnableMouseCapture)?;
        }
        self.forget()?;
        self.send()
    }

    /// Gives the terminal back as it was.
    ///
    /// # Errors
    /// If it cannot be written to.
    pub fn leave(&mut self) -> io::Result<()> {
        if !self.is_up {
            return Ok(());
        }
        self.is_up = false;
        queue!(
            self.frame,
            DisableMouseCapture,
            DisableBracketedPaste,
            SetCursorStyle::DefaultUserShape,
            Show,
            LeaveAlternateScreen
        )?;
        let sent = self.send();
        disable_raw_mode()?;
        sent
    }

    /// Takes the mouse, or gives it back.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    pub fn set_mouse(&mut self, has_mouse: bool) -> io::Result<()> {
        self.has_mouse = has_mouse;
        if has_mouse {
            queue!(self.frame, EnableMouseCapture)?;
        } else {
            queue!(self.frame, DisableMouseCapture)?;
        }
        self.send()
    }

    /// Clears the screen and draws all of the next frame. Asks the terminal nothing, so that one
    /// which does not answer cannot hold it up.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    pub fn forget(&mut self) -> io::Result<()> {
        queue!(self.frame, Clear(ClearType::All))?;
        self.shown = Buffer::empty(Rect::ZERO);
        self.cursor = None;
        Ok(())
    }

    /// Sends what changed since the last frame; nothing if nothing did. Gives the number of bytes.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    pub fn show(&mut self, next: Buffer, cursor: Option<(Position, bool)>) -> io::Result<usize> {
        if self.shown.area != next.area {
            queue!(self.frame, Clear(ClearType::All))?;
            self.shown = Buffer::empty(next.area);
        }
        let is_same = self.shown.diff_iter(&next).next().is_none() && cursor == self.cursor;
        if is_same && self.frame.0.borrow().is_empty() {
            return Ok(0);
        }
        queue!(self.frame, BeginSynchronizedUpdate)?;
        let is_visible = cursor.is_some_and(|(_, is_visible)| is_visible);
        if !is_visible {
            queue!(self.frame, Hide)?;
        }
        let changed = self.shown.diff(&next);
        self.backend.draw(changed.into_iter())?;
        if let Some((at, _)) = cursor {
            queue!(self.frame, MoveTo(at.x, at.y))?;
        }
        if is_visible {
            queue!(self.frame, Show)?;
        }
        queue!(self.frame, EndSynchronizedUpdate)?;
        self.shown = next;
        self.cursor = cursor;
        let n_bytes = self.frame.0.borrow().len();
        self.send()?;
        Ok(n_bytes)
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    pub fn send_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.frame.write_all(bytes)?;
        self.send()
    }

    fn send(&mut self) -> io::Result<()> {
        let bytes = std::mem::take(&mut *self.frame.0.borrow_mut());
        self.out.write_all(&bytes)?;
        self.out.flush()
    }
}

impl<W: Write> Drop for Screen<W> {
    fn drop(&mut self) {
        let _gone = self.leave();
    }
}

/// The sequence that puts a text into the terminal's clipboard (OSC 52).
pub fn clipboard(text: &str) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = b"\x1b]52;c;".to_vec();
    for chunk in text.as_bytes().chunks(3) {
        let bits = (0..3).fold(0_usize, |bits, at| {
            bits << 8 | usize::from(chunk.get(at).copied().unwrap_or(0))
        });
        for digit in 0..4 {
            out.push(if digit <= chunk.len() {
                DIGITS[bits >> (18 - 6 * digit) & 63]
            } else {
                b'='
            });
        }
    }
    out.extend_from_slice(b"\x07");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(text: &str) -> Buffer {
        Buffer::with_lines([text])
    }

    #[test]
    fn an_unchanged_frame_sends_nothing() {
        let mut screen = Screen::new(Vec::new(), false);
        assert!(screen.show(buffer("abc"), None).unwrap() > 0);
        assert_eq!(screen.show(buffer("abc"), None).unwrap(), 0);
        let n_bytes = screen.show(buffer("abd"), None).unwrap();
        assert!(0 < n_bytes && n_bytes < 60, "{n_bytes}");
    }

    #[test]
    fn a_full_redraw_asks_the_terminal_nothing() {
        let mut screen = Screen::new(Vec::new(), false);
        screen.show(buffer("abc"), None).unwrap();
        screen.forget().unwrap();
        screen.show(buffer("abc"), None).unwrap();
        let text = String::from_utf8(screen.out.clone()).unwrap();
        assert!(!text.contains("\u{1b}[6n"), "no cursor report is asked for");
        assert_eq!(text.matches("abc").count(), 2);
    }

    #[test]
    fn a_frame_is_one_synchronized_update() {
        let mut screen = Screen::new(Vec::new(), false);
        screen.show(buffer("abc"), None).unwrap();
        let text = String::from_utf8(screen.out.clone()).unwrap();
        let (begin, end) = (text.find("\u{1b}[?2026h"), text.find("\u{1b}[?2026l"));
        assert!(begin.unwrap() < text.find("abc").unwrap());
        assert!(text.find("abc").unwrap() < end.unwrap());
    }

    #[test]
    fn clipboard_text_is_base64() {
        let sequence = |text| String::from_utf8(clipboard(text)).unwrap();
        // python3 -c "import base64; print(base64.b64encode('…'.encode()))"
        assert_eq!(sequence("a"), "\u{1b}]52;c;YQ==\u{7}");
        assert_eq!(sequence("ab"), "\u{1b}]52;c;YWI=\u{7}");
        assert_eq!(sequence("äöx"), "\u{1b}]52;c;w6TDtng=\u{7}");
    }
}
