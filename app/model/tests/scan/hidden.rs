//! Every operation that can run code, and every known way to hide it, one case each.

use interlock_model::scan::{Scan, ScanLimits, Use, Verdict, scan_bytes};

use crate::build::{PAYLOAD, joblib, join};

#[track_caller]
fn look(bytes: &[u8]) -> Scan {
    scan_bytes(bytes, &ScanLimits::default())
}

/// The file is dangerous, and the import is named with its use.
#[track_caller]
fn dangerous(what: &str, bytes: &[u8], import: &str, how: Use) {
    let scan = look(bytes);
    assert_eq!(scan.verdict, Verdict::Dangerous, "{what}: {scan:#?}");
    let named = scan
        .imports
        .iter()
        .find(|found| format!("{}.{}", found.module, found.name) == import);
    assert_eq!(named.map(|named| named.how), Some(how), "{what}: {scan:#?}");
}

/// The verdict and a finding.
#[track_caller]
fn finds(what: &str, bytes: &[u8], verdict: Verdict, code: &str) {
    let scan = look(bytes);
    assert_eq!(scan.verdict, verdict, "{what}: {scan:#?}");
    let found = scan.findings.iter().any(|finding| finding.code == code);
    assert!(found, "{what}: {:#?}", scan.findings);
}

#[test]
fn every_operation_that_calls_is_followed() {
    let call = Use::Called;
    let s = "os.system";
    dangerous("GLOBAL, REDUCE", PAYLOAD, s, call);
    dangerous("INST", b"(S'true'\nios\nsystem\n.", s, Use::Built);
    dangerous("OBJ", b"(cos\nsystem\nS'true'\no.", s, Use::Built);
    dangerous(
        "NEWOBJ",
        b"\x80\x02cos\nsystem\nX\x04\0\0\0true\x85\x81.",
        s,
        Use::Built,
    );
    dangerous(
        "NEWOBJ_EX",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85}\x92.",
        s,
        Use::Built,
    );
    dangerous(
        "STACK_GLOBAL",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.",
        s,
        call,
    );
    dangerous("only named", b"cos\nsystem\n.", s, Use::Named);
    dangerous("discarded", b"cos\nsystem\n(S'true'\ntR0N.", s, call);
    dangerous("within a list", b"](cos\nsystem\n(S'true'\ntRe.", s, call);
    dangerous(
        "by copyreg",
        b"ccopy_reg\n_reconstructor\n(cos\nsystem\nc__builtin__\nobject\nNtR.",
        s,
        Use::Built,
    );
    dangerous(
        "by an old name",
        b"c__builtin__\neval\n(S'1'\ntR.",
        "__builtin__.eval",
        call,
    );
    dangerous(
        "commands",
        b"ccommands\ngetoutput\n(S'true'\ntR.",
        "commands.getoutput",
        call,
    );
    dangerous(
        "getattr",
        b"cbuiltins\ngetattr\n(N(ttR.",
        "builtins.getattr",
        call,
    );
}

#[test]
fn strings_are_decoded_before_they_are_judged() {
    let call = Use::Called;
    let tail: &[u8] = b"\x93(S'true'\ntR.";
    let cases: [(&str, &[u8]); 9] = [
        ("escaped STRING", b"S'o\\x73'\nS'\\163ystem'\n"),
        ("escaped UNICODE", b"V\\u006fs\nVs\\U00000079stem\n"),
        ("SHORT_BINSTRING", b"U\x02osU\x06system"),
        ("BINSTRING", b"T\x02\0\0\0osT\x06\0\0\0system"),
        ("BINUNICODE", b"X\x02\0\0\0osX\x06\0\0\0system"),
        (
            "BINUNICODE8",
            b"\x8d\x02\0\0\0\0\0\0\0os\x8d\x06\0\0\0\0\0\0\0system",
        ),
        ("double quotes", b"S\"os\"\nS\"system\"\n"),
        (
            "a frame in the middle",
            b"\x8c\x02os\x95\x08\0\0\0\0\0\0\0\x8c\x06system",
        ),
        ("DUP and POP", b"\x8c\x02os\x8c\x06systemN20\x30"),
    ];
    for (what, head) in cases {
        dangerous(what, &join(&[b"\x80\x04", head, tail]), "os.system", call);
    }
}

