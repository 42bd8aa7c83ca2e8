//! The same work for many pieces on a few threads, with the results in order.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Threads that read; checks run beside them.
const N_THREADS: usize = 2;

/// The results for `0..n`, in order; `None` where the thread died.
pub(crate) fn in_order<T: Send>(n: usize, work: impl Fn(usize) -> T + Sync) -> Vec<Option<T>> {
    let slots: Vec<Mutex<Option<T>>> = (0..n).map(|_| Mutex::default()).collect();
    let next = AtomicUsize::new(0);
    let run = || {
        loop {
            let idx = next.fetch_add(1, Ordering::Relaxed);
            let Some(slot) = slots.get(idx) else { return };
            let result = work(idx);
            if let Ok(mut slot) = slot.lock() {
                *slot = Some(result);
            }
        }
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..N_THREADS.min(n)).map(|_| scope.spawn(run)).collect();
        run();
        for other in others {
            // The slot of a thread that died stays empty.
            other.join().ok();
        }
    });
    slots
        .into_iter()
        .map(|slot| slot.into_inner().unwrap_or_default())
        .collect()
}
