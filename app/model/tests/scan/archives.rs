//! Archives that show one thing to a scanner and another to a loader, and formats with code of their own.

use interlock_model::scan::{Scan, ScanLimits, Verdict, scan_bytes};

use crate::build::{Entry, PAYLOAD, crc, gzip, join, tar, zip, zlib};

#[track_caller]
fn look(bytes: &[u8]) -> Scan {
    scan_bytes(bytes, &ScanLimits::default())
}

#[track_caller]
fn runs_system(what: &str, bytes: &[u8]) {
    let scan = look(bytes);
    assert_eq!(scan.verdict, Verdict::Dangerous, "{what}: {scan:#?}");
    let is_named = scan.imports.iter().any(|import| import.module == "os");
    assert!(is_named, "{what}: {scan:#?}");
}

#[track_caller]
fn finds(what: &str, bytes: &[u8], verdict: Verdict, code: &str) {
    let scan = look(bytes);
    assert_eq!(scan.verdict, verdict, "{what}: {scan:#?}");
    let found = scan.findings.iter().any(|finding| finding.code == code);
    assert!(found, "{what}: {:#?}", scan.findings);
}

#[test]
fn pickles_are_found_under_any_name() {
    for name in [
        "model/data.pkl",
        "model/data/0",
        "readme.txt",
        "x.config",
        "model/extra/",
    ] {
        runs_system(name, &zip(&[Entry::stored(name, PAYLOAD)]));
        runs_system(name, &zip(&[Entry::deflated(name, PAYLOAD)]));
    }
    runs_system("tar", &tar("model.bin", b'0', "", PAYLOAD));
    runs_system("zlib", &zlib(PAYLOAD));
    runs_system("gzip", &gzip(PAYLOAD));
    runs_system("gzip twice", &gzip(&gzip(PAYLOAD)));
    let inner = zip(&[Entry::stored("data.pkl", PAYLOAD)]);
    runs_system("zip in zip", &zip(&[Entry::stored("inner.zip", &inner)]));
    runs_system(
        "zip in tar in gzip",
        &gzip(&tar("inner.zip", b'0', "", &inner)),
    );
}

#[test]
fn both_headers_of_an_entry_are_believed() {
    let plain = Entry::stored("data.pkl", PAYLOAD);
    let encrypted = Entry {
        flags: 1,
        local_flags: 1,
        ..plain.clone()
    };
    runs_system(
        "says it is encrypted",
        &zip(std::slice::from_ref(&encrypted)),
    );
    finds(
        "says it is encrypted",
        &zip(&[encrypted]),
        Verdict::Dangerous,
        "zip-encrypted",
    );
    for flags in [1, 0x20, 0x40] {
        runs_system(
            "flags",
            &zip(&[Entry {
                flags,
                ..plain.clone()
            }]),
        );
    }
    let checksum = Entry {
        crc: 7,
        ..plain.clone()
    };
    runs_system("wrong checksum", &zip(std::slice::from_ref(&checksum)));
    finds(
        "wrong checksum",
        &zip(&[checksum]),
        Verdict::Dangerous,
        "zip-checksum",
    );
    let renamed = Entry {
        local_name: "data.txt",
        ..plain.clone()
    };
    runs_system("two names", &zip(std::slice::from_ref(&renamed)));
    finds(
        "two names",
        &zip(&[renamed]),
        Verdict::Dangerous,
        "zip-two-headers",
    );
    let unlisted = Entry {
        is_listed: false,
        ..plain.clone()
    };
    let hidden = zip(&[unlisted, Entry::stored("a.txt", b"hello")]);
    runs_system("not in the directory", &hidden);
    finds(
        "not in the directory",
        &hidden,
        Verdict::Dangerous,
        "zip-hidden-entry",
    );
    let harmless = Entry::stored("data.pkl", b"\x80\x02N.");
    let twice = zip(&[harmless, plain.clone()]);
    runs_system("one name twice", &twice);
    finds(
        "one name twice",
        &twice,
        Verdict::Dangerous,
        "zip-same-name",
    );
    let mut no_end = zip(&[plain]);
    no_end.truncate(no_end.len() - 22);
    runs_system("without its end", &no_end);
}