#[test]
fn the_memo_is_followed_as_python_does() {
    let call = Use::Called;
    let tail: &[u8] = b"\x93\x8c\x04true\x85R.";
    let through = b"\x80\x04\x8c\x02os\x940\x8c\x06system\x940h\x00h\x01";
    dangerous("BINGET", &join(&[through, tail]), "os.system", call);
    // The memo of MEMOIZE counts entries, also those of PUT: the harmless names go to 2 and 3.
    let mixed = b"\x80\x04\x8c\x02osq\x000\x8c\x06systemq\x010\x8c\x0ctorch._utils\x940\x8c\x12_rebuild_tensor_v2\x940h\x00h\x01";
    dangerous(
        "PUT and MEMOIZE mixed",
        &join(&[mixed, tail]),
        "os.system",
        call,
    );
    let twice = b"\x80\x04\x8c\x05torchq\x000\x8c\x02osq\x000\x8c\x06systemq\x010h\x00h\x01";
    let twice = join(&[twice, tail]);
    dangerous("written twice", &twice, "os.system", call);
    finds("written twice", &twice, Verdict::Dangerous, "memo");
    // Writing position 0 again adds no entry, so MEMOIZE puts at 1.
    let again = b"\x80\x04\x8c\x05torchq\x000\x8c\x02osq\x000\x8c\x06system\x940h\x00h\x01";
    dangerous(
        "written twice, then MEMOIZE",
        &join(&[again, tail]),
        "os.system",
        call,
    );
    let far = b"\x80\x04\x8c\x02osr\xff\xff\xff\x7f0\x8c\x06systemp1_0\n0j\xff\xff\xff\x7fg 10\n";
    let far = join(&[far, tail]);
    dangerous("far away", &far, "os.system", call);
    finds("far away", &far, Verdict::Dangerous, "memo-size");
    finds("missing", b"\x80\x02h\x07.", Verdict::Suspicious, "memo");
    dangerous(
        "called through the memo",
        b"cos\nsystem\nq\x000h\x00(S'true'\ntR.",
        "os.system",
        call,
    );
}

#[test]
fn names_made_up_while_loading_are_dangerous() {
    // _codecs.encode("bf", "rot13") gives "os".
    let rot =
        b"\x80\x04c_codecs\nencode\n(\x8c\x02bf\x8c\x05rot13tR\x8c\x06system\x93\x8c\x04true\x85R.";
    finds(
        "computed module",
        rot,
        Verdict::Dangerous,
        "computed-import",
    );
    finds("computed module", rot, Verdict::Dangerous, "encoding");
    finds(
        "a number as a name",
        b"\x80\x04K\x01K\x02\x93.",
        Verdict::Dangerous,
        "computed-import",
    );
    finds(
        "bytes as a name",
        b"\x80\x04C\x02osC\x06system\x93.",
        Verdict::Dangerous,
        "computed-import",
    );
    let attribute = b"\x80\x04cnumpy\nprod\nN}\x8c\x01a\x8c\x02oss\x86b\x30cnumpy\nprod.a\n.";
    finds(
        "BUILD on an import",
        attribute,
        Verdict::Dangerous,
        "changes-import",
    );
    finds(
        "SETITEM on an import",
        b"cnumpy\ndtype\nK\x01K\x02s.",
        Verdict::Dangerous,
        "changes-import",
    );
    finds(
        "APPENDS on an import",
        b"cnumpy\ndtype\n(K\x01e.",
        Verdict::Dangerous,
        "changes-import",
    );
    let ufunc =
        b"\x80\x04cnumpy.core\n_ufunc_reconstruct\n\x8c\x02os\x8c\x06system\x86R\x8c\x04true\x85R.";
    dangerous("by NumPy's import", ufunc, "os.system", Use::Called);
    let call = b"ccollections\nOrderedDict\n)R)R.";
    finds("calls a result", call, Verdict::Suspicious, "computed-call");
    finds(
        "builds of a result",
        b"\x80\x02N)\x81.",
        Verdict::Suspicious,
        "computed-call",
    );
}

