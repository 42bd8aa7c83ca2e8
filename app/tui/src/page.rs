//! Where the reader can be: the four panes of the overview, and what opens from them.
//!
//! In: what was chosen. Out: a [`Page`], which names things by id, so that it outlives the picture it
//! was opened from.

use interlock_plugin_api::outcome::Rows;

/// One place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// All checks.
    Checks,
    /// All plugins.
    Plugins,
    /// Tables and model.
    Inputs,
    /// What happened.
    Log,
    /// One check: verdict, findings, metrics, charts, notes.
    Check {
        /// Its id.
        id: String,
    },
    /// One finding of a check.
    Finding {
        /// The check's id.
        check: String,
        /// Position in the outcome.
        index: usize,
    },
    /// One chart of a check.
    View {
        /// The check's id.
        check: String,
        /// The view's id.
        view: String,
    },
    /// Rows of a table.
    Rows {
        /// What they are: `bin 3 of age`.
        title: String,
        /// Which.
        rows: Rows,
        /// Columns to show first; their cells are marked.
        columns: Vec<String>,
        /// Whether all rows of the table are meant, of which `rows` are the first.
        is_whole: bool,
    },
    /// What a check measures and how.
    Docs {
        /// The check's id.
        check: String,
    },
    /// One plugin.
    Plugin {
        /// Its id.
        id: String,
    },
    /// One column in every table that has it.
    Column {
        /// Its name.
        name: String,
    },
    /// One table or the model.
    Input {
        /// Its name.
        name: String,
    },
}

impl Page {
    /// The panes of the overview, in the order of their digits.
    pub const ROOTS: [Self; 4] = [Self::Checks, Self::Plugins, Self::Inputs, Self::Log];

    /// Its place in the breadcrumbs.
    pub fn title(&self) -> String {
        match self {
            Self::Checks => "Checks".to_owned(),
            Self::Plugins => "Plugins".to_owned(),
            Self::Inputs => "Inputs".to_owned(),
            Self::Log => "Log".to_owned(),
            Self::Check { id } | Self::Plugin { id } => id.clone(),
            Self::Finding { index, .. } => format!("finding {}", index + 1),
            Self::View { view, .. } => view.clone(),
            Self::Rows { title, .. } => title.clone(),
            Self::Docs { .. } => "about".to_owned(),
            Self::Input { name } | Self::Column { name } => name.clone(),
        }
    }

    /// The check it belongs to, if any.
    pub fn check(&self) -> Option<&str> {
        match self {
            Self::Check { id } => Some(id),
            Self::Finding { check, .. } | Self::View { check, .. } | Self::Docs { check } => {
                Some(check)
            }
            Self::Checks
            | Self::Plugins
            | Self::Inputs
            | Self::Log
            | Self::Rows { .. }
            | Self::Plugin { .. }
            | Self::Column { .. }
            | Self::Input { .. } => None,
        }
    }
}
