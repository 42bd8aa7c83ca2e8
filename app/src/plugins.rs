//! `interlock plugin list`: the plugins a project would run, and their checks.

use std::process::ExitCode;

use anyhow::Context as _;
use interlock_engine::picture::PluginHealth;
use interlock_engine::report::printable;
use interlock_engine::run::Engine;

use crate::args::PluginCommand;
use crate::{headless, project, say};

/// `interlock plugin …`.
pub(crate) fn run(command: &PluginCommand) -> anyhow::Result<ExitCode> {
    let PluginCommand::List { dir } = command;
    let mut options = project::engine_options(dir, false, false, false)?;
    options.only_opens_plugins = true;
    let engine = Engine::start(options).context("starting the engine")?;
    let picture = headless::settled(&engine.pictures).context("the engine ended too early")?;
    let mut all_ready = true;
    for plugin in &picture.plugins {
        let version = plugin
            .info
            .as_ref()
            .map_or("", |info| info.version.as_str());
        let api = plugin
            .info
            .as_ref()
            .map_or_else(String::new, |info| format!(", API {}", info.api));
        let (state, is_ready) = match &plugin.health {
            PluginHealth::Ready => ("ready".to_owned(), true),
            PluginHealth::Disabled => ("disabled in the project file".to_owned(), true),
            PluginHealth::Opening => ("being opened".to_owned(), false),
            PluginHealth::Broken(why)
            | PluginHealth::Restarting(why)
            | PluginHealth::Quarantined(why) => (why.clone(), false),
        };
        all_ready &= is_ready;
        say(&printable(&format!(
            "{} {version} ({}{api}): {state}",
            plugin.id,
            plugin.path.display()
        )));
        for check in picture
            .checks
            .iter()
            .filter(|check| check.plugin == plugin.id)
        {
            say(&printable(&format!(
                "  {:<32} {}",
                check.info.id, check.info.title
            )));
        }
    }
    if picture.plugins.is_empty() {
        say("no plugins found; `interlock doctor` says where they are looked for");
    }
    engine.stop();
    Ok(if all_ready {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(3)
    })
}
