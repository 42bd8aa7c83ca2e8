//! Pictures for tests.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use interlock_engine::picture::{
    Activity, CheckState, HistoryPoint, LogEntry, LogKind, Picture, PluginHealth, PluginState,
    ProjectState, RunState, Standing,
};
use interlock_plugin_api::chart::{Bar, Chart, View};
use interlock_plugin_api::check_info::{CheckInfo, Cost, Docs, Needs, Stage};
use interlock_plugin_api::outcome::{Finding, Metric, Outcome, Role, Rows, Severity, Verdict};

use crate::scene::{Order, Scene};
use crate::state::State;
use crate::text::Zone;
use crate::theme::library::Library;
use crate::theme::{ColorDepth, Glyphs, Look};

pub(crate) const STANDINGS: [Standing; 8] = [
    Standing::Skipped,
    Standing::Pass,
    Standing::Pending,
    Standing::Warn,
    Standing::Inconclusive,
    Standing::Stale,
    Standing::Error,
    Standing::Fail,
];

/// A moment.
pub(crate) fn at() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

fn check(index: usize, standing: Standing) -> CheckState {
    let stage = Stage::ALL[index % Stage::ALL.len()];
    let outcome = Outcome::new(Verdict::Fail, format!("summary {index}"))
        .metric(
            Metric::new("rate", 0.31, 200)
                .title("Rate")
                .at_most(None, Some(0.2)),
        )
        .finding(
            Finding::new("XX001", Severity::Error, "something is wrong")
                .because("it matters")
                .advice("mend it")
                .rows(Rows::new(Role::Train, 0..3))
                .evidence("bars"),
        )
        .view(View::new(
            "bars",
            "Bars of it",
            Chart::Bars {
                value_axis: "rate".to_owned(),
                bars: vec![Bar::new("a", 0.5), Bar::new("b", 0.25)],
                threshold: Some(0.3),
            },
        ))
        .note("a note");
    CheckState {
        info: Arc::new(CheckInfo {
            id: format!("test.check-{index}"),
            title: format!("Check {index}"),
            stage,
            needs: Needs::default(),
            codes: Vec::new(),
            params: Vec::new(),
            docs: Docs::default(),
            cost: Cost::Quick,
            cadence_days: None,
        }),
        plugin: "test".to_owned(),
        standing,
        reason: (standing == Standing::Error).then(|| "it broke".to_owned()),
        outcome: (standing != Standing::Pending).then(|| Arc::new(outcome)),
        is_partial: false,
        run: RunState::Idle,
        finished_at: Some(at()),
        duration: Some(Duration::from_millis(12)),
        is_cached: false,
        history: vec![
            HistoryPoint {
                at: at(),
                standing: Standing::Pass,
                value: Some(0.1),
            },
            HistoryPoint {
                at: at(),
                standing,
                value: Some(0.31),
            },
        ]
        .into(),
        cause: None,
    }
}

/// One check of every standing, in pipeline order, and one plugin.
pub(crate) fn picture() -> Picture {
    let mut checks: Vec<CheckState> = STANDINGS
        .iter()
        .enumerate()
        .map(|(index, standing)| check(index, *standing))
        .collect();
    checks.sort_by_key(|check| check.info.stage);
    let log = LogEntry {
        at: at(),
        kind: LogKind::Verdict,
        text: "test.check-7: PASS → FAIL".to_owned(),
        check: Some("test.check-7".to_owned()),
    };
    Picture {
        revision: 1,
        project: ProjectState {
            name: "toy".to_owned(),
            root: PathBuf::from("/toy"),
            inputs: Vec::new(),
            problems: Vec::new(),
            stale_config: None,
            theme: None,
            wants_consent: None,
            missing_checks: Vec::new(),
        },
        checks: checks.into_iter().map(Arc::new).collect(),
        plugins: vec![Arc::new(PluginState {
            id: "test".to_owned(),
            path: PathBuf::from("/toy/libtest.so"),
            info: None,
            health: PluginHealth::Quarantined("crashed five times".to_owned()),
            n_checks: 8,
            n_reloads: 1,
            n_crashes: 5,
            last_crash: Some("segmentation fault".to_owned()),
            open_duration: None,
            run_duration: Duration::ZERO,
            modified_at: None,
            workers: Vec::new(),
            output: vec!["a line it printed".to_owned()],
            details: None,
        })],
        log: vec![Arc::new(log)],
        activity: Activity::default(),
        profiles: Arc::default(),
    }
}

/// A screen on that picture.
pub(crate) fn state(size: (u16, u16), theme: &str, depth: ColorDepth) -> State {
    let look = Look {
        theme: Library::default().load(theme, depth).unwrap().theme,
        glyphs: Glyphs::of(false),
    };
    let scene = Scene {
        picture: Arc::new(picture()),
        look,
        now: at(),
        zone: Zone(0),
        order: Order::Stage,
        only_bad: false,
        output: Vec::new(),
    };
    let mut state = State::new(scene, size, true);
    state.settle();
    state
}

/// Cells of a buffer by line, for messages.
pub(crate) fn lines(buffer: &ratatui::buffer::Buffer) -> Vec<String> {
    let mut lines: BTreeMap<u16, String> = BTreeMap::new();
    for y in 0..buffer.area.height {
        for x in 0..buffer.area.width {
            let symbol = buffer.cell((x, y)).map_or(" ", |cell| cell.symbol());
            lines.entry(y).or_default().push_str(symbol);
        }
    }
    lines.into_values().collect()
}
