//! What a frame costs: making, comparing and encoding it, and how many bytes it sends.
//!
//! Run with `cargo bench -p interlock-tui --bench frame`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use interlock_plugin_api::chart::{Chart, Point, View};
use interlock_tui::chart::{Room, items};
use interlock_tui::theme::library::Library;
use interlock_tui::theme::{ColorDepth, Glyphs, Look};

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

fn charts(criterion: &mut Criterion) {
    let look = look();
    for n in [20_000, 200_000] {
        let view = scatter(n);
        criterion.bench_function(&format!("scatter of {n} points at 200x60"), |bencher| {
            bencher.iter(|| items(black_box(&view), Room::new(198, 50), &look));
        });
    }
}

criterion_group!(benches, charts);
criterion_main!(benches);
