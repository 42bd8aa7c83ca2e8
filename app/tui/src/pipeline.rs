//! The stages, left to right, as parts of a line.
//!
//! In: a picture and a width. Out: what stands where, for drawing and for the mouse.

use interlock_engine::picture::{Picture, Standing};
use interlock_plugin_api::check_info::Stage;

use crate::text::width;

/// From this width on each stage says how many of its checks passed.
const WIDE: usize = 120;

/// Columns of `CAN'T TELL 9/9`.
const SLOT: usize = 14;

/// One stage of the pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// First column.
    pub from: usize,
    /// Column after the last.
    pub to: usize,
    /// Its name, shortened where there is no room.
    pub name: String,
    /// The worst standing of its checks; `None` if it has no check.
    pub standing: Option<Standing>,
    /// How many of its checks passed, and how many it has.
    pub passed: (usize, usize),
    /// The stage; `None` for the sign-off, which people give.
    pub stage: Option<Stage>,
}

/// The stages in the order of the screen; the sign-off stands before monitoring.
pub fn segments(picture: &Picture, columns: usize) -> Vec<Segment> {
    let mut stages: Vec<Option<Stage>> = Stage::ALL.iter().copied().map(Some).collect();
    stages.insert(stages.len() - 1, None);
    let names: Vec<&str> = stages
        .iter()
        .map(|stage| stage.map_or("Sign-off", Stage::title))
        .collect();
    // Glyph and gap before the name, arrow and gaps after it.
    let fixed = stages.len() * 2 + (stages.len() - 1) * 3;
    // With much room there is a second line, and every stage is as wide as the longest word on it.
    let slots: Vec<usize> = if columns >= WIDE {
        names.iter().map(|name| width(name).max(SLOT)).collect()
    } else {
        names.iter().map(|name| width(name)).collect()
    };
    let whole: usize = slots.iter().sum();
    let (gap, cut) = if whole + fixed < columns {
        let spare = columns - whole - fixed - 1;
        (3 + (spare / (stages.len() - 1)).min(6), usize::MAX)
    } else if whole + stages.len() * 3 <= columns {
        (1, usize::MAX)
    } else {
        (1, (columns / stages.len()).saturating_sub(4).max(1))
    };
    let mut at = 1;
    stages
        .iter()
        .zip(names)
        .zip(slots)
        .map(|((stage, name), slot)| {
            let name: String = name.chars().take(cut).collect();
            let to = at
                + 2
                + if cut == usize::MAX {
                    slot
                } else {
                    width(&name)
                };
            let checks = || {
                picture
                    .checks
                    .iter()
                    .filter(move |check| Some(check.info.stage) == *stage)
            };
            let n_passed = checks()
                .filter(|check| check.standing == Standing::Pass)
                .count();
            let segment = Segment {
                from: at,
                to,
                name,
                standing: stage.and_then(|stage| picture.stage(stage)),
                passed: (n_passed, checks().count()),
                stage: *stage,
            };
            at = to + gap;
            segment
        })
        .collect()
}
