//! Everything the reader can do, once: keys, footer and help are all made from this list.
//!
//! In: a key, or words typed into the palette. Out: an [`Action`], and whether it can be done now.

use crossterm::event::{KeyCode, KeyModifiers};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher};

use crate::page::Page;
use crate::state::State;

/// Something the reader can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Open what is selected.
    Open,
    /// Go back one level.
    Back,
    /// Leave the page; from the overview, the program.
    Leave,
    /// End the program.
    Quit,
    /// Select the item above.
    Up,
    /// Select the item below.
    Down,
    /// Select the spot to the left.
    Left,
    /// Select the spot to the right.
    Right,
    /// Move up by a page.
    PageUp,
    /// Move down by a page.
    PageDown,
    /// Select the first item.
    First,
    /// Select the last item.
    Last,
    /// The next pane of the overview.
    NextPane,
    /// The pane before.
    PreviousPane,
    /// A pane by number, the first is 0.
    Pane(usize),
    /// Show only lines that hold a text.
    Filter,
    /// Show only checks that want a look.
    OnlyBad,
    /// Gravest first, or by stage.
    Order,
    /// Say what the check measures.
    About,
    /// Run the check again.
    Rerun,
    /// Run all checks again.
    RerunAll,
    /// Stop the check's run.
    Cancel,
    /// Open the plugin anew.
    Reopen,
    /// Consent to what the project would run.
    Consent,
    /// Stop looking at changes, or look again.
    Pause,
    /// Give the page the whole screen.
    Zoom,
    /// The next theme.
    Theme,
    /// Give the mouse to the terminal, or take it.
    Mouse,
    /// Put what is said about the selection into the clipboard.
    Copy,
    /// Put the selected row into the clipboard.
    CopyRow,
    /// Put all shown rows into the clipboard.
    CopyRows,
    /// Write all shown rows into a file.
    Export,
    /// Show all actions.
    Palette,
    /// Stop the program as the shell's job control does.
    Suspend,
}

/// A key as it is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Which.
    pub code: KeyCode,
    /// With Control held.
    pub has_control: bool,
}

const fn key(code: KeyCode) -> Key {
    Key {
        code,
        has_control: false,
    }
}

const fn letter(c: char) -> Key {
    key(KeyCode::Char(c))
}

const fn control(c: char) -> Key {
    Key {
        code: KeyCode::Char(c),
        has_control: true,
    }
}

impl Key {
    /// A pressed key, as it would be bound.
    pub fn pressed(code: KeyCode, modifiers: KeyModifiers) -> Self {
        Self {
            code,
            has_control: modifiers.contains(KeyModifiers::CONTROL),
        }
    }

