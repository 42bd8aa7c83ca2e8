//! Whatever the bytes are, a scan ends with a verdict, soon.

use interlock_model::scan::{ScanLimits, Verdict, scan_bytes};

use crate::build::{Entry, PAYLOAD, gzip, joblib, tar, zip};

fn random() -> impl FnMut(usize) -> usize {
    let mut state = 1_u64;
    move |limit: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % limit.max(1)
    }
}

fn limits() -> ScanLimits {
    ScanLimits {
        n_unpacked: 4 << 20,
        n_steps: 200_000,
        n_values: 20_000,
        ..ScanLimits::default()
    }
}

fn small_fixtures() -> Vec<Vec<u8>> {
    let folder = super::folder();
    let files = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    let bytes = paths.into_iter().map(|path| std::fs::read(path).unwrap());
    bytes.filter(|bytes| bytes.len() < 20_000).collect()
}

#[test]
fn changed_files_end_with_a_verdict() {
    let mut next = random();
    let (mut n_scans, limits) = (0, limits());
    for bytes in small_fixtures() {
        for _ in 0..60 {
            let mut changed = bytes.clone();
            for _ in 0..1 + next(4) {
                let at = next(changed.len());
                changed[at] = u8::try_from(next(256)).unwrap();
            }
            scan_bytes(&changed, &limits);
            n_scans += 1;
        }
    }
    assert!(n_scans > 2_000, "{n_scans}");
}

#[test]
fn cut_files_end_with_a_verdict() {
    let limits = limits();
    let entry = Entry::deflated("model/data.pkl", PAYLOAD);
    let archive = zip(&[
        entry.clone(),
        Entry::stored("model/data/0", &[1; 40]),
        entry,
    ]);
    let mut built = vec![
        gzip(&archive),
        tar("model.pkl", b'0', "", PAYLOAD),
        joblib(4, b"\x01\x02\x03\x04."),
        archive,
    ];
    built.extend(
        small_fixtures()
            .into_iter()
            .filter(|bytes| bytes.len() < 2_500),
    );
    for bytes in built {
        for length in 0..bytes.len() {
            scan_bytes(&bytes[..length], &limits);
        }
    }
}

#[test]
fn random_operations_end_with_a_verdict() {
    let codes = b"(.012FGIJKLMNPQRSTUVX]abcdeghijlopqrstu})BC\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\x96\x97\x98\n0ax\x01\x02\0";
    let mut next = random();
    let limits = limits();
    for _ in 0..20_000 {
        let length = next(200);
        let mut bytes = b"\x80\x04".to_vec();
        bytes.extend((0..length).map(|_| codes[next(codes.len())]));
        scan_bytes(&bytes, &limits);
    }
}

#[test]
fn random_bytes_end_with_a_verdict() {
    let mut next = random();
    let limits = limits();
    let heads: [&[u8]; 8] = [
        b"",
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"\x93NUMPY\x01\0",
        b"\x1f\x8b\x08\0",
        b"\x78\x9c",
        b"\x89HDF\r\n\x1a\nmodel_config{\"class_name\"",
        b"\x20\0\0\0\0\0\0\0{\"a\":",
    ];
    for round in 0..8_000 {
        let mut bytes = heads[round % heads.len()].to_vec();
        let length = next(600);
        bytes.extend((0..length).map(|_| u8::try_from(next(256)).unwrap()));
        scan_bytes(&bytes, &limits);
    }
}

/// Files made to cost much more time than their size.
#[test]
fn costly_files_end() {
    let limits = limits();
    let braces = [
        b"\x89HDF\r\n\x1a\n".as_slice(),
        &b"{\"class_name\"".repeat(20_000),
    ]
    .concat();
    scan_bytes(&braces, &limits);
    scan_bytes(&b"PK\x03\x04".repeat(50_000), &limits);
    scan_bytes(
        &[b"\x80\x02.".as_slice(), &b"c".repeat(400_000)].concat(),
        &limits,
    );
    scan_bytes(&b"\x80\x02N.".repeat(100_000), &limits);
    scan_bytes(
        &[b"\x80\x02\xff".as_slice(), &b"\x80\x02N".repeat(100_000)].concat(),
        &limits,
    );
    let many: Vec<Entry> = (0..3_000)
        .map(|_| Entry::stored("a", b"\x80\x02N."))
        .collect();
    scan_bytes(&zip(&many), &limits);
    let limits = ScanLimits::default();
    scan_bytes(
        &[b"\x80\x02".as_slice(), &b"h\x07".repeat(2_000_000)].concat(),
        &limits,
    );
    let mut names = b"\x80\x02".to_vec();
    for number in 0..200_000 {
        names.extend(format!("ca\nb{number}\n").as_bytes());
    }
    let scan = scan_bytes(&names, &limits);
    assert_eq!(scan.verdict, Verdict::Dangerous);
    assert_eq!(scan.imports.len(), 10_000);
}