#[test]
fn archives_that_hurt_are_named() {
    let zeros = vec![0; 4 << 20];
    let bomb = zip(&[Entry::deflated("zeros", &zeros)]);
    let limits = ScanLimits {
        ratio: 100,
        ..ScanLimits::default()
    };
    let scan = scan_bytes(&bomb, &limits);
    assert!(
        scan.findings
            .iter()
            .any(|finding| finding.code == "zip-bomb"),
        "{scan:#?}"
    );
    let limits = ScanLimits {
        n_unpacked: 1 << 20,
        ..ScanLimits::default()
    };
    assert_eq!(scan_bytes(&bomb, &limits).verdict, Verdict::CannotTell);
    finds(
        "out of its folder",
        &zip(&[Entry::stored("../x", b"hi")]),
        Verdict::Dangerous,
        "path-traversal",
    );
    finds(
        "absolute",
        &zip(&[Entry::stored("/etc/x", b"hi")]),
        Verdict::Dangerous,
        "path-traversal",
    );
}

#[test]
fn tar_archives_and_lying_entries_are_named() {
    finds(
        "tar out of its folder",
        &tar("../x", b'0', "", b"hi"),
        Verdict::Dangerous,
        "path-traversal",
    );
    finds(
        "tar link",
        &tar("x", b'2', "y", b""),
        Verdict::Suspicious,
        "archive-link",
    );
    finds(
        "tar link outside",
        &tar("x", b'2', "/etc", b""),
        Verdict::Dangerous,
        "archive-link",
    );
    finds(
        "tar device",
        &tar("x", b'3', "", b""),
        Verdict::Dangerous,
        "archive-device",
    );
    let mut nested = b"\x80\x02N.".to_vec();
    for _ in 0..8 {
        nested = zip(&[Entry::stored("a.zip", &nested)]);
    }
    finds("eight deep", &nested, Verdict::Suspicious, "depth");
    let content = Entry::stored("a", b"\x80\x02N.");
    let mut overlapping = zip(&[content.clone(), content]);
    // The second entry of the directory points at the first one's header.
    let second = overlapping
        .windows(4)
        .rposition(|four| four == b"PK\x01\x02")
        .unwrap();
    overlapping[second + 42..second + 46].fill(0);
    finds("overlap", &overlapping, Verdict::Suspicious, "zip-overlap");
    let lies = Entry {
        n_bytes: 9,
        ..Entry::deflated("a", b"\x80\x02N.")
    };
    finds(
        "claims another size",
        &zip(&[lies]),
        Verdict::Suspicious,
        "zip-size",
    );
    let method = Entry {
        method: 12,
        ..Entry::stored("a", b"x")
    };
    finds(
        "bzip2 in zip",
        &zip(&[method]),
        Verdict::CannotTell,
        "not-unpacked",
    );
}

#[test]
fn files_that_read_in_two_ways_are_read_in_both() {
    let archive = zip(&[Entry::stored("a.txt", b"hello")]);
    runs_system("pickle, then zip", &join(&[PAYLOAD, &archive]));
    finds(
        "pickle, then zip",
        &join(&[PAYLOAD, &archive]),
        Verdict::Dangerous,
        "two-formats",
    );
    let hostile = zip(&[Entry::stored("data.pkl", PAYLOAD)]);
    runs_system("text, then zip", &join(&[b"hello\n", &hostile]));
    runs_system(
        "array, then zip",
        &join(&[b"\x93NUMPY\x01\0\x02\0{}", &hostile]),
    );
    // A tar archive whose first name is a pickle.
    let name = std::str::from_utf8(PAYLOAD).unwrap();
    runs_system("tar and pickle", &tar(name, b'0', "", b"hello"));
    let header = b"c\0\0\0\0\0\0\0{";
    assert_ne!(look(header).verdict, Verdict::Dangerous);
}

