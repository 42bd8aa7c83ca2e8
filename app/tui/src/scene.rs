//! What every page is made from: the picture, the clock, and how the reader wants it.
//!
//! In: the newest picture and the time it is looked at. Out: one value that content is made from.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use interlock_engine::picture::{CheckState, InputState, Picture, PluginState};
use interlock_plugin_api::check_info::Stage;
use interlock_plugin_api::outcome::Role;

use crate::text::Zone;
use crate::theme::Look;

/// In which order checks stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By stage of the pipeline.
    Stage,
    /// Gravest first.
    Gravity,
}

/// What pages are made from.
#[derive(Debug, Clone)]
pub struct Scene {
    /// What the engine knows.
    pub picture: Arc<Picture>,
    /// Styles and characters.
    pub look: Look,
    /// The moment of drawing.
    pub now: SystemTime,
    /// For showing local times.
    pub zone: Zone,
    /// In which order checks stand.
    pub order: Order,
    /// Whether only checks that want a look are shown.
    pub only_bad: bool,
    /// Whether passed checks of a stage stand in one line, where the reader said; of all stages
    /// together under `None`.
    pub folds: BTreeMap<Option<Stage>, bool>,
    /// Lines that something in this program printed, the last ones.
    pub output: Vec<String>,
}

impl Scene {
    /// The check of this id.
    pub fn check(&self, id: &str) -> Option<&CheckState> {
        self.picture
            .checks
            .iter()
            .find(|check| check.info.id == id)
            .map(AsRef::as_ref)
    }

    /// The plugin of this id.
    pub fn plugin(&self, id: &str) -> Option<&PluginState> {
        self.picture
            .plugins
            .iter()
            .find(|plugin| plugin.id == id)
            .map(AsRef::as_ref)
    }

    /// The input of this name.
    pub fn input(&self, name: &str) -> Option<&InputState> {
        self.picture
            .project
            .inputs
            .iter()
            .find(|input| input.name == name)
    }

    /// The table of this role.
    pub fn table(&self, role: Role) -> Option<&InputState> {
        self.picture
            .project
            .inputs
            .iter()
            .find(|input| input.role == Some(role))
    }
}
