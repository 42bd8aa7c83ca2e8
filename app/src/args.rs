//! What can be typed.
//!
//! In: the command line. Out: [`Args`], validated and nothing more; nothing here touches a file.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// Safety checks for tabular models, live in the terminal.
///
/// Without a command: opens the dashboard on a project folder and checks again whenever a table,
/// the model, a plugin or the project file is saved.
#[derive(Debug, Parser)]
#[command(name = "interlock", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    /// Project folder, or its interlock.toml
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,

    #[command(flatten)]
    pub(crate) screen: ScreenArgs,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// How the dashboard looks.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ScreenArgs {
    /// Theme by name, or path of a theme file
    #[arg(long)]
    pub(crate) theme: Option<String>,
    /// Draw with ASCII characters only
    #[arg(long)]
    pub(crate) ascii: bool,
    /// Leave the mouse to the terminal
    #[arg(long)]
    pub(crate) no_mouse: bool,
    /// Look for changes by polling, as on network file systems
    #[arg(long)]
    pub(crate) poll: bool,
}

/// What to do instead of opening the dashboard.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a commented interlock.toml from what is found in a folder
    ///
    /// With --learn: learns what must hold of the tables from the train table, and adds it to the project
    /// file; what stands there is never changed. The check data-quality.contract holds every table to it.
    Init {
        /// Project folder, or its interlock.toml
        #[arg(default_value = ".")]
        dir: PathBuf,
        /// Add a contract learned from the train table: types, ranges, values, patterns, relations
        #[arg(long)]
        learn: bool,
        /// Print it instead of writing it
        #[arg(long = "print")]
        force_print: bool,
    },
    /// Run every check once and report
    ///
    /// Exit status: 0 every check passed, 1 one failed, 2 warnings only (1 with --strict-warnings),
    /// 3 a check broke, cannot tell, or none ran, or --export could not write.
    Check(CheckArgs),
    /// Write cleaned copies of tables beside the originals, with a log of each changed row
    ///
    /// The steps are the [[clean]] sections of the project file, or --steps. What a step learns, it
    /// learns from the train table. Exit status: 0 done, 2 done, but rows could not be read and are in no
    /// copy, 3 not done.
    Clean(CleanArgs),
    /// Follow changes as plain lines, for logs, screen readers and simple terminals
    Watch(WatchArgs),
    /// Print the settings in force, defaults included
    Config {
        /// Project folder, or its interlock.toml
        #[arg(default_value = ".")]
        dir: PathBuf,
        /// Print the JSON schema of the project file instead
        #[arg(long)]
        schema: bool,
    },
    /// Open a bundled sample project
    Demo {
        /// Which one; the first by default
        name: Option<String>,
        /// List them
        #[arg(long)]
        list: bool,
        #[command(flatten)]
        screen: ScreenArgs,
    },
    /// Consent, once and for all, to run what this project file names: a Python model
    Trust {
        /// Project folder, or its interlock.toml
        #[arg(default_value = ".")]
        dir: PathBuf,
        /// Take the consent back
        #[arg(long)]
        revoke: bool,
    },
    /// Look at check plugins
    Plugin {
        #[command(subcommand)]
        command: PluginCommand,
    },
    /// Say what this installation, terminal and kernel offer
    Doctor {
        /// Project folder, or its interlock.toml
        #[arg(default_value = ".")]
        dir: PathBuf,
    },
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// Project folder, or its interlock.toml
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Form of the report
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
    /// Consent to run what the project file names (a Python model), for this run
    #[arg(long)]
    pub(crate) trust: bool,
    /// Exit with 1 when there are warnings
    #[arg(long)]
    pub(crate) strict_warnings: bool,
    /// Write the rows behind each finding into files of this folder, one per finding, with a list of
    /// all findings in findings.csv. The folder is made; one that holds anything but an unchanged
    /// earlier export is left as it is
    #[arg(long, value_name = "FOLDER")]
    pub(crate) export: Option<PathBuf>,
    /// Form of these files
    #[arg(long, value_enum, default_value_t = CopyFormat::Csv, requires = "export")]
    pub(crate) export_format: CopyFormat,
    /// Print the JSON schema of `--format json` and exit
    #[arg(long)]
    pub(crate) schema: bool,
}

/// Arguments of `clean`.
#[derive(Debug, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct CleanArgs {
    /// Project folder, or its interlock.toml
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Which table is copied
    #[arg(long, value_enum, default_value_t = Table::All)]
    pub(crate) table: Table,
    /// A step in place of the project file's, as `impute columns = ["age"], rule = "median"`; may be
    /// given several times
    #[arg(long, value_name = "STEP")]
    pub(crate) steps: Vec<String>,
    /// Form of the copies; that of each original by default
    #[arg(long, value_enum)]
    pub(crate) format: Option<CopyFormat>,
    /// Folder of the copies; that of each original by default
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Replace copies of an earlier run
    #[arg(long)]
    pub(crate) force: bool,
    /// Say what would be done, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print the summary as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Print a plan made of what the tables show, to read, cut and paste into the project file
    #[arg(long, conflicts_with_all = ["steps", "force", "json", "format", "out"])]
    pub(crate) suggest: bool,
}

/// Tables of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Table {
    /// What the model learned from
    Train,
    /// Held-out rows
    Test,
    /// Rows seen after launch
    Current,
    /// Each that the project has
    All,
}

/// Forms of tables that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CopyFormat {
    /// Delimited text
    Csv,
    /// Parquet
    Parquet,
}

/// Arguments of `watch`.
#[derive(Debug, clap::Args)]
pub(crate) struct WatchArgs {
    /// Project folder, or its interlock.toml
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// One plain line per event (the only form so far; here so that scripts can say what they mean)
    #[arg(long)]
    pub(crate) plain: bool,
    /// Consent to run what the project file names (a Python model), for this run
    #[arg(long)]
    pub(crate) trust: bool,
    /// Look for changes by polling, as on network file systems
    #[arg(long)]
    pub(crate) poll: bool,
}

/// What to do with plugins.
#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// List plugins and their checks
    List {
        /// Project folder, or its interlock.toml
        #[arg(default_value = ".")]
        dir: PathBuf,
    },
}

/// Forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// For programs; see --schema
    Json,
}