#[test]
fn paths_of_attributes_are_resolved() {
    for (module, name) in [
        ("numpy", "f2py.crackfortran.getlincoef"),
        ("builtins", "print.__class__.__base__.__subclasses__"),
        ("random", "_os.system"),
        ("sklearn.utils", "os.system"),
        ("collections", "OrderedDict.__init__.__globals__"),
        ("torch", "hub.load"),
        ("joblib.numpy_pickle", "NumpyArrayWrapper.__reduce__"),
    ] {
        let bytes = join(&[
            b"\x80\x04c",
            module.as_bytes(),
            b"\n",
            name.as_bytes(),
            b"\n)R.",
        ]);
        dangerous(name, &bytes, &format!("{module}.{name}"), Use::Called);
    }
}

#[test]
fn odd_streams_are_named() {
    use Verdict::{CannotTell, Dangerous, Safe, Suspicious};
    finds(
        "EXT1",
        b"\x80\x02\x82\x01.",
        Suspicious,
        "extension-registry",
    );
    finds(
        "EXT2",
        b"\x80\x02\x83\x01\x02.",
        Suspicious,
        "extension-registry",
    );
    finds(
        "EXT4",
        b"\x80\x02\x84\x01\x02\0\0.",
        Suspicious,
        "extension-registry",
    );
    finds("PERSID", b"Pmodel\n.", Suspicious, "persistent-id");
    finds("BINPERSID", b"\x80\x02K\x01Q.", Suspicious, "persistent-id");
    finds(
        "cut off",
        b"\x80\x02}(X\x05\0\0\0na",
        CannotTell,
        "truncated",
    );
    finds(
        "unknown operation",
        b"\x80\x02}\xff.",
        CannotTell,
        "unknown-operation",
    );
    finds("protocol 6", b"\x80\x02\x80\x06N.", CannotTell, "protocol");
    finds("underflow", b"\x80\x02N00N.", Suspicious, "stack-underflow");
    finds("mark missing", b"\x80\x02t.", Suspicious, "stack-underflow");
    finds(
        "behind the end",
        b"\x80\x02N.garbage",
        Safe,
        "trailing-bytes",
    );
    let hidden = join(&[b"\x80\x02N.garbage", PAYLOAD]);
    finds("named behind the end", &hidden, Dangerous, "hidden-import");
    let hidden = b"\x80\x02N.xx\x8c\x02os\x94\x8c\x06system\x94\x93";
    finds("named behind the end", hidden, Dangerous, "hidden-import");
    dangerous(
        "a second pickle",
        &join(&[b"\x80\x02N.\x80\x02", PAYLOAD]),
        "os.system",
        Use::Called,
    );
    let broken = join(&[&PAYLOAD[..PAYLOAD.len() - 1], b"\xff\xff"]);
    dangerous("broken after the call", &broken, "os.system", Use::Called);
    let broken = join(&[b"\x80\x02\xfe\xfe\x80\x02", PAYLOAD]);
    dangerous("broken before the call", &broken, "os.system", Use::Called);
    let unknown = look(b"cmine\nThing\n)R.");
    assert_eq!(unknown.verdict, Suspicious);
    assert_eq!(
        unknown.reasons,
        ["calls 'mine.Thing': not on the list of what model libraries write"]
    );
}

#[test]
fn growing_containers_are_found_and_shared_ones_are_not() {
    let mut laughs = b"\x80\x02]".to_vec();
    for _ in 0..40 {
        laughs.extend(b"q\x00](h\x00h\x00h\x00h\x00e");
    }
    laughs.push(b'.');
    // Position 0 is written again each time, so the memo is named, too.
    finds(
        "lists of lists",
        &laughs,
        Verdict::Suspicious,
        "exponential-growth",
    );
    let mut tuples = b"\x80\x04)\x94".to_vec();
    for level in 0..60 {
        tuples.extend([b'h', level, b'h', level, 0x86, 0x94]);
    }
    tuples.push(b'.');
    finds(
        "pairs of pairs",
        &tuples,
        Verdict::Suspicious,
        "exponential-growth",
    );
    let mut shared = b"\x80\x02](K\x01K\x02K\x03eq\x00](".to_vec();
    shared.extend(b"h\x00".repeat(5000));
    shared.extend(b"e.");
    assert_eq!(look(&shared).verdict, Verdict::Safe);
}