    /// How it is written in footer and help.
    pub fn name(self) -> String {
        let name = match self.code {
            KeyCode::Char(' ') => "Space".to_owned(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::Enter => "Enter".to_owned(),
            KeyCode::Esc => "Esc".to_owned(),
            KeyCode::Backspace => "Backspace".to_owned(),
            KeyCode::Tab => "Tab".to_owned(),
            KeyCode::BackTab => "Shift-Tab".to_owned(),
            KeyCode::Up => "Up".to_owned(),
            KeyCode::Down => "Down".to_owned(),
            KeyCode::Left => "Left".to_owned(),
            KeyCode::Right => "Right".to_owned(),
            KeyCode::PageUp => "PgUp".to_owned(),
            KeyCode::PageDown => "PgDn".to_owned(),
            KeyCode::Home => "Home".to_owned(),
            KeyCode::End => "End".to_owned(),
            other => format!("{other:?}"),
        };
        if self.has_control {
            format!("Ctrl-{name}")
        } else {
            name
        }
    }
}

/// What is known of an action.
#[derive(Debug)]
pub struct Entry {
    /// The action.
    pub action: Action,
    /// One or two words for the footer.
    pub title: &'static str,
    /// One sentence.
    pub doc: &'static str,
    /// Its keys, the first one is shown.
    pub keys: &'static [Key],
    /// Its place in the footer; 0 if it is not there.
    pub rank: u8,
}

macro_rules! entry {
    ($action:expr, $rank:literal, $title:literal, $doc:literal, [$($key:expr),* $(,)?]) => {
        Entry { action: $action, title: $title, doc: $doc, keys: &[$($key),*], rank: $rank }
    };
}

/// All actions, in the order of the help.
#[rustfmt::skip]
pub const ENTRIES: &[Entry] = &[
    entry!(Action::Open, 1, "open", "Opens what is selected: a check, a finding, a chart, the rows behind a bar.", [key(KeyCode::Enter)]),
    entry!(Action::Back, 2, "back", "Goes back one level; never ends the program.", [key(KeyCode::Esc), key(KeyCode::Backspace)]),
    entry!(Action::Leave, 9, "quit", "Ends the program from the overview; goes back from any other page.", [letter('q')]),
    entry!(Action::Quit, 0, "quit at once", "Ends the program from anywhere.", [control('c')]),
    entry!(Action::Down, 0, "down", "Selects the next line.", [letter('j'), key(KeyCode::Down)]),
    entry!(Action::Up, 0, "up", "Selects the line before.", [letter('k'), key(KeyCode::Up)]),
    entry!(Action::Left, 0, "left", "Selects the cell or point to the left.", [letter('h'), key(KeyCode::Left)]),
    entry!(Action::Right, 0, "right", "Selects the cell or point to the right.", [letter('l'), key(KeyCode::Right)]),
    entry!(Action::PageDown, 0, "page down", "Moves down by a page.", [key(KeyCode::PageDown), control('d'), letter(' ')]),
    entry!(Action::PageUp, 0, "page up", "Moves up by a page.", [key(KeyCode::PageUp), control('u')]),
    entry!(Action::First, 0, "first", "Selects the first line.", [letter('g'), key(KeyCode::Home)]),
    entry!(Action::Last, 0, "last", "Selects the last line.", [letter('G'), key(KeyCode::End)]),
    entry!(Action::NextPane, 8, "next pane", "Shows the next pane of the overview.", [key(KeyCode::Tab)]),
    entry!(Action::PreviousPane, 0, "pane before", "Shows the pane before.", [key(KeyCode::BackTab)]),
    entry!(Action::Pane(0), 0, "checks", "Shows all checks.", [letter('1')]),
    entry!(Action::Pane(1), 0, "plugins", "Shows plugins: state, version, timings, crashes, output.", [letter('2')]),
    entry!(Action::Pane(2), 0, "inputs", "Shows tables and model, and what is wrong with them.", [letter('3')]),
    entry!(Action::Pane(3), 0, "log", "Shows what happened.", [letter('4')]),
    entry!(Action::Filter, 6, "filter", "Shows only lines that hold a text; in a table also age<30 & job=none & savings missing.", [letter('/')]),
    entry!(Action::OnlyBad, 5, "only bad", "Shows only checks that want a look, or all again.", [letter('f')]),
    entry!(Action::Order, 0, "order", "Shows the gravest checks first, or by stage again; sorts rows by the selected column, up, down, as they were.", [letter('s')]),
    entry!(Action::About, 4, "about", "Says what the check measures, why it matters and how to read it.", [letter('d')]),
    entry!(Action::Rerun, 3, "run again", "Runs the selected check again, even if its result is known.", [letter('r')]),
    entry!(Action::RerunAll, 0, "run all again", "Runs all checks again.", [letter('R')]),
    entry!(Action::Cancel, 3, "cancel", "Stops the run of the selected check.", [letter('c')]),
    entry!(Action::Reopen, 3, "open anew", "Opens the selected plugin anew, also out of quarantine.", [letter('o')]),
    entry!(Action::Consent, 3, "allow", "Consents to run what the project file names, for this project and just that; asked once.", [letter('A')]),
    entry!(Action::Pause, 0, "pause", "Stops looking at changes of files, or looks again.", [letter('p')]),
    entry!(Action::Zoom, 0, "zoom", "Gives the page the whole screen, or shares it again.", [letter('z')]),
    entry!(Action::Theme, 0, "theme", "Shows the next theme; the project file or --theme makes one last.", [letter('t')]),
    entry!(Action::Mouse, 0, "mouse", "Gives the mouse to the terminal, for selecting text, or takes it back.", [letter('m')]),
    entry!(Action::Copy, 7, "copy", "Puts what is said about the selection into the clipboard.", [letter('y')]),
    entry!(Action::CopyRow, 0, "copy row", "Puts the selected row into the clipboard, cells separated by tabs.", [letter('Y')]),
    entry!(Action::CopyRows, 0, "copy all rows", "Puts all shown rows and their heading into the clipboard, cells separated by tabs.", [control('y')]),
    entry!(Action::Export, 5, "export", "Writes all shown rows, filtered and sorted, into a CSV, TSV or Parquet file.", [letter('x')]),
    entry!(Action::Suspend, 0, "suspend", "Stops the program until the shell's fg.", [control('z')]),
    entry!(Action::Palette, 10, "help", "Shows and finds everything there is to do.", [letter('?'), letter(':'), control('p')]),
];

/// The action of a key.
pub fn of_key(key: Key) -> Option<Action> {
    ENTRIES
        .iter()
        .find(|entry| entry.keys.contains(&key))
        .map(|entry| entry.action)
}

/// The check that actions are about: the page's, or the selected one.
pub fn check_in_question(state: &State) -> Option<String> {
    let place = state.place();
    if let Some(check) = place.page.check() {
        return Some(check.to_owned());
    }
    let key = &place.cursor.key;
    let is_list = place.page == Page::Checks;
    (is_list && state.scene.check(key).is_some()).then(|| key.clone())
}

/// The plugin that actions are about.
pub fn plugin_in_question(state: &State) -> Option<String> {
    match &state.place().page {
        Page::Plugin { id } => Some(id.clone()),
        Page::Plugins => {
            let key = &state.place().cursor.key;
            state.scene.plugin(key).map(|plugin| plugin.id.clone())
        }
        _ => None,
    }
}

/// Why an action cannot be done now.
///
/// # Errors
/// The reason, as a short sentence.
pub fn can(state: &State, action: Action) -> Result<(), &'static str> {
    use interlock_engine::picture::RunState;
    let ok = |is_possible: bool, why| if is_possible { Ok(()) } else { Err(why) };
    let check = || check_in_question(state);
    match action {
        Action::Open => {
            let items = state.items();
            let selected = state.selected(&items);
            let has_target = selected.is_some_and(|(_, _, spot)| spot.target.is_some());
            ok(has_target, "nothing opens from here")
        }
        Action::Back => ok(
            !state.stack.is_empty() || !state.place().filter.is_empty(),
            "this is the overview",
        ),
        Action::About | Action::Rerun => ok(check().is_some(), "no check is selected"),
        Action::Cancel => {
            let id = check().ok_or("no check is selected")?;
            let run = state.scene.check(&id).map(|check| &check.run);
            ok(
                run.is_some_and(|run| *run != RunState::Idle),
                "it does not run",
            )
        }
        Action::Reopen => ok(plugin_in_question(state).is_some(), "no plugin is selected"),
        Action::Consent => ok(
            state.scene.picture.project.wants_consent.is_some(),
            "nothing waits for your consent",
        ),
        Action::Order if matches!(state.place().page, Page::Rows { .. }) => Ok(()),
        Action::CopyRow | Action::CopyRows | Action::Export => ok(
            state.place().choice.is_some(),
            "it is for the rows of a table",
        ),
        Action::OnlyBad | Action::Order => ok(
            state.place().page == Page::Checks,
            "it is for the list of checks",
        ),
        Action::Copy => {
            let items = state.items();
            ok(state.selected(&items).is_some(), "nothing is selected")
        }
        _ => Ok(()),
    }
}

