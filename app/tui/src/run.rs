//! The loop of the screen: waits, updates, draws.
//!
//! In: pictures of a running engine, keys, signals, theme files that change. Out: frames, and
//! requests to the engine. Nothing is drawn and nobody wakes while nothing happens.
//!
//! The only place of this crate that reads the clock.

mod themes;

use std::fs::File;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, Sender, never, select, unbounded};
use crossterm::event::{Event, KeyEventKind};
use interlock_engine::export::{self, ExportError};
use interlock_engine::picture::{Picture, Request};
use interlock_engine::table::TableView;
use interlock_plugin_api::outcome::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use crate::action::Key;
use crate::scene::{Order, Scene};
use crate::state::State;
use crate::term::{Background, Capture, Screen, ask_background, clipboard, local_zone};
use crate::theme::{ColorDepth, Glyphs, Look};
use crate::update::{Effect, Input, update};
use crate::view;
use themes::Themes;

/// How the screen is to be.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// A theme that goes before the project's, by name or path.
    pub theme: Option<String>,
    /// Folders of themes, the best first.
    pub theme_folders: Vec<PathBuf>,
    /// Whether to draw with ASCII characters only.
    pub is_ascii: bool,
    /// Whether to take the mouse.
    pub has_mouse: bool,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The reader quit.
    Quit,
    /// The system asked for it by this signal.
    Signal(i32),
}

/// The end.
#[derive(Debug, Clone)]
pub struct Ended {
    /// How it ended.
    pub how: Ending,
    /// What was known last.
    pub picture: Arc<Picture>,
}

/// Why the screen cannot be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TuiError {
    /// The terminal cannot be used.
    #[error("the terminal: {0}")]
    Terminal(#[from] std::io::Error),
    /// A mistake of ours; the terminal is restored.
    #[error("the screen broke, and this is a mistake of the program: {0}")]
    Panicked(String),
    /// The engine ended first.
    #[error("the engine ended unexpectedly")]
    EngineGone,
    /// The theme that was asked for cannot be used.
    #[error("{0}")]
    Theme(String),
}

/// How often what moves by itself is drawn.
const BEAT: Duration = Duration::from_millis(120);

/// Lines kept of what this process printed.
const MAX_OUTPUT: usize = 200;

/// Shows pictures until the reader quits, a signal comes, or the engine ends.
///
/// # Errors
/// If the terminal or the theme cannot be used.
pub fn run(
    pictures: &Receiver<Arc<Picture>>,
    requests: &Sender<Request>,
    options: &Options,
) -> Result<Ended, TuiError> {
    let first = pictures.recv().map_err(|_gone| TuiError::EngineGone)?;
    let depth = ColorDepth::from_environment(|name| std::env::var(name).ok());
    // Without colors our own theme leaves them out; the library's way would lose modifiers too.
    crossterm::style::force_color_output(true);
    crossterm::terminal::enable_raw_mode()?;
    let is_open = options.theme.is_none() && first.project.theme.is_none();
    let background = if is_open && depth != ColorDepth::Mono {
        ask_background()
    } else {
        None
    };
    let mut themes = Themes::new(options, depth, default_theme(depth, background));
    let theme = themes
        .begin(first.project.theme.as_deref())
        .inspect_err(|_| {
            let _gone = crossterm::terminal::disable_raw_mode();
        })
        .map_err(TuiError::Theme)?;
    let (output_sender, output) = unbounded();
    let (capture, terminal) = Capture::start(output_sender)?;
    let screen = Screen::take(terminal, options.has_mouse)?;
    let at = now();
    let scene = Scene {
        picture: first,
        look: Look {
            theme,
            glyphs: Glyphs::of(options.is_ascii),
        },
        now: at,
        zone: local_zone(at),
        order: Order::Stage,
        only_bad: false,
        output: Vec::new(),
    };
    let mut state = State::new(scene, crossterm::terminal::size()?, options.has_mouse);
    state.theme_problem = themes.problem();
    state.settle();
    let mut shell = Shell {
        state,
        screen,
        themes,
        requests,
        is_due: true,
        found: unbounded(),
    };
    let message = catch_panics();
    let ended = std::panic::catch_unwind(AssertUnwindSafe(|| shell.run(pictures, &output)));
    let picture = Arc::clone(&shell.state.scene.picture);
    drop(shell);
    drop(capture);
    match ended {
        Ok(how) => how.map(|how| Ended { how, picture }),
        Err(_panic) => {
            let text = message.lock().unwrap_or_else(PoisonError::into_inner);
            Err(TuiError::Panicked(text.clone()))
        }
    }
}