#[test]
fn limits_end_a_walk() {
    let limits = ScanLimits {
        n_steps: 100,
        n_values: 50,
        ..ScanLimits::default()
    };
    let long = scan_bytes(&join(&[b"\x80\x02", &b"N0".repeat(200), b"."]), &limits);
    assert_eq!(long.verdict, Verdict::CannotTell);
    let full = scan_bytes(&join(&[b"\x80\x02", &b"N".repeat(60), b"."]), &limits);
    assert_eq!(full.verdict, Verdict::CannotTell);
    let many = join(&[b"\x80\x02(", &b"(".repeat(1_000_000), b"."]);
    assert_ne!(look(&many).verdict, Verdict::Dangerous);
}

#[test]
fn joblib_arrays_hide_nothing() {
    let benign = joblib(4, b"\x01\x02\x03\x04.");
    let scan = look(&benign);
    assert_eq!(scan.kind.to_string(), "joblib");
    assert_eq!(scan.verdict, Verdict::Safe, "{scan:#?}");
    // joblib skips what plain pickle.load would run.
    let length = u8::try_from(PAYLOAD.len()).unwrap();
    let in_array = joblib(length, &join(&[PAYLOAD, b"."]));
    dangerous(
        "operations in an array",
        &in_array,
        "os.system",
        Use::Called,
    );
    finds(
        "operations in an array",
        &in_array,
        Verdict::Dangerous,
        "array-is-code",
    );
    // joblib runs what stands behind the array.
    let behind = joblib(4, &join(&[b"\x01\x02\x03\x04", PAYLOAD]));
    dangerous(
        "operations behind an array",
        &behind,
        "os.system",
        Use::Called,
    );
    finds(
        "cut off in an array",
        &joblib(40, b"\x01\x02"),
        Verdict::CannotTell,
        "truncated",
    );
    // The frame goes on after the wrapper: joblib runs the rest of it before it reads the array.
    let mut framed = joblib(4, &join(&[PAYLOAD, b"\x01\x02\x03\x04."]));
    let n_frame = framed.len() - 2 - 6;
    let head = join(&[b"\x95", &(n_frame as u64).to_le_bytes()]);
    framed.splice(2..2, head);
    dangerous("operations in the frame", &framed, "os.system", Use::Called);
    finds(
        "operations in the frame",
        &framed,
        Verdict::Dangerous,
        "array-in-frame",
    );
    let objects = |bytes: &[u8]| {
        let with = joblib(1, bytes);
        let at = with.windows(2).position(|two| two == b"u1").unwrap();
        let mut with = with;
        with[at] = b'O';
        with
    };
    dangerous(
        "an array of objects",
        &objects(&join(&[b"\x80\x02", PAYLOAD, b"."])),
        "os.system",
        Use::Called,
    );
    let lost = b"\x80\x04\x8c\x13joblib.numpy_pickle\x8c\x11NumpyArrayWrapper\x93)\x81}b\x01\x02.";
    finds("without a size", lost, Verdict::CannotTell, "array-size");
    let old = b"cjoblib.numpy_pickle\nNDArrayWrapper\n)\x81.";
    assert_eq!(look(old).verdict, Verdict::Dangerous);
}

#[test]
fn sizes_of_arrays_are_those_of_the_reader_or_unknown() {
    // Each of these would make a reader that takes the type or the state at its word skip too much.
    let with = |from: &str, to: &[u8]| {
        let bytes = joblib(4, b"\x01\x02\x03\x04.");
        let from = from.as_bytes();
        let at = bytes
            .windows(from.len())
            .position(|part| part == from)
            .unwrap();
        join(&[&bytes[..at], to, &bytes[at + from.len()..]])
    };
    let unsure = |what: &str, bytes: &[u8]| {
        assert_eq!(
            look(bytes).verdict,
            Verdict::CannotTell,
            "{what}: {:#?}",
            look(bytes)
        );
    };
    unsure("a record as text", &with("\x02u1", b"\x05u1,u1"));
    unsure("a size in another state", &with("ub\x01", b"u}\x86b\x01"));
    unsure("no number", &with("K\x04", b"G\x40\x10\0\0\0\0\0\0"));
    let mut many = b"\x8c\x01aN".repeat(8);
    many.extend(b"\x8c\x05shapeK\x01\x85ub\x01");
    unsure("a later pair", &with("ub\x01", &many));
    unsure(
        "aligned by truth",
        &with("ub\x01", b"\x8c\x1bnumpy_array_alignment_bytes\x88ub\x40"),
    );
    assert_eq!(
        look(&with("ub\x01", b"\x8c\x05shapeK\x04\x85ub\x01")).verdict,
        Verdict::Safe
    );
}