#[test]
fn formats_with_code_of_their_own_are_named() {
    let keras = |config: &str| {
        zip(&[
            Entry::stored("metadata.json", b"{}"),
            Entry::stored("config.json", config.as_bytes()),
            Entry::stored("model.weights.h5", b"\x89HDF\r\n\x1a\n"),
        ])
    };
    let lambda = r#"{"class_name": "Sequential", "config": {"layers": [{"class_name": "Lambda", "config": {}}]}}"#;
    finds("Lambda", &keras(lambda), Verdict::Dangerous, "keras-lambda");
    let other = r#"{"module": "os", "class_name": "system", "config": {}}"#;
    finds(
        "module os",
        &keras(other),
        Verdict::Dangerous,
        "keras-module",
    );
    let mine = r#"{"module": "mine", "class_name": "Layer", "config": {}}"#;
    finds(
        "own module",
        &keras(mine),
        Verdict::Suspicious,
        "keras-module",
    );
    let tool = r#"{"module": "keras.utils", "class_name": "get_file", "config": {}}"#;
    finds("get_file", &keras(tool), Verdict::Dangerous, "keras-module");
    let custom = r#"{"module": null, "class_name": "L", "registered_name": "my>L"}"#;
    finds(
        "own class",
        &keras(custom),
        Verdict::Suspicious,
        "keras-custom",
    );
    finds(
        "no JSON",
        &keras("{"),
        Verdict::CannotTell,
        "config-damaged",
    );
    let deep = "[".repeat(100_000);
    finds(
        "deep JSON",
        &keras(&deep),
        Verdict::CannotTell,
        "config-damaged",
    );
    let plain = r#"{"module": "keras", "class_name": "Sequential", "config": {}}"#;
    assert_eq!(look(&keras(plain)).verdict, Verdict::Safe);
    let skops = zip(&[Entry::stored(
        "schema.json",
        br#"{"__module__": "os", "__class__": "system"}"#,
    )]);
    runs_system("skops", &skops);
    let header = br#"{"w": {"dtype": "F32", "shape": [9], "data_offsets": [0, 36]}}"#;
    let tensors = join(&[&(header.len() as u64).to_le_bytes(), header, &[0; 8]]);
    finds(
        "safetensors outside",
        &tensors,
        Verdict::CannotTell,
        "truncated",
    );
    let head = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n";
    let length = u16::try_from(head.len()).unwrap();
    let array = join(&[b"\x93NUMPY\x01\0", &length.to_le_bytes(), head, PAYLOAD]);
    runs_system("npy of objects", &array);
    runs_system("npz of objects", &zip(&[Entry::deflated("a.npy", &array)]));
    let torch = join(&[
        b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.\x80\x02",
        PAYLOAD,
        b"\x80\x02].",
    ]);
    runs_system("PyTorch before 1.6", &torch);
    assert_eq!(look(&torch).kind.to_string(), "PyTorch legacy file");
    assert_eq!(crc(b"123456789"), 0xcbf4_3926);
}

#[test]
fn programs_beside_a_model_are_named() {
    for (name, content) in [
        ("handler.py", &b"import os"[..]),
        ("lib/native", b"\x7fELF\x02"),
        ("x.pth", b"import os"),
        ("run", b"#!/bin/sh"),
    ] {
        finds(
            name,
            &zip(&[Entry::stored(name, content)]),
            Verdict::Suspicious,
            "code-file",
        );
        finds(
            name,
            &tar(name, b'0', "", content),
            Verdict::Suspicious,
            "code-file",
        );
    }
    let plain = zip(&[
        Entry::stored("notes.txt", b"hello"),
        Entry::stored("w.pth", b"\x80\x02N."),
    ]);
    assert_eq!(look(&plain).verdict, Verdict::Safe);
}

#[test]
fn what_holds_no_code_is_not_blamed() {
    for (bytes, kind) in [
        (&b"{\"learner\": {}}"[..], "text or JSON"),
        (b"tree\nversion=v4\n", "LightGBM text"),
        (b"CBM1\x08\0\0\0", "CatBoost"),
        (b"GGUF\x03\0\0\0", "GGUF"),
        (b"\x08\x08\x12\x08skl2onnx", "ONNX"),
    ] {
        let scan = look(bytes);
        assert_eq!(scan.kind.to_string(), kind);
        assert_eq!(scan.verdict, Verdict::Safe, "{scan:#?}");
    }
    assert_eq!(look(b"").verdict, Verdict::CannotTell);
    assert_eq!(look(b"\xde\xad\xbe\xef").verdict, Verdict::CannotTell);
}