/// The theme where nobody named one.
fn default_theme(depth: ColorDepth, background: Option<Background>) -> &'static str {
    match (depth, background) {
        (ColorDepth::Mono, _) => "mono",
        (ColorDepth::Ansi16, _) | (_, None) => "terminal",
        (_, Some(Background::Light)) => "light",
        (_, Some(Background::Dark)) => "dark",
    }
}

/// From now on a panic of this thread is kept for the end, when the terminal is restored; panics of
/// other threads go where the standard library prints them, which is the captured output.
fn catch_panics() -> Arc<Mutex<String>> {
    let message = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&message);
    let ours = std::thread::current().id();
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == ours {
            let trace = std::backtrace::Backtrace::force_capture();
            let mut text = kept.lock().unwrap_or_else(PoisonError::into_inner);
            *text = format!("{info}\n{trace}");
        } else {
            previous(info);
        }
    }));
    message
}

struct Shell<'r> {
    state: State,
    screen: Screen<File>,
    themes: Themes,
    requests: &'r Sender<Request>,
    is_due: bool,
    /// What threads of the shell have found.
    found: (Sender<Input>, Receiver<Input>),
}

impl Shell<'_> {
    fn run(
        &mut self,
        pictures: &Receiver<Arc<Picture>>,
        output: &Receiver<String>,
    ) -> Result<Ending, TuiError> {
        let keys = keys()?;
        let signals = signals()?;
        let changes = self.themes.changes();
        loop {
            if std::mem::take(&mut self.is_due) {
                self.draw()?;
            }
            let timer = self.deadline().map_or_else(never, crossbeam_channel::at);
            let mut inputs = Vec::new();
            select! {
                recv(keys) -> event => match event {
                    Ok(event) => inputs.extend(from_event(event)),
                    // The terminal is gone.
                    Err(_) => return Ok(Ending::Signal(SIGHUP)),
                },
                recv(pictures) -> picture => match picture {
                    Ok(picture) => inputs.push(Input::Picture(picture)),
                    Err(_) => return Err(TuiError::EngineGone),
                },
                recv(signals) -> signal => match signal {
                    Ok(SIGCONT) => self.resume()?,
                    Ok(signal) => return Ok(Ending::Signal(signal)),
                    Err(_) => {}
                },
                recv(changes) -> _ => self.reload_theme(),
                recv(output) -> line => self.printed(line.ok()),
                recv(self.found.1) -> found => inputs.extend(found),
                recv(timer) -> _ => inputs.push(Input::Tick),
            }
            // Whatever else has come belongs to the same frame.
            inputs.extend(keys.try_iter().filter_map(from_event));
            self.state.scene.now = now();
            self.state.scene.zone = local_zone(self.state.scene.now);
            for input in inputs {
                self.is_due = true;
                for effect in update(&mut self.state, input) {
                    if let Some(ending) = self.carry_out(effect)? {
                        return Ok(ending);
                    }
                }
            }
            self.follow_project();
        }
    }

    /// When to wake although nothing happened.
    fn deadline(&self) -> Option<Instant> {
        let beat = self.state.is_lively().then_some(BEAT);
        let toast = self.state.toast.as_ref().map(|toast| {
            let left = toast.until.duration_since(self.state.scene.now);
            left.unwrap_or_default() + Duration::from_millis(1)
        });
        let wait = [beat, toast].into_iter().flatten().min()?;
        Some(instant() + wait)
    }

    fn draw(&mut self) -> Result<(), TuiError> {
        let (width, height) = self.state.size;
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let cursor = view::draw(&self.state, &mut buffer);
        self.screen.show(buffer, cursor)?;
        Ok(())
    }

    fn carry_out(&mut self, effect: Effect) -> Result<Option<Ending>, TuiError> {
        match effect {
            Effect::Ask(request) => {
                let _gone = self.requests.send(request);
            }
            Effect::Quit => return Ok(Some(Ending::Quit)),
            Effect::Mouse(has_mouse) => self.screen.set_mouse(has_mouse)?,
            Effect::NextTheme => {
                self.themes.next();
                self.reload_theme();
                let name = self.state.scene.look.theme.name.clone();
                self.state.say(format!("theme {name}"));
            }
            Effect::Choose(question) => self.in_thread(question.role, move |table| {
                Input::Chosen(question.answer(table))
            })?,
            Effect::Export {
                choice,
                columns,
                path,
                may_replace,
            } => self.in_thread(choice.question.role, move |table| {
                exported(table, (&choice.rows, &columns), path, may_replace)
            })?,
            Effect::Copy(text) => self.screen.send_raw(&clipboard(&text))?,
            Effect::Suspend => {
                self.screen.leave()?;
                // Stops here until the shell continues us.
                signal_hook::low_level::raise(signal_hook::consts::SIGSTOP)?;
                self.resume()?;
            }
        }
        Ok(None)
    }

    /// Works on a table without the screen waiting.
    fn in_thread(
        &self,
        role: Role,
        work: impl FnOnce(&TableView) -> Input + Send + 'static,
    ) -> std::io::Result<()> {
        let table = self.state.scene.table(role);
        let Some(table) = table.and_then(|input| input.table.clone()) else {
            return Ok(());
        };
        let sender = self.found.0.clone();
        std::thread::Builder::new()
            .name("rows".to_owned())
            .spawn(move || {
                let _screen_ended = sender.send(work(&table));
            })?;
        Ok(())
    }

    fn resume(&mut self) -> Result<(), TuiError> {
        self.screen.enter()?;
        self.state.size = crossterm::terminal::size()?;
        self.state.settle();
        self.is_due = true;
        Ok(())
    }

    fn printed(&mut self, line: Option<String>) {
        let output = &mut self.state.scene.output;
        output.extend(line);
        let n_over = output.len().saturating_sub(MAX_OUTPUT);
        output.drain(..n_over);
        self.is_due = true;
    }

    /// The project file may name another theme now.
    fn follow_project(&mut self) {
        let named = self.state.scene.picture.project.theme.clone();
        if self.themes.follow(named.as_deref()) {
            self.reload_theme();
        }
    }

    fn reload_theme(&mut self) {
        if let Some(theme) = self.themes.load() {
            self.state.scene.look.theme = theme;
        }
        self.state.theme_problem = self.themes.problem();
        self.state.settle();
        self.is_due = true;
    }
}

