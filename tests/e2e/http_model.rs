//! Models behind HTTP, against a small server of our own on loopback.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::harness::{Project, check_in};

/// Answers requests: path, authorization and body in; status and text out.
type Answer = dyn Fn(&str, &str, &Value) -> (u16, String) + Send + Sync;

/// Serves until the test's process ends; gives the port.
fn server(answer: impl Fn(&str, &str, &Value) -> (u16, String) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer: Arc<Answer> = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || serve(&stream, &*answer));
        }
    });
    port
}

/// One connection, kept open as clients like it.
fn serve(mut stream: &TcpStream, answer: &Answer) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let (mut length, mut authorization) = (0, String::new());
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).unwrap();
            let Some((name, value)) = header.trim().split_once(':') else {
                break;
            };
            match name.to_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap(),
                "authorization" => value.trim().clone_into(&mut authorization),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let (status, text) = answer(&path, &authorization, &body);
        let head = format!(
            "HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nLocation: /elsewhere\r\nContent-Length: {}\r\n\r\n",
            text.len()
        );
        if stream.write_all((head + &text).as_bytes()).is_err() {
            return;
        }
    }
}

fn logistic(size: f64) -> f64 {
    1.0 / (1.0 + (-size / 10.0).exp())
}

/// The Open Inference Protocol, one tensor per column.
fn open_inference(path: &str, body: &Value) -> (u16, String) {
    if path == "/v2/models/credit" {
        let input = |name, kind| json!({"name": name, "datatype": kind, "shape": [-1, 1]});
        let inputs = [input("town", "BYTES"), input("size", "FP64")];
        return (200, json!({"name": "credit", "inputs": inputs}).to_string());
    }
    let size = body["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|input| input["name"] == "size");
    let size = size.unwrap()["data"].as_array().unwrap();
    let pairs = size.iter().flat_map(|size| {
        let positive = logistic(size.as_f64().unwrap());
        [1.0 - positive, positive]
    });
    let labels: Vec<&str> = size.iter().map(|_| "1").collect();
    let outputs = json!([
        {"name": "label", "datatype": "BYTES", "shape": [size.len()], "data": labels},
        {"name": "probabilities", "datatype": "FP64", "shape": [size.len(), 2], "data": pairs.collect::<Vec<f64>>()},
    ]);
    (200, json!({"outputs": outputs}).to_string())
}

/// `MLflow`'s protocol.
fn invocations(body: &Value) -> (u16, String) {
    let frame = &body["dataframe_split"];
    let columns = frame["columns"].as_array().unwrap();
    let place = columns.iter().position(|name| name == "size").unwrap();
    let rows = frame["data"].as_array().unwrap();
    let predictions: Vec<f64> = rows
        .iter()
        .map(|row| logistic(row[place].as_f64().unwrap()))
        .collect();
    (200, json!({"predictions": predictions}).to_string())
}

/// A project whose model lies at this address.
fn project(url: &str, more: &str) -> Project {
    let project = Project::of_sizes();
    let toml = format!(
        "[project]\nname = \"http\"\ntask = \"binary\"\ntarget = \"y\"\npositive = \"1\"\n\
         [data]\ntrain = \"train.csv\"\ntest = \"test.csv\"\n[columns.town]\nsensitive = true\n\
         [model]\nformat = \"http\"\nurl = \"{url}\"\ntimeout = \"1s\"\nbatch = 50\n{more}"
    );
    project.save("interlock.toml", &toml);
    project
}

#[track_caller]
fn assert_asked(url: &str) {
    let project = project(url, "");
    let refused = project.run(&["check", "--format", "json"]).json();
    let reason = check_in(&refused, "bias.equalized-odds")["reason"].to_string();
    assert!(
        reason.contains("waits for your consent to send rows to"),
        "{reason}"
    );
    let report = project
        .run(&["check", "--format", "json", "--trust"])
        .json();
    assert_eq!(report["model"]["format"], "http", "{:#}", report["model"]);
    // The model decides as the target does.
    let check = check_in(&report, "bias.equalized-odds");
    assert_eq!(check["verdict"], "pass", "{check:#}");
    let values = check_in(&report, "shap.values")["summary"].to_string();
    assert!(values.contains("'size' moves"), "{values}");
}

#[test]
fn the_open_inference_protocol_is_spoken() {
    let port = server(|path, _, body| open_inference(path, body));
    assert_asked(&format!("http://127.0.0.1:{port}/v2/models/credit"));
}

#[test]
fn mlflow_invocations_are_spoken() {
    let port = server(|_, _, body| invocations(body));
    assert_asked(&format!("http://127.0.0.1:{port}/invocations"));
}

#[test]
fn a_busy_server_is_asked_again() {
    let n_asked = AtomicUsize::new(0);
    let port = server(move |_, _, body| {
        if n_asked.fetch_add(1, Ordering::Relaxed) < 2 {
            (503, "busy".to_owned())
        } else {
            invocations(body)
        }
    });
    assert_asked(&format!("http://127.0.0.1:{port}/invocations"));
}

/// What is said where the model cannot be asked.
#[track_caller]
fn assert_told(url: &str, more: &str, words: &str) {
    let project = project(url, more);
    let run = project.run(&["check", "--format", "json", "--trust"]);
    let report = run.json();
    let check = check_in(&report, "shap.values");
    let reason = check["reason"].as_str().unwrap_or_default();
    assert!(reason.contains(words), "'{words}' is not in: {check:#}");
    assert!(!reason.contains('\n'), "one sentence: {reason}");
    assert_eq!(run.code(), 3, "a model that was not asked is no pass");
}

#[test]
fn whatever_goes_wrong_is_told() {
    let address = |port: u16| format!("http://127.0.0.1:{port}/invocations");
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    assert_told(&address(closed), "", "3 attempts");
    let broken = server(|_, _, _| (500, "division by zero".to_owned()));
    assert_told(&address(broken), "", "answered 500: division by zero");
    let garbled = server(|_, _, _| (200, "<html>".to_owned()));
    assert_told(&address(garbled), "", "answered no JSON");
    let labels = server(|_, _, _| (200, json!({"predictions": vec!["yes"; 50]}).to_string()));
    assert_told(&address(labels), "", "serve probabilities, not labels");
    let short = server(|_, _, _| (200, json!({"predictions": [0.5]}).to_string()));
    assert_told(&address(short), "", "predicted 1 of 50 rows");
    let moved = server(|_, _, _| (302, String::new()));
    assert_told(&address(moved), "", "answered 302");
    let silent = server(|_, _, _| {
        loop {
            std::thread::park();
        }
    });
    assert_told(&address(silent), "", "timeout");
    let metadata = server(|_, _, _| (200, json!({"inputs": []}).to_string()));
    let url = format!("http://127.0.0.1:{metadata}/v2/models/credit");
    assert_told(&url, "", "lists no inputs");
    assert_told(
        &address(closed),
        "secrets = { Authorization = \"INTERLOCK_TEST_NO_SUCH_VARIABLE\" }\n",
        "'INTERLOCK_TEST_NO_SUCH_VARIABLE' for the header 'Authorization' is not set",
    );
}

#[test]
fn secrets_come_from_the_environment() {
    let port = server(|_, authorization, body| {
        if authorization == "/bin" || authorization.contains("/bin") {
            invocations(body)
        } else {
            (401, "who are you?".to_owned())
        }
    });
    // PATH is the one variable the test's environment is sure to hold.
    let url = format!("http://127.0.0.1:{port}/invocations");
    let project = project(&url, "secrets = { Authorization = \"PATH\" }\n");
    let report = project
        .run(&["check", "--format", "json", "--trust"])
        .json();
    assert_eq!(check_in(&report, "bias.equalized-odds")["verdict"], "pass");
    assert!(!project.read("interlock.toml").contains("/bin"));
}

#[test]
fn https_says_that_it_cannot_be_asked() {
    let project = project("https://example.org/invocations", "");
    let run = project.run(&["check"]);
    assert_eq!(run.code(), 3);
    assert!(run.stderr().contains("without TLS"), "{}", run.stderr());
}
