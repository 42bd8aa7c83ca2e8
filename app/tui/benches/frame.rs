//! What a frame costs: making, comparing and encoding it, and how many bytes it sends.
//!
//! Run with `cargo bench -p interlock-tui --bench frame`. Bytes per frame stand before the times.

#![expect(
    clippy::print_stdout,
    reason = "bytes per frame are part of the answer"
)]

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use criterion::{Criterion, criterion_group, criterion_main};
use interlock_engine::picture::{
    Activity, CheckState, HistoryPoint, LogEntry, LogKind, Picture, ProjectState, RunState,
    Standing,
};
use interlock_plugin_api::chart::{Chart, Point, View};
use interlock_plugin_api::check_info::{CheckInfo, Cost, Docs, Needs, Stage};
use interlock_plugin_api::outcome::{Metric, Outcome, Verdict};
use interlock_tui::chart::{Room, items};
use interlock_tui::scene::{Order, Scene};
use interlock_tui::state::State;
use interlock_tui::term::Screen;
use interlock_tui::text::Zone;
use interlock_tui::theme::library::Library;
use interlock_tui::theme::{ColorDepth, Glyphs, Look};
use interlock_tui::update::{Input, update};
use interlock_tui::view;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

fn look() -> Look {
    Look {
        theme: Library::default()
            .load("dark", ColorDepth::True)
            .expect("the theme is built in")
            .theme,
        glyphs: Glyphs::of(false),
    }
}

fn scatter(n: u32) -> View {
    let points = (0..n)
        .map(|index| {
            let x = f64::from(index) / f64::from(n);
            Point {
                x,
                y: (x * 20.0).sin() + f64::from(index % 97) / 97.0,
                color: Some(x),
                row: Some(u64::from(index)),
            }
        })
        .collect();
    View::new(
        "scatter",
        "Scatter",
        Chart::Scatter {
            x_axis: "x".to_owned(),
            y_axis: "y".to_owned(),
            color_axis: "x".to_owned(),
            points,
            role: None,
        },
    )
}

/// A moment.
fn at(second: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + second)
}

/// Thirty checks with twenty runs each; another `round`, other values everywhere.
fn picture(round: u64) -> Arc<Picture> {
    let value = |index: u64, run: u64| ((index * 31 + run * 17 + round * 7) % 100) as f64 / 100.0;
    let check = |index: u64| {
        let standing =
            [Standing::Pass, Standing::Warn, Standing::Fail][((index + round) % 3) as usize];
        let outcome = Outcome::new(Verdict::Pass, format!("figure {:.2}", value(index, 20)))
            .metric(Metric::new("figure", value(index, 20), 1000).at_most(Some(0.4), Some(0.8)));
        Arc::new(CheckState {
            info: Arc::new(CheckInfo {
                id: format!("bench.check-{index}"),
                title: format!("Check number {index}"),
                stage: Stage::ALL[(index / 8) as usize % Stage::ALL.len()],
                needs: Needs::default(),
                codes: Vec::new(),
                params: Vec::new(),
                docs: Docs::default(),
                cost: Cost::Quick,
                cadence_days: None,
            }),
            plugin: "bench".to_owned(),
            standing,
            reason: None,
            outcome: Some(Arc::new(outcome)),
            is_partial: false,
            run: RunState::Idle,
            finished_at: Some(at(round)),
            duration: Some(Duration::from_millis(12)),
            is_cached: false,
            history: (0..20)
                .map(|run| HistoryPoint {
                    at: at(run),
                    standing,
                    value: Some(value(index, run)),
                })
                .collect::<Vec<_>>()
                .into(),
            cause: None,
        })
    };
    let log = (0..40).map(|line| {
        Arc::new(LogEntry {
            at: at(line + round),
            kind: LogKind::Finished,
            text: format!("bench.check-{line}: PASS: figure {:.2}", value(line, round)),
            check: None,
        })
    });
    Arc::new(Picture {
        revision: round,
        project: ProjectState {
            name: "bench".to_owned(),
            root: PathBuf::from("/bench"),
            inputs: Vec::new(),
            problems: Vec::new(),
            stale_config: None,
            theme: None,
            wants_consent: None,
            missing_checks: Vec::new(),
        },
        checks: (0..30).map(check).collect(),
        plugins: Vec::new(),
        log: log.collect(),
        activity: Activity::default(),
        profiles: Arc::default(),
    })
}

fn state(size: (u16, u16)) -> State {
    let scene = Scene {
        picture: picture(0),
        look: look(),
        now: at(100),
        zone: Zone(0),
        order: Order::Stage,
        only_bad: false,
        output: Vec::new(),
    };
    let mut state = State::new(scene, size, true);
    state.settle();
    state
}

/// Draws, compares, encodes; gives the bytes that would be sent.
fn frame(state: &State, screen: &mut Screen<std::io::Sink>) -> usize {
    let mut buffer = Buffer::empty(Rect::new(0, 0, state.size.0, state.size.1));
    let cursor = view::draw(state, &mut buffer);
    screen.show(buffer, cursor).unwrap_or(0)
}

fn frames(criterion: &mut Criterion) {
    for size in [(80, 24), (200, 60)] {
        let name = format!("{}x{}", size.0, size.1);
        let mut state = state(size);
        let mut screen = Screen::new(std::io::sink(), false);
        println!(
            "bytes of the first frame at {name}: {}",
            frame(&state, &mut screen)
        );
        println!(
            "bytes of an unchanged frame at {name}: {}",
            frame(&state, &mut screen)
        );
        criterion.bench_function(&format!("unchanged frame at {name}"), |bencher| {
            bencher.iter(|| frame(black_box(&state), &mut screen));
        });
        let pictures = [picture(1), picture(2)];
        let mut round = 0;
        let mut next = |state: &mut State, screen: &mut Screen<std::io::Sink>| {
            round = 1 - round;
            update(state, Input::Picture(Arc::clone(&pictures[round])));
            frame(state, screen)
        };
        println!(
            "bytes when 30 checks and their trends change at {name}: {}",
            next(&mut state, &mut screen)
        );
        criterion.bench_function(
            &format!("30 checks and their trends change at {name}"),
            |bencher| {
                bencher.iter(|| next(&mut state, &mut screen));
            },
        );
    }
}

fn charts(criterion: &mut Criterion) {
    let look = look();
    for n in [20_000, 200_000] {
        let view = scatter(n);
        criterion.bench_function(&format!("scatter of {n} points at 200x60"), |bencher| {
            bencher.iter(|| items(black_box(&view), Room::new(198, 50), &look));
        });
    }
}

criterion_group!(benches, frames, charts);
criterion_main!(benches);