/// Writes rows, and says how it went.
fn exported(
    table: &TableView,
    (rows, columns): (&[u32], &[usize]),
    path: String,
    may_replace: bool,
) -> Input {
    let written = export::write(table, (rows, columns), Path::new(&path), may_replace);
    let (text, exists) = match written {
        Ok(()) => (format!("{} rows written to {path}", rows.len()), None),
        Err(ExportError::Exists(_)) => {
            let text = format!("{path} exists; Enter replaces it, Esc does not");
            (text, Some(path))
        }
        Err(error) => (error.to_string(), None),
    };
    Input::Exported { text, exists }
}

/// Keys, mouse and sizes as they come.
fn keys() -> std::io::Result<Receiver<Event>> {
    let (sender, events) = unbounded();
    // Ends with the process, or when the terminal is gone.
    std::thread::Builder::new()
        .name("keys".to_owned())
        .spawn(move || {
            while let Ok(event) = crossterm::event::read() {
                if sender.send(event).is_err() {
                    return;
                }
            }
        })?;
    Ok(events)
}

fn signals() -> std::io::Result<Receiver<i32>> {
    let (sender, received) = unbounded();
    let mut signals =
        signal_hook::iterator::Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGCONT])?;
    // Ends with the process.
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in signals.forever() {
                if sender.send(signal).is_err() {
                    return;
                }
            }
        })?;
    Ok(received)
}

fn from_event(event: Event) -> Option<Input> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => {
            Some(Input::Key(Key::pressed(key.code, key.modifiers)))
        }
        Event::Mouse(event) => Some(Input::Mouse(event)),
        Event::Resize(width, height) => Some(Input::Resized((width, height))),
        Event::Paste(text) => Some(Input::Paste(text)),
        Event::Key(_) | Event::FocusGained | Event::FocusLost => None,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the loop that reads the clock"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the loop that reads the clock"
)]
fn instant() -> Instant {
    Instant::now()
}