/// Entries that match what was typed, best first; all without any.
pub fn search(query: &str) -> Vec<&'static Entry> {
    if query.trim().is_empty() {
        return ENTRIES.iter().collect();
    }
    let pattern = Pattern::parse(query, CaseMatching::Ignore, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let mut found: Vec<(u32, usize, &Entry)> = ENTRIES
        .iter()
        .enumerate()
        .filter_map(|(index, entry)| {
            let text = format!("{} {}", entry.title, entry.doc);
            let haystack = nucleo_matcher::Utf32Str::new(&text, &mut buffer);
            let score = pattern.score(haystack, &mut matcher)?;
            // A word of the title counts more than the same word of the sentence.
            let title = entry.title.to_lowercase().contains(&query.to_lowercase());
            Some((score + if title { 1000 } else { 0 }, index, entry))
        })
        .collect();
    found.sort_by_key(|(score, index, _)| (std::cmp::Reverse(*score), *index));
    found.into_iter().map(|(_, _, entry)| entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things() {
        let mut seen: Vec<(Key, &str)> = Vec::new();
        for entry in ENTRIES {
            for key in entry.keys {
                let other = seen.iter().find(|(known, _)| known == key);
                assert!(
                    other.is_none(),
                    "{} is {} and {other:?}",
                    key.name(),
                    entry.title
                );
                seen.push((*key, entry.title));
            }
        }
    }

    #[test]
    fn every_action_is_explained_and_has_a_key() {
        for entry in ENTRIES {
            assert!(
                entry.doc.ends_with('.') && entry.doc.len() > 15,
                "{}",
                entry.title
            );
            assert!(!entry.keys.is_empty() && !entry.title.is_empty());
        }
    }

    #[test]
    fn help_is_found_by_what_one_would_type() {
        let first = |query: &str| search(query)[0].action;
        assert_eq!(first("theme"), Action::Theme);
        assert_eq!(first("mouse"), Action::Mouse);
        assert_eq!(first("run again"), Action::Rerun);
        assert_eq!(search("").len(), ENTRIES.len());
        assert!(search("zzzzqqq").is_empty());
    }
}
