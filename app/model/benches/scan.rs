//! How fast files are scanned: a large joblib file, and a pickle of many small values.
//!
//! In: files built here. Out: criterion's figures.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use interlock_model::scan::{ScanLimits, Verdict, scan_bytes};

/// A joblib file of one array of this many doubles, as joblib writes it.
fn joblib(n_values: u32) -> Vec<u8> {
    let mut bytes = b"\x80\x04\x8c\x13joblib.numpy_pickle\x8c\x11NumpyArrayWrapper\x93)\x81}(\x8c\x08subclass\x8c\x05numpy\x8c\x07ndarray\x93\x8c\x05shapeJ".to_vec();
    bytes.extend(n_values.to_le_bytes());
    bytes.extend(b"\x85\x8c\x05order\x8c\x01C\x8c\x05dtype\x8c\x05numpy\x8c\x05dtype\x93\x8c\x02f8\x89\x88\x87R(K\x03\x8c\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x8c\x0aallow_mmap\x88\x8c\x1bnumpy_array_alignment_bytesK\x10ub");
    bytes.extend([3, 255, 255, 255]);
    bytes.extend((0..n_values).flat_map(|value| f64::from(value).sqrt().to_le_bytes()));
    bytes.push(b'.');
    bytes
}

/// A pickle of a list of dictionaries, nothing but operations.
fn operations(n_items: u32) -> Vec<u8> {
    let mut bytes = b"\x80\x04]\x94(".to_vec();
    for item in 0..n_items {
        bytes.extend(b"}\x94(\x8c\x04nameh\x01\x8c\x05value\x94J");
        bytes.extend(item.to_le_bytes());
        bytes.extend(b"\x8c\x06weightG\x3f\xf0\0\0\0\0\0\0u");
    }
    bytes.extend(b"e.");
    bytes
}

fn scanning(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("scan");
    group.sample_size(10);
    for (name, bytes) in [
        ("joblib", joblib(30_000_000)),
        ("operations", operations(400_000)),
    ] {
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| scan_bytes(&bytes, &ScanLimits::default()).verdict == Verdict::Safe);
        });
    }
    group.finish();
}

criterion_group!(benches, scanning);
criterion_main!(benches);
